package ingest

import (
	"fmt"
	"hash/maphash"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
)

// wireLabels encodes labels as the Label fields of a series, in the order given: name, value, name, value.
func wireLabels(tb testing.TB, pairs ...string) []byte {
	tb.Helper()
	s := &prompb.TimeSeries{}
	for i := 0; i < len(pairs); i += 2 {
		s.Labels = append(s.Labels, prompb.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	b, err := s.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestInternerKeepsWhatIsUsed(t *testing.T) {
	in := newInterner([]string{"replica"})
	start := in.since
	used, unused := wireLabels(t, "__name__", "up", "replica", "a"), wireLabels(t, "__name__", "down")
	first, err := in.find(used)
	if err != nil {
		t.Fatal(err)
	}
	if !labels.Equal(first.full, labels.FromStrings("__name__", "up", "replica", "a")) || !labels.Equal(first.bare, labels.FromStrings("__name__", "up")) {
		t.Fatalf("%s, without %v %s", first.full, in.strip, first.bare)
	}
	if _, err := in.find(unused); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 3; i++ {
		in.age(start.Add(time.Duration(i) * keepNames))
		if again, err := in.find(used); err != nil || again != first {
			t.Fatalf("generation %d: %v, %v", i, again, err)
		}
	}
	if len(in.young) != 1 || len(in.old) != 1 {
		t.Errorf("%d and %d names kept, want the one that is used in both generations", len(in.young), len(in.old))
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = in.find(used) }); n != 0 {
		t.Errorf("%v allocations for a known series", n)
	}
}

// TestInternerTellsApart puts other labels under the hash of a series: it must never get them.
func TestInternerTellsApart(t *testing.T) {
	for name, other := range map[string][]byte{
		"other value":  wireLabels(t, "a", "1", "b", "3"),
		"longer value": wireLabels(t, "a", "1", "b", "22"),
		"other name":   wireLabels(t, "a", "1", "c", "2"),
		"fewer":        wireLabels(t, "a", "1"),
		"more":         wireLabels(t, "a", "1", "b", "2", "c", "3"),
		"other order":  wireLabels(t, "b", "2", "a", "1"),
		"none":         nil,
	} {
		in := newInterner(nil)
		wire := wireLabels(t, "a", "1", "b", "2")
		id, err := in.find(other)
		if err != nil {
			t.Fatal(err)
		}
		in.young[maphash.Bytes(nameSeed, wire)] = id
		if got, err := in.find(wire); err != nil || got.full.String() != `{a="1", b="2"}` {
			t.Errorf("%s: %v, %v", name, got.full, err)
		}
	}
}

// TestReadsShareLabels reads twice and looks whether the second read has the first one's strings, and gives the same rows.
func TestReadsShareLabels(t *testing.T) {
	ss := make([]memSeries, 50)
	for i := range ss {
		ss[i] = memSeries{lset: labels.FromStrings("__name__", "m", "i", fmt.Sprint(i), "replica", "a"), samples: []sample{{t: t0, v: float64(i)}}}
	}
	r := newTestRemote(t, RemoteConfig{URL: newFakeServer(t, ss...).URL, DropLabels: []string{"replica"}})
	for range 2 {
		b, err := r.Read(t.Context(), Query{Detector: "d", Expr: "m", From: t0, To: t0, Step: 60000})
		if err != nil || len(b.Rows) != 50 || b.Rows[0].Series.Labels.Has("replica") {
			t.Fatalf("%d rows, %v", len(b.Rows), err)
		}
	}
	in := r.names.of([]string{"replica"})
	if len(r.names.byStrip) != 1 || len(in.young) != 50 {
		t.Errorf("%d sets of removed labels, %d names", len(r.names.byStrip), len(in.young))
	}
}

// FuzzLabels feeds Label fields: no panic, errors are named, and what is found again, by whatever way, is what was decoded.
func FuzzLabels(f *testing.F) {
	f.Add(wireLabels(f, "__name__", "up", "replica", "a"), wireLabels(f, "__name__", "up", "replica", "b"))
	f.Add(wireLabels(f, "b", "1", "a", ""), wireLabels(f, "a", "", "b", "1"))
	f.Fuzz(func(t *testing.T, one, other []byte) {
		in := newInterner([]string{"replica"})
		a, err := in.find(one)
		if err != nil {
			checkNamed(t, err)
			return
		}
		again, err := in.find(one)
		if err != nil || !labels.Equal(a.full, again.full) || !labels.Equal(a.bare, again.bare) || a.bare.Has("replica") {
			t.Fatalf("%s, then %s, %v", a.full, again.full, err)
		}
		b, err := in.find(other)
		if err != nil {
			checkNamed(t, err)
			return
		}
		if sameLabels(other, a.full) && !labels.Equal(a.full, b.full) {
			t.Fatalf("the bytes of %s are taken for %s", b.full, a.full)
		}
		var n numbering
		if same := n.of(a) == n.of(b); same != labels.Equal(a.full, b.full) {
			t.Fatalf("%s and %s are one series: %v", a.full, b.full, same)
		}
	})
}
