package corpus

import (
	"slices"
	"time"
)

// niceSteps are the distances that people sample at.
var niceSteps = []time.Duration{
	time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute,
	5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// stepOf is the distance of sorted times, at least 1: the most frequent one, the smallest of several, if a quarter of all
// distances are that one; else the median, rounded to a usual step within a tenth of it. Equal times have no distance; fewer
// than two times are a minute apart.
func stepOf(ts []int64) int64 {
	var d []int64
	for i := 1; i < len(ts); i++ {
		if ts[i] != ts[i-1] {
			d = append(d, ts[i]-ts[i-1])
		}
	}
	if len(d) == 0 {
		return time.Minute.Milliseconds()
	}
	slices.Sort(d)
	var best int64
	most := 0
	for i := 0; i < len(d); {
		j := i
		for j < len(d) && d[j] == d[i] {
			j++
		}
		if j-i > most {
			best, most = d[i], j-i
		}
		i = j
	}
	if 4*most >= len(d) {
		return best
	}
	median := d[len(d)/2]
	for _, nice := range niceSteps {
		if n := nice.Milliseconds(); 10*max(median-n, n-median) <= n {
			return n
		}
	}
	if median > 1000 {
		median = (median + 500) / 1000 * 1000
	}
	return median
}
