package engine

import (
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// load is what a scenario's series show where nothing is injected.
type load struct {
	level, day, weekend, ar, noise float64
	seed                           uint64
}

func (l *load) read(w *words) {
	l.weekend = 1
	for len(w.f) > 0 && w.err == nil {
		switch name := w.word(); name {
		case "level":
			l.level = w.number()
		case "day":
			l.day = w.number()
		case "weekend":
			l.weekend = w.number()
		case "ar":
			l.ar = w.number()
		case "noise":
			l.noise = w.number()
		case "seed":
			l.seed = uint64(w.count())
		default:
			w.fail("load has no %q", name)
		}
	}
}

// at is the load without noise at a local time. The day of people begins at 04:00, when the hump is 0.
func (l *load) at(local time.Time, free bool) float64 {
	hour := float64(local.Hour()) + float64(local.Minute())/60
	hump := l.day * (1 - math.Cos(2*math.Pi*(hour-4)/24)) / 2
	if free {
		hump *= l.weekend
	}
	return l.level + hump
}

// block makes the series of the scenario. Where twin is set, the points that a spike or an outage changes are missing instead.
func (s *scenario) block(detector string, twin bool) tidewatch.Block {
	step := s.step.Milliseconds()
	b := tidewatch.Block{Detector: detector, From: s.begin, Step: step, N: int((s.end - s.begin) / step)}
	calm := s.calm(b)
	for k := range s.series {
		ls := seriesLabels(k)
		row := tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID(detector, ls), Labels: ls}, V: slices.Clone(calm)}
		n := 0.0
		for i := range row.V {
			t := b.Time(i)
			n = s.load.ar*n + math.Sqrt(1-s.load.ar*s.load.ar)*gauss(s.load.seed*1000+uint64(k), uint64(i))
			row.V[i] = s.value(t, string(rune('a'+k)), s.scale(k)*(row.V[i]+s.load.noise*n), twin)
			if k >= s.series-s.young && t < s.youngFrom {
				row.V[i] = math.NaN()
			}
		}
		b.Rows = append(b.Rows, row)
	}
	sortRows(b.Rows)
	return b
}

func seriesLabels(k int) labels.Labels { return labels.FromStrings("instance", string(rune('a'+k))) }

func (s *scenario) isYoung(of tidewatch.Series) bool {
	for k := s.series - s.young; k < s.series; k++ {
		if labels.Equal(of.Labels, seriesLabels(k)) {
			return true
		}
	}
	return false
}

// calm is the load of every point without noise and shapes.
func (s *scenario) calm(b tidewatch.Block) []float64 {
	var free []string
	for _, p := range s.shapes {
		if p.kind == "holiday" {
			free = append(free, p.days...)
		}
	}
	v := make([]float64, b.N)
	for i := range v {
		local := time.UnixMilli(b.Time(i)).In(s.zone)
		date := time.Date(local.Year(), local.Month(), local.Day(), local.Hour()-4, 0, 0, 0, time.UTC)
		off := date.Weekday() == time.Saturday || date.Weekday() == time.Sunday || len(free) > 0 && slices.Contains(free, date.Format(dateOnly))
		v[i] = s.load.at(local, off)
	}
	return v
}

// scale is how many times as much as the others series k shows.
func (s *scenario) scale(k int) float64 {
	if v, ok := s.scales[string(rune('a'+k))]; ok {
		return v
	}
	return 1
}

// value is x of a series with all shapes on it.
func (s *scenario) value(t int64, series string, x float64, twin bool) float64 {
	if len(s.shapes) == 0 {
		return x
	}
	local := time.UnixMilli(t).In(s.zone)
	for i := range s.shapes {
		p := &s.shapes[i]
		if p.only != "" && p.only != series {
			continue
		}
		y := p.apply(t, local, x)
		if twin && y != x && (p.kind == "spike" || p.kind == "outage") {
			return math.NaN()
		}
		x = y
	}
	return x
}
