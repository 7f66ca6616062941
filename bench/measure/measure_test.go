package measure

import (
	"encoding/json"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func measured(t *testing.T, series []Series) Result {
	t.Helper()
	r, err := Measure(series)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// One event of two found a point late, one false stretch, a week in all.
func TestMeasureOwn(t *testing.T) {
	s := blank(2016)
	s.Step = 300_000
	s.Label = marks(2016, span{100, 109}, span{500, 509})
	s.Alarm = marks(2016, span{101, 104}, span{1000, 1003})
	r := measured(t, []Series{s})
	near(t, "precision", r.Precision, 1.0/2)
	near(t, "recall", r.Recall, 1.0/2)
	near(t, "F1", r.F1, 1.0/2)
	near(t, "false stretches a week", r.FalsePerSeriesWeek, 1)
	near(t, "delay-limited F1: TP 10, FN 10, FP 4", r.DelayF1, 20.0/34)
	near(t, "delay", r.Delay.MedianSeconds, 300)
	if r.Series != 1 || r.Labelled != 1 || r.Points != 2016 || r.Events != 2 || r.Weeks != 1 || len(r.Intervals) != 0 {
		t.Errorf("%+v", r)
	}
	near(t, "average precision of scores all alike", r.AP, 20.0/2016)
}

func TestMeasureWithout(t *testing.T) {
	const quality = `"ap":null,"precision":null,"recall":null,"f1":null,"false_per_series_week":null,` +
		`"delay":{"found":0,"median_points":null,"p95_points":null,"median_seconds":null,"p95_seconds":null},` +
		`"f1_oracle":null,"precision_oracle":null,"recall_oracle":null,"threshold_oracle":null,` +
		`"recall_at":{"0.1":null,"0.5":null,"1":null},"delay_f1":null,"delay_f1_oracle":null,` +
		`"calibration":[],"vus_pr":null,"vus_pr_hold":null,"vus_series":0,"intervals":{}}`
	if got, want := asJSON(t, measured(t, nil)), `{"series":0,"labelled":0,"points":0,"events":0,"weeks":0,`+quality; got != want {
		t.Errorf("of nothing:\n%s\nwant\n%s", got, want)
	}
	unlabelled := blank(100)
	unlabelled.Label = nil
	if got, want := asJSON(t, measured(t, []Series{unlabelled, unlabelled})), `{"series":2,"labelled":0,"points":0,"events":0,"weeks":0,`+quality; got != want {
		t.Errorf("without labels:\n%s\nwant\n%s", got, want)
	}
	eventless := blank(100)
	eventless.Alarm = marks(100, at(5)...)
	r := measured(t, []Series{eventless})
	near(t, "precision without events", r.Precision, 0)
	if r.Recall.Exists() || r.F1.Exists() || r.AP.Exists() || r.F1Oracle.Exists() || r.VUSPR.Exists() {
		t.Errorf("without events: %s", asJSON(t, r))
	}
	labelled := corpusOf(2, 4000)
	labelled[1].Alarm = nil
	r = measured(t, labelled)
	if r.F1.Exists() || r.DelayF1.Exists() || r.Delay.Found != 0 || !r.F1Oracle.Exists() || len(r.Intervals) == 0 {
		t.Errorf("without alarms of its own: %s", asJSON(t, r))
	}
}

// Unlabelled series change nothing but the counts and the calibration.
func TestMeasureUnlabelledAside(t *testing.T) {
	series := corpusOf(3, 4000)
	alone := measured(t, series)
	extra := corpusOf(4, 4000)[3]
	extra.Label = nil
	both := measured(t, append(slices.Clone(series), extra))
	if both.Series != 4 || both.Calibration[0].Points <= alone.Calibration[0].Points {
		t.Errorf("%+v", both)
	}
	both.Series, both.Calibration = alone.Series, alone.Calibration
	if got, want := asJSON(t, both), asJSON(t, alone); got != want {
		t.Errorf("with an unlabelled series\n%s\nwithout\n%s", got, want)
	}
}

// The figures do not depend on the order of the series, the same call gives the same bits, and what does not count has no influence.
func TestMeasureDeterminism(t *testing.T) {
	series := corpusOf(3, 3000)
	want := measured(t, series)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for k := range series {
		s := &series[k]
		for i := range s.Score {
			if !s.measured(i) {
				s.Score[i], s.P[i], s.Alarm[i], s.Label[i] = math.NaN(), math.NaN(), true, true
			}
		}
	}
	if got := measured(t, series); asJSON(t, got) != asJSON(t, want) {
		t.Errorf("again\n%s\nfirst\n%s", asJSON(t, got), asJSON(t, want))
	}
	slices.Reverse(series)
	got := measured(t, series)
	got.Intervals, got.VUSPR, got.VUSPRHold = want.Intervals, want.VUSPR, want.VUSPRHold // sums of floats
	if asJSON(t, got) != asJSON(t, want) {
		t.Errorf("in reverse\n%s\nforward\n%s", asJSON(t, got), asJSON(t, want))
	}
}

func TestMeasureIntervals(t *testing.T) {
	r := measured(t, corpusOf(5, 6000))
	figures := map[string]Number{
		"ap": r.AP, "precision": r.Precision, "recall": r.Recall, "f1": r.F1, "false_per_series_week": r.FalsePerSeriesWeek, "delay_f1": r.DelayF1,
		"f1_oracle": r.F1Oracle, "delay_f1_oracle": r.DelayF1Oracle, "recall_at.0.1": r.RecallAt.Tenth, "recall_at.0.5": r.RecallAt.Half,
		"recall_at.1": r.RecallAt.One, "vus_pr": r.VUSPR, "vus_pr_hold": r.VUSPRHold,
	}
	if len(r.Intervals) != len(figures) {
		t.Errorf("%d intervals, want %d", len(r.Intervals), len(figures))
	}
	for key, v := range figures {
		in, ok := r.Intervals[key]
		if !ok || !(in[0] <= float64(v) && float64(v) <= in[1] && in[0] < in[1]) {
			t.Errorf("%s is %g, its interval %v", key, float64(v), in)
		}
	}
}

// Resamples of series that are all alike have the figures of one: the intervals shrink to what the coarser thresholds of the resamples cost.
func TestMeasureIntervalsOfOne(t *testing.T) {
	one := corpusOf(1, 6000)[0]
	r := measured(t, []Series{one, one, one})
	for key, v := range map[string]Number{
		"ap": r.AP, "f1_oracle": r.F1Oracle, "delay_f1_oracle": r.DelayF1Oracle, "precision": r.Precision, "f1": r.F1, "vus_pr": r.VUSPR,
	} {
		in := r.Intervals[key]
		if in[0] > float64(v)+1e-12 || in[0] < 0.99*float64(v) || in[1]-in[0] > 1e-9 {
			t.Errorf("%s is %g, its interval %v", key, float64(v), in)
		}
	}
}

func TestCheck(t *testing.T) {
	for want, spoil := range map[string]func(*Series){
		`"s": step is 0 ms`:                       func(s *Series) { s.Step = 0 },
		`measured from point 11; it must be with`: func(s *Series) { s.From = 11 },
		`measured from point -1`:                  func(s *Series) { s.From = -1 },
		`Label has 9 entries; it must have 10`:    func(s *Series) { s.Label = s.Label[:9] },
		`P has 0 entries`:                         func(s *Series) { s.P = []float64{} },
		`score of point 4 is NaN`:                 func(s *Series) { s.Score[4] = math.NaN() },
		`score of point 4 is +Inf`:                func(s *Series) { s.Score[4] = math.Inf(1) },
		`score of point 4 is -1`:                  func(s *Series) { s.Score[4] = -1 },
		`P of point 4 is 0`:                       func(s *Series) { s.P[4] = 0 },
		`P of point 4 is 1.5`:                     func(s *Series) { s.P[4] = 1.5 },
	} {
		good, s := blank(10), blank(10)
		good.P = slices.Repeat([]float64{1}, 10)
		s.P = slices.Clone(good.P)
		spoil(&s)
		_, err := Measure([]Series{good, s})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "series 2 of 2") {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestNumberJSON(t *testing.T) {
	var back [3]Number
	text := asJSON(t, []Number{0.25, None(), Number(math.Inf(1))})
	if text != "[0.25,null,null]" {
		t.Errorf("written %s", text)
	}
	if err := json.Unmarshal([]byte(text), &back); err != nil || back[0] != 0.25 || back[1].Exists() {
		t.Errorf("read back %v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`["x"]`), &back); err == nil {
		t.Error("a word is read as a figure")
	}
	var r Result
	was := asJSON(t, measured(t, corpusOf(2, 4000)))
	if err := json.Unmarshal([]byte(was), &r); err != nil || asJSON(t, r) != was {
		t.Errorf("read back %+v, %v", r, err)
	}
}
