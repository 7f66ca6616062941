package simfleet

import (
	"context"
	"testing"
	"time"
)

func fillDays(b *testing.B, days int) int {
	f, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	from := f.Start()
	w, err := Open(context.Background(), "", f, from, from+int64(days)*24*time.Hour.Milliseconds())
	if err != nil {
		b.Fatal(err)
	}
	n := f.slots
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkFill fills an embedded TSDB with one day of the fleet.
func BenchmarkFill(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		fillDays(b, 1)
	}
}

func TestFifteenDays(t *testing.T) {
	start := time.Now()
	f, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := Open(context.Background(), "", f, f.Start(), f.FaultStart())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(start), f.slots, len(f.targets))
	n := 0
	for _, tg := range f.targets {
		n += len(tg.cells) + 1
	}
	t.Log("alive", n)
	if err := w.AdvanceTo(context.Background(), f.FaultStart()+7*24*3600*1000); err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(start))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
