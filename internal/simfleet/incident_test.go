package simfleet

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// windowed passes on only samples in some quarters of an hour: a cheaper world for a test that looks at nothing else.
type windowed struct {
	feed Feed
	from int64
	want []bool // by quarter of an hour since from
}

const quarter = hour / 4

func (w *windowed) add(s span) {
	for i := (s.from - w.from) / quarter; i <= (s.to-w.from)/quarter; i++ {
		w.want[i] = true
	}
}

func (w *windowed) AdvanceTo(t int64, emit Emit) error {
	return w.feed.AdvanceTo(t, func(s *Series, t int64, v float64) error {
		if !w.want[(t-w.from)/quarter] {
			return nil
		}
		return emit(s, t, v)
	})
}

const (
	day  = 24 * hour
	week = 7 * day
)

// deviations evaluates one series over a span and returns its points less those of a week before.
func deviations(t *testing.T, w *World, d detector, in Incident, s span) []float64 {
	t.Helper()
	now, before := pick(t, w, d, in, s), pick(t, w, d, in, span{s.from - week, s.to - week})
	old := map[int64]float64{}
	for _, p := range before {
		old[p.T+week] = p.F
	}
	var out []float64
	for _, p := range now {
		if v, ok := old[p.T]; ok {
			out = append(out, math.Abs(p.F-v))
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s: %s has no points", in.Name, d.Name)
	}
	return out
}

func pick(t *testing.T, w *World, d detector, in Incident, s span) []promql.FPoint {
	t.Helper()
	for _, x := range evaluate(t, w, d.Expr, s.from, s.to, time.Minute) {
		if in.Matches(d.Name, x.Metric) {
			return x.Floats
		}
	}
	t.Fatalf("%s: no series of %s matches %s", in.Name, d.Name, in.Labels)
	return nil
}

func quantile(xs []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	return s[int(q*float64(len(s)-1))]
}

// TestIncidentsShowInTheirDetectors compares each incident with the same hours of the week before, and the difference
// with the differences of the day before.
func TestIncidentsShowInTheirDetectors(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers, which the race detector makes slow: make test-full has them")
	}
	f := newFleet(t, Options{Start: DefaultStart.Add(6 * 24 * time.Hour), FaultStart: DefaultStart.Add(DefaultHistory)})
	incidents := f.Incidents()
	byName := map[string]detector{}
	for _, d := range detectorsOf(t, "demo.yml") {
		byName[d.Name] = d
	}
	feed := &windowed{feed: f, from: f.Start(), want: make([]bool, 17*96)}
	for _, in := range incidents {
		for _, back := range []int64{0, day, week, week + day} {
			feed.add(span{in.Start - quarter - back, in.End - back})
		}
	}
	w, err := Open(context.Background(), t.TempDir(), feed, f.Start(), f.FaultStart()+week)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, in := range incidents {
		for _, name := range in.Detectors {
			d, ok := byName[name]
			if !ok {
				t.Errorf("%s: configs/demo.yml has no detector %s", in.Name, name)
				continue
			}
			s := span{in.Start, in.End}
			calm := quantile(deviations(t, w, d, in, span{s.from - day, s.to - day}), 0.9)
			dev := deviations(t, w, d, in, s)
			over := 0
			for _, x := range dev {
				if x > 3*calm {
					over++
				}
			}
			share := float64(over) / float64(len(dev))
			t.Logf("%-16s %-15s calm p90 %.4g, now median %.4g p90 %.4g, over 3 times calm: %.0f %%", in.Name, name, calm, quantile(dev, 0.5), quantile(dev, 0.9), 100*share)
			switch {
			case in.Kind == "stuck value":
				first := pick(t, w, d, in, span{in.Start + 2*60_000, in.End - 60_000})
				for _, p := range first {
					if p.F != first[0].F {
						t.Fatalf("%s: %v at %d, %v before", in.Name, p.F, p.T, first[0].F)
					}
				}
			case in.Subtle && quantile(dev, 0.9) < 1.3*calm:
				t.Errorf("%s is not there at all", in.Name)
			case !in.Subtle && share < 0.5:
				t.Errorf("%s shows in %.0f %% of its points, want half", in.Name, 100*share)
			}
		}
	}
}

func TestMatches(t *testing.T) {
	in := Incident{Detectors: []string{"A", "B"}, Labels: labels.FromStrings("job", "x")}
	for _, tc := range []struct {
		detector string
		ls       labels.Labels
		want     bool
	}{
		{"A", labels.FromStrings("job", "x"), true},
		{"B", labels.FromStrings("cluster", "c", "job", "x"), true},
		{"C", labels.FromStrings("job", "x"), false},
		{"A", labels.FromStrings("job", "y"), false},
		{"A", labels.EmptyLabels(), false},
	} {
		if got := in.Matches(tc.detector, tc.ls); got != tc.want {
			t.Errorf("%s %s: %v, want %v", tc.detector, tc.ls, got, tc.want)
		}
	}
}

func TestFindsAndExplains(t *testing.T) {
	in := Incident{
		Detectors: []string{"A"}, Labels: labels.FromStrings("job", "x"), Start: hour, End: 2 * hour,
		Also: []Symptom{{"B", labels.FromStrings("node", "n"), 2 * hour, 3 * hour}},
	}
	x, n := labels.FromStrings("job", "x"), labels.FromStrings("job", "node", "node", "n")
	for _, tc := range []struct {
		detector        string
		ls              labels.Labels
		at              int64
		finds, explains bool
	}{
		{"A", x, hour - 1, false, false},
		{"A", x, hour, true, true},
		{"A", x, 2*hour + grace, true, true},
		{"A", x, 2*hour + grace + 1, false, false},
		{"A", n, hour, false, false},
		{"B", n, hour, false, false},
		{"B", n, 2 * hour, false, true},
		{"B", n, 3*hour + grace + 1, false, false},
		{"B", x, 2 * hour, false, false},
	} {
		if finds, explains := in.Finds(tc.detector, tc.ls, tc.at), in.Explains(tc.detector, tc.ls, tc.at); finds != tc.finds || explains != tc.explains {
			t.Errorf("%s %s at %d: finds %v, explains %v; want %v, %v", tc.detector, tc.ls, tc.at, finds, explains, tc.finds, tc.explains)
		}
	}
}
