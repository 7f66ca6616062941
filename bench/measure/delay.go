package measure

import (
	"math"
	"slices"
)

// delay is, over the found events, the distance from an event's start to the first alarmed point of its interval, in points and in seconds
// (points × Step). An alarm that stands already when the event begins has delay 0.
func delay(series []*Series) Delay {
	var points, seconds []float64
	for _, s := range series {
		l := s.layout()
		for e, v := range l.events {
			if i := l.firstAlarm(s, e); i >= 0 {
				points = append(points, float64(i-v.from))
				seconds = append(seconds, float64(i-v.from)*float64(s.Step)/1000)
			}
		}
	}
	slices.Sort(points)
	slices.Sort(seconds)
	return Delay{
		Found:        len(points),
		MedianPoints: median(points), P95Points: quantile(points, 0.95),
		MedianSeconds: median(seconds), P95Seconds: quantile(seconds, 0.95),
	}
}

// median of sorted values is the middle one, or the mean of the middle two; none of none.
func median(sorted []float64) Number {
	n := len(sorted)
	if n == 0 {
		return None()
	}
	return Number((sorted[(n-1)/2] + sorted[n/2]) / 2)
}

// quantile of n sorted values is that of rank ceil(q·n), so one that occurs; none of none.
func quantile(sorted []float64, q float64) Number {
	n := len(sorted)
	if n == 0 {
		return None()
	}
	rank := int(math.Ceil(q * float64(n)))
	return Number(sorted[min(max(rank, 1), n)-1])
}
