package measure

import "slices"

const (
	// Resamples is the number of resamples behind an interval.
	Resamples = 1000
	// seed keys the random sources: of the bootstrap as it is, of NAB's splits with their number.
	seed = 20261123
)

// bootstrap draws n of n series with replacement Resamples times and calls figures with how often each was drawn; it gives one interval per
// figure, by key. An end is the 2.5 % or the 97.5 % quantile of the resamples in which the figure exists. A figure that exists in none has no
// interval, and one series alone says nothing of others: no figure has an interval then.
func bootstrap(n int, keys []string, figures func(weights []int) []Number) map[string]Interval {
	intervals := make(map[string]Interval, len(keys))
	if n < 2 {
		return intervals
	}
	drawn := make([][]float64, len(keys))
	random := counter{key: mix(seed)}
	weights := make([]int, n)
	for range Resamples {
		clear(weights)
		for range n {
			weights[random.below(n)]++
		}
		for k, v := range figures(weights) {
			if v.Exists() {
				drawn[k] = append(drawn[k], float64(v))
			}
		}
	}
	for k, key := range keys {
		if len(drawn[k]) > 0 {
			slices.Sort(drawn[k])
			intervals[key] = Interval{float64(quantile(drawn[k], 0.025)), float64(quantile(drawn[k], 0.975))}
		}
	}
	return intervals
}
