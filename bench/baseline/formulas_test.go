package baseline

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/models"
)

func learnAll(j judge, values ...float64) {
	for k, x := range values {
		j.learn(int64(k), x)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
		t.Errorf("%s is %.15g, want %.15g", what, got, want)
	}
}

func TestThreeSigma(t *testing.T) {
	s := &threeSigma{window: newWindow(4)}
	learnAll(s, 99, 2, 4, math.NaN(), 6)
	// the window is 2, 4, 6: mean 4, variance 8/3
	s.floor = floor{}
	near(t, "score of 9", s.score(0, 9), 5/math.Sqrt(8./3))
	near(t, "score of -1", s.score(0, -1), 5/math.Sqrt(8./3))
	near(t, "score of 4", s.score(0, 4), 0)
}

func TestFloor(t *testing.T) {
	s := &threeSigma{window: newWindow(2)}
	learnAll(s, 0, 4, 4, 4)
	// windows 0 | 0 4 | 4 4 | 4 4: deviations 0, 2, 0, 0, mean 1/2; half of it is 1/4
	near(t, "score of 5", s.score(0, 5), 4)
	flat := &threeSigma{window: newWindow(2)}
	learnAll(flat, 7, 7, 7)
	near(t, "score of the first move ever", flat.score(0, 8), most)
	near(t, "score of no move", flat.score(0, 7), 0)
}

func TestEWMA(t *testing.T) {
	e := &ewma{fast: weight(3), slow: weight(7), mean: math.NaN()} // 1/2 and 1/4
	learnAll(e, 10, 14, math.NaN(), 12, 12)
	// 14: residual 4, variance 16, mean 12; 12: residual 0, weight 1/2, variance 8; 12: weight 1/3, variance 16/3
	near(t, "score of 16", e.score(0, 16), 4/math.Sqrt(16./3))
}

func TestLastValue(t *testing.T) {
	l := &lastValue{last: math.NaN(), changes: newWindow(10)}
	learnAll(l, 1, 3, math.NaN(), 2)
	// changes 2 and -1: mean 1/2, deviation 3/2
	near(t, "score of 5", l.score(0, 5), 2)
	near(t, "score of 2", l.score(0, 2), 0)
}

func TestMAD(t *testing.T) {
	m := &mad{order: newSorted(5), window: newWindow(5)}
	learnAll(m, 55, 1, 4, 2, 3, 8)
	m.floor = floor{}
	// the window is 1 4 2 3 8: median 3, distances 2 1 1 0 5, their median 1
	near(t, "score of 7", m.score(0, 7), 4/normalMAD)
}

func TestSeasonalNaive(t *testing.T) {
	s := &seasonalNaive{past: newRing(2), squares: newWindow(2)}
	learnAll(s, 10, 20, 13, 24)
	// distances 3 and 4: root mean square of 9 and 16; the next point's past is 13
	s.floor = floor{}
	near(t, "score of 18", s.score(0, 18), 5/math.Sqrt(12.5))
}

func TestAdaptiveRule(t *testing.T) {
	a := &adaptive{hour: newWindow(2), spread: newWindow(3), past: newLookBack(2, 4)}
	learnAll(a, 1, 9, 0, 8, 4)
	// hours:      1 | 1 9 | 9 (0 is not selected) | 8 | 8 4; means 1 5 9 8 6; deviations 0 4 0 0 2
	// above half the mean: only the 4 of the second, which has left the three points of the spread when the next is there
	// (deviations of the last two and of the next); recorded bands, means ± 2 deviations: [1 1] [-3 13] [9 9] [8 8] [2 10]
	// next 6: hour 4 6, mean 5, deviation 1 (not above 2.5); margin [2.5 7.5]; two back: [8 8], four back: [-3 13]; lower 0
	b := a.band(6)
	near(t, "middle", b.mid, 5)
	near(t, "lower", b.lower, 0)
	near(t, "upper", b.upper, 13)
	near(t, "score of 6", a.score(0, 6), 1./8)
	// next 40: hour 4 40, mean 22, deviation 18, above 11; spread 18; 22 ± 36 and margin 22 ± 11; upper 58
	near(t, "score of 40", a.score(0, 40), 18./36)
	near(t, "score of 0, which is not selected", a.score(0, 0), 0)
}

func TestAdaptiveRuleOfSignedMetrics(t *testing.T) {
	a := &adaptive{hour: newWindow(2), spread: newWindow(3), past: newLookBack(1, 2)}
	learnAll(a, -4)
	// next 0: hour -4 0, mean -2, deviation 2, above 1; -2 ± 4; margin -2 ± 1; one back: [-4 -4]
	b := a.band(0)
	near(t, "lower", b.lower, -6)
	near(t, "upper", b.upper, 2)
	near(t, "score of 0", a.score(0, 0), 0.5)
}

func TestRobustRule(t *testing.T) {
	r := &robust{day: newSorted(4), distances: newSorted(4), hour: newSorted(2), hourDistances: newSorted(2), past: newLookBack(1, 3)}
	learnAll(r, 10, 20, 30)
	// day's medians 10 15 20, distances from them 0 5 10; hour's medians 10 15 25, distances 0 5 5, their medians 0 2.5 5
	// recorded bands: [10 10] [10 20] [15 35]
	// next 90: day 10 20 30 90, median 25, distance 65; median of 0 5 10 65 is 7.5: 25 ± 15; margin 25 ± 12.5
	// one back [15 35], three back [10 10]: lower 10, upper 40; level median of 30 90: 60
	b := r.band(90)
	near(t, "lower", b.lower, 10)
	near(t, "middle", b.mid, 25)
	near(t, "upper", b.upper, 40)
	near(t, "score of 90", r.score(0, 90), 35./15)
}

func TestKMeansOfTwoGroups(t *testing.T) {
	k := &kmeans{size: 8}
	low, high := feature{}, feature{6, 6, 6, 6, 6, 6}
	k.history = []feature{low, {1}, low, high, {7, 6, 6, 6, 6, 6}, high, low, {1}}
	c := k.train()
	// centres: 0.4 and 6 + 1/3 in the first of six features, 0 and 6 in the others
	near(t, "first centre", c.centres[0][0], 0.4)
	near(t, "second centre", c.centres[1][0], 6+1./3)
	mean := func(x, rest float64) float64 {
		a := math.Sqrt((x-0.4)*(x-0.4) + 5*rest*rest)
		b := math.Sqrt((x-6-1./3)*(x-6-1./3) + 5*(rest-6)*(rest-6))
		return (a + b) / 2
	}
	distances := []float64{mean(0, 0), mean(1, 0), mean(6, 6), mean(7, 6)}
	least, largest := slices.Min(distances), slices.Max(distances)
	far := feature{20, 20, 20, 20, 20, 20}
	near(t, "score", c.score(&far), (mean(20, 20)-least)/(largest-least))
	one := clusters{}
	near(t, "score where training saw one distance only", one.score(&far), 0)
}

func TestKMeansFeatures(t *testing.T) {
	k := &kmeans{}
	copy(k.values[:], []float64{0, 1, 4, 9, 16, 25, 36, 49, 64})
	// with 81: differences 3 5 7 9 11 13 15 17, means of three 5 7 9 11 13 15
	if got := k.next(81); got != (feature{5, 7, 9, 11, 13, 15}) {
		t.Errorf("features are %v", got)
	}
}

func TestKMeansVotes(t *testing.T) {
	k := &kmeans{trained: 2}
	k.models[0] = clusters{span: 1}
	k.models[1] = clusters{span: 2}
	near(t, "score", k.score(0, 3), k.models[1].score(&feature{0, 0, 0, 0, 0, 1}))
	k.models[0].span = 0 // a model that saw one distance only never agrees
	near(t, "score beside a flat model", k.score(0, 3), 0)
}

func TestAveragePath(t *testing.T) {
	// c(n) = 2 H(n-1) - 2 (n-1)/n with H(i) ≈ ln i + γ; of 256: 2 (ln 255 + γ) - 2·255/256
	near(t, "c(256)", averagePath[256], 2*(5.541263545158426+0.5772156649015329)-1.9921875)
	near(t, "c(2)", averagePath[2], 1)
	near(t, "c(1)", averagePath[1], 0)
}

func TestTreeIsolates(t *testing.T) {
	of := make([][shingle]float64, forestSample)
	for i := range of[1:] {
		of[i][0] = float64(i % 2) // two kinds of value, and one apart
	}
	of[255] = [shingle]float64{1000}
	var t1 tree
	t1.grow(of, &counter{key: 1})
	apart, usual := [shingle]float64{1000}, [shingle]float64{}
	near(t, "path of the value apart", t1.path(&apart), 1)
	if got := t1.path(&usual); got < 2 {
		t.Errorf("path of a usual value is %g, want at least 2", got)
	}
	for i := range of {
		of[i] = [shingle]float64{}
	}
	t1.grow(of, &counter{key: 1})
	near(t, "path where all are equal", t1.path(&apart), averagePath[forestSample])
}

func TestChannels(t *testing.T) {
	c := models.Config{Rows: 3, Step: 6 * time.Hour}
	joint := func(s Spec) *joint {
		m, err := s.Model.New(c)
		if err != nil {
			t.Fatal(err)
		}
		return m.(*joint)
	}
	largest, sum := joint(channelMaxSpec).judge, joint(channelSumSpec).judge
	for _, j := range []jointJudge{largest, sum} {
		j.learn([]float64{1, 10, 5})
		j.learn([]float64{3, 50, math.NaN()})
	}
	// means 2, 30, 5; deviations 1, 20, none
	x := []float64{4, 170, math.NaN()}
	near(t, "largest", largest.score(x), 7)
	near(t, "mean of those at most 5", sum.score(x), (2+5)/2.)
	near(t, "first move of a channel", largest.score([]float64{2, 30, 6}), most)
}

// TestPCA has two channels that always move together, so that one component holds all, and a third on its own.
func TestPCA(t *testing.T) {
	m, err := pcaSpec.Model.New(models.Config{Rows: 3, Step: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	j := m.(*joint).judge
	p := j.(*pca)
	for k := range 32 {
		a, b := float64(1-2*(k%2)), float64(1-2*(k/2%2))
		j.learn([]float64{a, 10 + 5*a, b})
	}
	// two components, (1 1 0)/√2 and (0 0 1), hold everything: residuals of the fit are 0, so that their floor counts
	if len(p.components) != 2*3 {
		t.Fatalf("%d components were kept, want 2", len(p.components)/3)
	}
	// (2, 0, 9) standard deviations leave (1, -1, 0)
	s := p.fitted
	x := []float64{
		s[0].mean + 2*math.Sqrt(s[0].variance), s[1].mean, s[2].mean + 9*math.Sqrt(s[2].variance),
	}
	if got, want := j.score(x), math.Sqrt(2./3)/pcaLeast; math.Abs(got-want) > 0.05*want {
		t.Errorf("channels that part have score %g, want about %g", got, want)
	}
	if got := j.score([]float64{x[0], s[1].mean + 2*math.Sqrt(s[1].variance), x[2]}); got > 0.1 {
		t.Errorf("channels that move together have score %g, want about 0", got)
	}
}

func TestRandomIsUniform(t *testing.T) {
	r, sum := random{3}, 0.0
	const n = 10_000
	for k := range int64(n) {
		sum += r.score(k, 0)
	}
	if mean := sum / n; math.Abs(mean-0.5) > 4/math.Sqrt(12*n) {
		t.Errorf("mean is %g, want 0.5 within four standard errors", mean)
	}
}
