package models_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the test must not depend on the machine's zones

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		c    models.Config
		want string
	}{
		{"rows", models.Config{Step: time.Minute}, "rows is 0"},
		{"step", models.Config{Rows: 1, Step: time.Millisecond}, "step is 1ms"},
		{"range", models.Config{Rows: 1, Step: time.Minute, Min: 2, Max: 1}, "range is [2, 1]"},
		{"season", models.Config{Rows: 1, Step: time.Minute, Seasons: []time.Duration{time.Minute}}, "season 1m0s is not known"},
		{"accept", models.Config{Rows: 1, Step: time.Minute, AcceptAfter: -1}, "accept_after is -1ns"},
	} {
		for _, kind := range models.Kinds() {
			spec, err := models.Lookup(kind)
			if err != nil {
				t.Fatal(err)
			}
			c.c.Kind = kind
			if _, err := spec.New(c.c); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: error is %v, want %q in it", kind, c.name, err, c.want)
			}
		}
	}
	if _, err := models.Lookup("prophecy"); err == nil || !strings.Contains(err.Error(), "combined, isolation, joint, peer, seasonal") {
		t.Errorf("error is %v, want the known kinds in it", err)
	}
}

// TestReadinessLadder checks when a model begins to speak and which seasons it uses as its history grows.
func TestReadinessLadder(t *testing.T) {
	r, s := newRunner(t, "seasonal", models.Config{}), source{5}
	seasons := func(day int) []string {
		at := int64(day*288) * gridStep.Milliseconds()
		return r.m.Explain(at, []float64{100}, 0, 3).Seasons
	}
	for k := range int64(30 * 288) {
		at := k * gridStep.Milliseconds()
		score := r.step(at, 100+30*dayShape(at)+2*s.normal())
		if ready := k >= 72; score.Ready != ready {
			t.Fatalf("point %d: ready is %v, want %v (6 h)", k, score.Ready, ready)
		}
		switch k {
		case 2*288 - 2:
			if got := seasons(2); slices.Contains(got, "1d") {
				t.Errorf("before two days the seasons are %v", got)
			}
		case 4 * 288:
			if got := seasons(4); !slices.Contains(got, "1d") {
				t.Errorf("after four days the seasons are %v, want the day", got)
			}
		case 14*288 - 2:
			if got := seasons(14); slices.Contains(got, "1w") {
				t.Errorf("before two weeks the seasons are %v", got)
			}
		case 15 * 288:
			if got := seasons(15); !slices.Contains(got, "1w") {
				t.Errorf("after 15 days the seasons are %v, want the week", got)
			}
		}
	}
	if got := seasons(30); !slices.Contains(got, "1w") || !slices.Contains(got, "1d") {
		t.Errorf("after 30 days the seasons are %v, want the day and the week", got)
	}
	e := r.m.Explain(30*288*gridStep.Milliseconds(), []float64{100}, 0, 3)
	if e.Terms[2].Name != "Saturday 00:00" { // 1970-01-31
		t.Errorf("the season's term is %q, want Saturday 00:00", e.Terms[2].Name)
	}
}

// TestNoSeasonIsImagined checks that noise shows no seasons, and that seasons which are switched off stay off.
func TestNoSeasonIsImagined(t *testing.T) {
	off := newRunner(t, "seasonal", models.Config{Seasons: []time.Duration{}})
	imagined := 0
	for seed := range uint64(10) {
		r, s := newRunner(t, "seasonal", models.Config{}), source{seed}
		for k := range int64(20 * 288) {
			at := k * gridStep.Milliseconds()
			r.step(at, s.normal())
			if seed == 0 {
				off.step(at, 100*dayShape(at)+s.normal())
			}
		}
		imagined += len(r.m.Explain(20*288*gridStep.Milliseconds(), []float64{0}, 0, 3).Seasons)
	}
	if imagined > 1 {
		t.Errorf("%d seasons were seen in ten series of noise", imagined)
	}
	if got := off.m.Explain(20*288*gridStep.Milliseconds(), []float64{0}, 0, 3).Seasons; len(got) != 0 {
		t.Errorf("seasons %v are in use where none are allowed", got)
	}
}

// TestSummerTime checks that a load which follows people moves with the clocks.
func TestSummerTime(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	change := time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)
	mean := map[string]float64{}
	for name, loc := range map[string]*time.Location{"local": berlin, "utc": time.UTC} {
		r, s := newRunner(t, "seasonal", models.Config{Location: loc}), source{9}
		n := 0.0
		for at := change.Add(-21 * 24 * time.Hour); at.Before(change.Add(24 * time.Hour)); at = at.Add(gridStep) {
			local := at.In(berlin)
			hour := float64(local.Hour()) + float64(local.Minute())/60
			x := 100 + 80*math.Exp(-(hour-9)*(hour-9)/2) + s.normal()
			r.step(at.UnixMilli(), x)
			if e := r.m.Explain(at.UnixMilli(), []float64{x}, 0, 3); at.After(change) {
				season := 0.0
				for _, term := range e.Terms {
					if term.Name != "recent" {
						season += term.Value
					}
				}
				mean[name] += math.Abs(x - season)
				n++
			}
		}
		mean[name] /= n
	}
	if mean["local"] > 0.7*mean["utc"] {
		t.Errorf("after the change of clocks level and season miss by %.1f in local time and %.1f in UTC", mean["local"], mean["utc"])
	}
}

// TestRangeClamps checks that expectation and band stay inside the metric's valid range.
func TestRangeClamps(t *testing.T) {
	r, s := newRunner(t, "combined", models.Config{Min: 0, Max: 1}), source{3}
	band := make([]tidewatch.Band, 1)
	for k := range int64(1500) {
		at := k * gridStep.Milliseconds()
		r.m.Band(at, 4, band)
		if b := band[0]; b.Lower < 0 || b.Upper > 1 || b.Mid < 0 || b.Mid > 1 {
			t.Fatalf("point %d: band is %+v", k, b)
		}
		r.step(at, min(1, math.Abs(0.02*s.normal())))
	}
}

// TestStepIsSeenAtOnce injects level shifts: 6 sigma is seen with its first point in the median and within 3 points in 19 of
// 20 cases, at a limit of once in a thousand points.
func TestStepIsSeenAtOnce(t *testing.T) {
	var delays []int
	for seed := range uint64(40) {
		r, s := newRunner(t, "combined", models.Config{}), source{seed}
		value := func(at int64) float64 {
			return 100 + 20*math.Sin(2*math.Pi*float64(at%86_400_000)/86_400_000) + s.normal()
		}
		k := int64(0)
		for ; k < int64(10*288+7*seed); k++ {
			at := k * gridStep.Milliseconds()
			r.step(at, value(at))
		}
		delay := 1
		for ; delay < 20; delay++ {
			at := k * gridStep.Milliseconds()
			if k++; r.step(at, value(at)+6).Surprise >= 3 {
				break
			}
		}
		delays = append(delays, delay)
	}
	slices.Sort(delays)
	t.Logf("points until a step of 6 sigma is seen: %v", delays)
	if delays[20] > 1 || delays[37] > 3 {
		t.Errorf("median %d, 95 %% %d points; want 1 and 3", delays[20], delays[37])
	}
}

// TestRowsAreIndependent checks that a group's rows are judged as if each were alone.
func TestRowsAreIndependent(t *testing.T) {
	spec, err := models.Lookup("combined")
	if err != nil {
		t.Fatal(err)
	}
	both, err := spec.New(models.Config{Kind: "combined", Rows: 2, Step: gridStep})
	if err != nil {
		t.Fatal(err)
	}
	one, two, s := newRunner(t, "combined", models.Config{}), newRunner(t, "combined", models.Config{}), source{1}
	scores, v, ev := make([]tidewatch.Score, 2), make([]tidewatch.Verdict, 2), make([]tidewatch.Event, 2)
	for k := range int64(1200) {
		at, x := k*gridStep.Milliseconds(), []float64{s.normal(), 5 + s.studentT3()}
		both.Score(at, x, scores)
		a, b := one.step(at, x[0]), two.step(at, x[1])
		if math.Float64bits(a.Surprise) != math.Float64bits(scores[0].Surprise) || math.Float64bits(b.Surprise) != math.Float64bits(scores[1].Surprise) {
			t.Fatalf("point %d: together %v and %v, alone %v and %v", k, scores[0], scores[1], a, b)
		}
		v[0], v[1] = one.v[0], two.v[0]
		both.Advance(at, x, v, ev)
	}
}

// TestIncidentLeavesNoTrace: five points of 50 times the value are as if they were missing.
func TestIncidentLeavesNoTrace(t *testing.T) {
	const spike, end = 15 * 288, 17 * 288
	run := func(spiked float64) (bands []tidewatch.Band) {
		r, s := newRunner(t, "combined", models.Config{}), source{3}
		var b [1]tidewatch.Band
		for k := range int64(end) {
			at := k * gridStep.Milliseconds()
			x := 100 + 30*dayShape(at) + 2*s.normal()
			if k >= spike && k < spike+5 {
				x *= spiked
			}
			score := r.step(at, x)
			if spiked == 50 && k == spike && score.Surprise < 8 {
				t.Fatalf("surprise of the spike is %g, want at least 8", score.Surprise)
			}
			if k >= spike+12 {
				r.m.Band(at, 3, b[:])
				bands = append(bands, b[0])
			}
		}
		return bands
	}
	twin := run(math.NaN())
	for i, b := range run(50) {
		want := twin[i]
		if d := max(math.Abs(b.Lower-want.Lower), math.Abs(b.Upper-want.Upper)); !(d < 0.01*(want.Upper-want.Lower)) {
			t.Fatalf("%d points after, the band is %+v, without the spike %+v", i+7, b, want)
		}
	}
}
