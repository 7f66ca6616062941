package web

import (
	"cmp"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/internal/api"
)

func (s *site) funcs() template.FuncMap {
	return template.FuncMap{
		"at":       s.at,
		"ago":      func(t api.Time) string { return ago(s.Now().Sub(t.Std())) },
		"num":      num,
		"series":   seriesName,
		"stateCSS": stateCSS,
		"span":     func(seconds float64) string { return span(time.Duration(seconds * float64(time.Second))) },
		"duration": func(from, to api.Time) string { return span(to.Std().Sub(from.Std())) },
		"words":    func(list []string) string { return strings.Join(list, ", ") },
		"learnt":   learnt,
		"trained":  s.trained,
		"expected": expected,
	}
}

// at writes a time in the page's zone.
func (s *site) at(t api.Time) string { return t.Std().In(s.Location).Format("2006-01-02 15:04:05 MST") }

// ago is a rounded age in words.
func ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

// span is a duration in its two largest units, as Prometheus writes durations.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		d = d.Round(time.Hour)
	case d >= time.Hour:
		d = d.Round(time.Minute)
	case d >= time.Second:
		d = d.Round(time.Second)
	}
	return model.Duration(d).String()
}

// num writes a value with four significant digits; the answer of the API has all of them.
func num(v api.Value) string {
	f := float64(v)
	switch {
	case math.IsNaN(f):
		return "–"
	case f != 0 && (math.Abs(f) >= 1e7 || math.Abs(f) < 1e-4):
		return strconv.FormatFloat(f, 'g', 4, 64)
	case math.Abs(f) >= 1000:
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(roundTo4(f), 'f', -1, 64)
}

// roundTo4 rounds to four significant digits.
func roundTo4(f float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'e', 3, 64), 64)
	if err != nil {
		return f // cannot be: it is the package's own output
	}
	return r
}

// seriesName writes a series as Prometheus does: the metric's name, then the labels in braces.
func seriesName(ls labels.Labels) string {
	name := ls.Get(model.MetricNameLabel)
	rest := labels.NewBuilder(ls).Del(model.MetricNameLabel).Labels()
	if rest.IsEmpty() {
		return cmp.Or(name, "{}")
	}
	return name + rest.String()
}

// stateCSS is the style class of a state.
func stateCSS(state string) string {
	switch state {
	case "ALARM", api.DetectorFailing, api.AnomalyActive:
		return "bad"
	case "OK", "TRAINED", api.DetectorRunning:
		return "good"
	case api.AnomalyEnded, api.DetectorOff:
		return "done"
	}
	return "idle"
}

// learnt says how many series stand on each rung, leaving out the empty ones.
func learnt(r api.Readiness) string {
	var parts []string
	for _, rung := range []struct {
		n    int
		name string
	}{{r.Learning, "learning"}, {r.Level, "level"}, {r.Daily, "daily"}, {r.Weekly, "weekly"}} {
		if rung.n > 0 {
			parts = append(parts, strconv.Itoa(rung.n)+" "+rung.name)
		}
	}
	return strings.Join(parts, ", ")
}

// trained is "40 %, judged from 09:00 …, trained by …", as far as there is something to wait for.
func (s *site) trained(t api.Training) string {
	if t.Progress >= 1 {
		return ""
	}
	parts := []string{strconv.Itoa(int(100*t.Progress)) + " %"}
	if t.JudgedAt != 0 {
		parts = append(parts, "judged from "+s.at(t.JudgedAt))
	}
	if t.TrainedAt != 0 {
		parts = append(parts, "trained by "+s.at(t.TrainedAt))
	}
	return strings.Join(parts, ", ")
}

// expected is "a sample every 30s (inferred), no gap over 10m (inferred), about 12 series, labels job, region, values from 0 to 1".
func expected(x api.Expectations) string {
	inferred := func(yes bool) string {
		if yes {
			return " (inferred)"
		}
		return ""
	}
	if x.MaxGapSeconds == 0 { // it is never 0 where data are checked
		return ""
	}
	var parts []string
	if x.IntervalSeconds > 0 {
		parts = append(parts, "a sample every "+span(time.Duration(x.IntervalSeconds*float64(time.Second)))+inferred(x.IntervalInferred))
	}
	parts = append(parts, "no gap over "+span(time.Duration(x.MaxGapSeconds*float64(time.Second)))+inferred(x.MaxGapInferred))
	if x.Series > 0 {
		parts = append(parts, "about "+num(api.Value(math.Round(x.Series)))+" series")
	}
	if len(x.Labels) > 0 {
		parts = append(parts, "labels "+strings.Join(x.Labels, ", "))
	}
	switch lower, upper := !x.Lower.IsNaN(), !x.Upper.IsNaN(); {
	case lower && upper:
		parts = append(parts, "values from "+num(x.Lower)+" to "+num(x.Upper))
	case lower:
		parts = append(parts, "values from "+num(x.Lower))
	case upper:
		parts = append(parts, "values to "+num(x.Upper))
	}
	return strings.Join(parts, ", ")
}
