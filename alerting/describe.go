package alerting

import (
	"cmp"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// View puts what is known of an alarm into words and numbers. It says nothing that the facts do not hold.
func View(f Facts) AlarmView {
	if f.Unit == "" {
		f.Unit = InferUnit(f.Detector, f.Expr)
	}
	f.Unit = CanonicalUnit(f.Unit)
	if f.Location == nil {
		f.Location = time.UTC
	}
	if !f.Score.Ready && f.Band == (tidewatch.Band{}) { // not known, which is not zero
		f.Band = noBand
	}
	return AlarmView{
		ID: f.ID, Detector: f.Detector, SeriesID: f.SeriesID, Labels: mergedLabels(f.Labels, f.Extra), HiddenLabels: f.Hidden,
		Annotations: expandAnnotations(f), State: f.State.String(), StartsAt: f.StartsAt, EndsAt: f.EndsAt,
		Title: title(f.Detector, f.Labels), Unit: f.Unit, Value: f.Now.V, Peak: f.Peak, Below: f.Score.Side < 0, Band: f.Band,
		Score: finite(f.AnomalyScore), Surprise: finite(f.Score.Surprise), Channel: f.Score.Channel.String(),
		Reason: reason(f), Why: why(f), Nearby: nearby(f.Nearby, f.StartsAt), Promise: f.Promise, Expr: cmp.Or(f.Expr, f.Composite), Composite: f.Composite != "", Rule: string(f.Transition.Rule), Note: f.Note,
		Chart: f.Chart,
	}
}

// noBand is a band of which nothing is known.
var noBand = tidewatch.Band{Lower: math.NaN(), Mid: math.NaN(), Upper: math.NaN()}

// mergedLabels are the series' labels with the detector's on top.
func mergedLabels(ls labels.Labels, extra map[string]string) map[string]string {
	m := ls.Map()
	for k, v := range extra {
		m[k] = v
	}
	return m
}

// finite is v, or 0 where v has no place in JSON.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// expected is the band as "0.1–0.9 %", one side of it where it has only one ("≤ 0.9 %"), the expectation where it has no
// width, and "" where nothing is known.
func expected(b tidewatch.Band, unit string) string {
	lower, upper := isFinite(b.Lower), isFinite(b.Upper)
	switch {
	case lower && upper && b.Lower != b.Upper:
		return FormatRange(b.Lower, b.Upper, unit)
	case lower && math.IsInf(b.Upper, 1):
		return "≥ " + FormatValue(b.Lower, unit)
	case upper && math.IsInf(b.Lower, -1):
		return "≤ " + FormatValue(b.Upper, unit)
	case lower && upper:
		return FormatValue(b.Lower, unit)
	case isFinite(b.Mid):
		return "about " + FormatValue(b.Mid, unit)
	default:
		return ""
	}
}
