package alerting

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// The ledger is in order and counts what it holds, whatever is told, ends, is told again and is forgotten.
func TestLedgerKeepsOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	l, at := newLedger(), int64(0)
	for i := range maxTales + 2000 {
		at += rng.Int64N(2 * time.Minute.Milliseconds())
		in := &incident{key: fmt.Sprint("k", i), receiver: "r"}
		if rng.IntN(8) == 0 { // told again
			in.key = fmt.Sprint("k", rng.IntN(i+1))
		}
		l.book(in, at, map[string]int{fmt.Sprint("d", rng.IntN(3)): rng.IntN(3)})
		if rng.IntN(2) == 0 {
			l.end(&Notice{Key: in.key, Version: 1, Kind: KindIncident, Status: "resolved", At: at, GroupLabels: map[string]string{}, CommonLabels: map[string]string{}})
		}
	}
	at += LedgerRetention.Milliseconds() - 3*24*time.Hour.Milliseconds()
	l.book(&incident{key: "late"}, at, nil)
	by, judgeable := map[string]int{}, 0
	for key, x := range l.tales {
		if x.Key != key || !slices.Contains(l.order, x) || (x.Last != nil) != slices.Contains(l.ended, x) {
			t.Fatalf("%s is out of place", key)
		}
		if x.Last != nil {
			judgeable++
		}
		for name, n := range x.Detectors {
			if n > 0 {
				by[name]++
			}
		}
	}
	for name, n := range by {
		if l.by[name] != n {
			t.Errorf("%s: counted %d tales, there are %d", name, l.by[name], n)
		}
	}
	if len(l.order) != len(l.tales) || !slices.IsSortedFunc(l.order, older) || !slices.IsSortedFunc(l.ended, earlier) {
		t.Error("not in order")
	}
	if judgeable == 0 || judgeable > maxJudgeable || len(l.tales) < 100 || len(l.tales) > maxTales || l.forgotten == 0 {
		t.Errorf("%d tales, %d of them judgeable, %d forgotten", len(l.tales), judgeable, l.forgotten)
	}
	back := l.save().ledger()
	if !slices.Equal(back.order, l.order) || !slices.Equal(back.ended, l.ended) {
		t.Error("a saved ledger is another")
	}
}
