package corpus

import (
	"fmt"
	"slices"
	"time"
)

// mostPoints is the longest grid that is made of so many rows: nearly all of it may be gaps, but it has to fit into memory.
func mostPoints(rows, channels int) int64 { return 20*int64(rows) + 4_000_000/int64(channels) }

// fewRows is the share of rows that may be far off, one in so many, or one.
const fewRows = 100

// dropFarOff drops the few rows, if any, that are so far from the others that the grid would be too long: time stamps that are 0, or in another
// unit. They are bad rows.
func (t *table) dropFarOff() {
	ts := make([]int64, len(t.records))
	for i := range t.records {
		ts[i] = t.records[i].t
	}
	slices.Sort(ts)
	first, last, few := 0, len(ts), max(1, len(ts)/fewRows)
	for last-first > 1 && (ts[last-1]-ts[first])/stepOf(ts[first:last]) > mostPoints(last-first, len(t.values)) {
		gap := widest(ts[first:last]) + first
		switch {
		case gap-first <= few && gap-first <= last-gap:
			few -= gap - first
			first = gap
		case last-gap <= few:
			few -= last - gap
			last = gap
		default:
			return // not just a few: the grid will say so
		}
	}
	if first == 0 && last == len(ts) {
		return
	}
	from, to := ts[first], ts[last-1]
	t.records = slices.DeleteFunc(t.records, func(r record) bool {
		if from <= r.t && r.t <= to {
			return false
		}
		t.problem(r.line, "timestamp", fmt.Errorf("%q is far from the other rows, which are from %s to %s", r.stamp,
			time.UnixMilli(from).UTC().Format(time.RFC3339), time.UnixMilli(to).UTC().Format(time.RFC3339)))
		return true
	})
}

// widest is the index after the widest gap of two or more sorted times, the first of several.
func widest(ts []int64) int {
	at := 1
	for i := 2; i < len(ts); i++ {
		if ts[i]-ts[i-1] > ts[at]-ts[at-1] {
			at = i
		}
	}
	return at
}
