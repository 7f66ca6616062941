package baseline

import (
	"math"
	"testing"
)

func judgeOf[T judge](t *testing.T, s Spec) T {
	t.Helper()
	return newDriver(t, s, 1).m.(*rows).rows[0].judge.(T)
}

// TestWindowsAndLags holds the spans of the sources, in five-minute points.
func TestWindowsAndLags(t *testing.T) {
	a, r := judgeOf[*adaptive](t, adaptiveSpec), judgeOf[*robust](t, robustSpec)
	for _, c := range []struct {
		what      string
		got, want int
	}{
		{"adaptive: 1h", len(a.hour.values), 12},
		{"adaptive: 26h", len(a.spread.values), 312},
		{"adaptive: offset 23h30m", a.past.lags[0], 282},
		{"adaptive: offset 167h30m", a.past.lags[1], 2010},
		{"robust: 1d", len(r.day.last.values), 288},
		{"robust: 1d of distances", len(r.distances.last.values), 288},
		{"robust: 1h", len(r.hour.last.values), 12},
		{"robust: 1h of distances", len(r.hourDistances.last.values), 12},
		{"robust: offset 23h45m", r.past.lags[0], 285},
		{"robust: offset 167h45m", r.past.lags[1], 2013},
		{"seasonal naive: 1d", len(judgeOf[*seasonalNaive](t, seasonalNaiveSpec).past.values), 288},
		{"3sigma: 1d", len(judgeOf[*threeSigma](t, threeSigmaSpec).window.values), 288},
		{"mad: 1d", len(judgeOf[*mad](t, madSpec).order.last.values), 288},
		{"kmeans: at least 900", judgeOf[*kmeans](t, kmeansSpec).size, 900},
	} {
		if c.got != c.want {
			t.Errorf("%s is %d points, want %d", c.what, c.got, c.want)
		}
	}
	e := judgeOf[*ewma](t, ewmaSpec)
	near(t, "ewma: weight over 1h", e.fast, 2./13)
	near(t, "ewma: weight over 1d", e.slow, 2./289)
}

func TestMarginIsTheLeastBand(t *testing.T) {
	b := newBand(8)
	b.widen(7, 9)
	b.widen(math.NaN(), 100)
	near(t, "score of 10", b.of(10), 0.5)
	near(t, "score of 2", b.of(2), 1.5)
	b.widen(0, 8)
	near(t, "score of 2 in a wider band", b.of(2), 0.75)
	flat := newBand(0)
	near(t, "score in a band without a width", flat.of(0), 0)
	near(t, "score outside of one", flat.of(-1), most)
}

func TestKMeansTrainsEveryHalfWindow(t *testing.T) {
	k := judgeOf[*kmeans](t, kmeansSpec)
	trained := map[int]int{907: 0, 908: 1, 1357: 1, 1358: 2, 908 + 450*17: 18, 908 + 450*20: 21}
	for n := 1; n <= 908+450*20; n++ {
		k.learn(0, metric(int64(n), 1)[0])
		if want, ok := trained[n]; ok && k.trained != want {
			t.Errorf("after %d values %d models were trained, want %d", n, k.trained, want)
		}
	}
	if k.models[2] == k.models[3] || k.models[17].span == 0 {
		t.Error("the ring of models is not full of different ones")
	}
	if got := k.score(0, 1000); got == 0 || got == most {
		t.Errorf("a spike has score %g, want it between 0 and the most", got)
	}
}

func TestForestIsRenewedOverAWeek(t *testing.T) {
	f := judgeOf[*forest](t, forestSpec)
	for n := range 2*aDay + 7*aDay {
		f.learn(0, metric(int64(n), 1)[0])
	}
	before := f.trees
	for i := range before {
		before[i].splits = append([]split(nil), f.trees[i].splits...)
	}
	renewed := func() (n int) {
		for i := range before {
			if before[i].splits[0] != f.trees[i].splits[0] {
				n++
			}
		}
		return n
	}
	for n := range 7 * aDay / 2 {
		f.learn(0, metric(int64(n), 1)[0])
	}
	if got := renewed(); got < 49 || got > 51 {
		t.Errorf("%d trees are new after half a week, want about 50", got)
	}
	for n := range 7 * aDay / 2 {
		f.learn(0, metric(int64(n), 1)[0])
	}
	if got := renewed(); got != 100 {
		t.Errorf("%d trees are new after a week, want 100", got)
	}
}
