package bench_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/bench"
	"github.com/tidewatch/tidewatch/models"
)

// TestLedgerAgreesWithTheHeap holds what is computed from the types against what the heap really grew by.
func TestLedgerAgreesWithTheHeap(t *testing.T) {
	const most, mostOwn = 14 << 10, 3200 // bytes a series, with and without the points for charts
	if testing.Short() {
		t.Skip("600 series of every kind")
	}
	for _, kind := range models.Kinds() {
		if spec, err := models.Lookup(kind); err != nil || spec.Joint {
			continue // the ledger is of series that are judged one by one
		}
		t.Run(kind, func(t *testing.T) {
			l, err := bench.MeasureLedger(kind, 600, false)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := l.Print(&out); err != nil {
				t.Fatal(err)
			}
			t.Log("\n" + out.String())
			if off := math.Abs(l.Sum-l.Measured) / l.Measured; off > 0.25 {
				t.Errorf("the ledger's sum is %.0f bytes a series, the heap grew by %.0f: %.0f %% apart", l.Sum, l.Measured, 100*off)
			}
			if l.Measured > most {
				t.Errorf("a series takes %.0f bytes, want at most %d", l.Measured, most)
			}
			if l.Own > mostOwn {
				t.Errorf("a series takes %.0f bytes of its own, want at most %d", l.Own, mostOwn)
			}
			for _, field := range []string{"model: tails", "model: profile", "points for charts; of a service, in files", "alarm: alarm", "alarm: series"} {
				if !strings.Contains(out.String(), field+"  ") {
					t.Errorf("the ledger has no line %q", field)
				}
			}
		})
	}
}

type leaf struct {
	a int64
	b byte
}

type tree struct {
	name   string
	leaves []leaf
	shared *leaf
	again  *leaf
	any    any
	counts map[int64]int64
}

func TestSizes(t *testing.T) {
	one := &leaf{a: 1, b: 2}
	v := &tree{name: strings.Repeat("x", 16), leaves: make([]leaf, 4), shared: one, again: one, any: int64(7), counts: map[int64]int64{1: 2, 3: 4}}
	got := bench.Sizes(v)
	for path, want := range map[string]int64{
		"name":         16 + 16, // header and content
		"leaves":       24,
		"leaves.a":     4 * 8,
		"leaves.b":     4,
		"shared":       8,
		"shared.a":     8, // what is shared counts once, where it is met first
		"again":        8,
		"again.a":      0,
		"any":          16 + 8,
		"counts":       8 + 48,
		"unknown.path": 0,
	} {
		if got[path] != want {
			t.Errorf("%s: %d bytes, want %d", path, got[path], want)
		}
	}
	if _, ok := got["again.a"]; ok {
		t.Error("a value that is reachable twice was counted twice")
	}
}
