package app

import (
	"testing"
	"time"
)

func TestPiecesHoldNoMorePointsThanAsked(t *testing.T) {
	const most = 4 << 20
	from, to := origin, origin+2*day
	for _, series := range []int{0, 1, 1000, 50_000, 10_000_000} {
		next := from
		for _, p := range piecesOf(most, from, to, time.Minute, series) {
			if p[0] != next || p[1] < p[0] {
				t.Fatalf("%d series: stretch %v does not follow %d", series, p, next)
			}
			n := (p[1]-p[0])/minute + 1
			if n*minute > day || n > 1 && n*int64(series) > most {
				t.Errorf("%d series: a stretch of %d points each", series, n)
			}
			next = p[1] + minute
		}
		if next != to+minute {
			t.Errorf("%d series: the stretches end before %d", series, next)
		}
	}
}
