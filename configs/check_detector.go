package configs

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/models"
)

const (
	maxPoints     = 60                 // the limit of alerting.Policy
	maxAlarmRange = 24 * time.Hour     // CloudWatch's: for points of less than an hour
	maxLongRange  = 7 * 24 * time.Hour // and of an hour or more
	atOnceFrom    = 5 * time.Minute    // the step from which on a single point stands for as much as five of a minute do
	defaultModel  = "combined"
)

// defaultExpect is the promise of a detector that sets none: one false alarm in 30 days (experience.md's decision).
var defaultExpect = Rate{Count: 1, Per: 30 * 24 * time.Hour}

func (b *builder) detector(s scope, raw rawDetector, seen map[string]bool) Detector {
	checkName(s, "detector", raw.Name, seen)
	g := b.cfg.Global
	d := Detector{
		Name: raw.Name, Preset: b.bases[raw.Name].preset, Source: b.detectorSource(s, raw), Agg: raw.Agg,
		Step: or(s, "step", raw.Step, g.Step), History: or(s, "history", raw.History, g.History),
		Delay: or(s, "delay", raw.Delay, g.Delay), Model: string(raw.Model), Churn: raw.ChurnLabels.names,
		Seasons: raw.Seasonality.periods, Transform: models.Transform(raw.Transform), OwnForest: bool(raw.Forest), Shapes: raw.Shapes, Location: cmp.Or(raw.Timezone.loc, g.Location),
		AcceptAfter: time.Duration(raw.AcceptAfter), Range: [2]float64{math.Inf(-1), math.Inf(1)},
		Direction: raw.Direction, MinDeviation: raw.MinDeviation, MaxSeries: raw.MaxSeries,
		DataQuality: raw.DataQuality, ExpectInterval: time.Duration(raw.ExpectInterval), MaxGap: time.Duration(raw.MaxGap), RequireLabels: raw.RequireLabels,
		Labels: raw.Labels, Annotations: raw.Annotations, Unit: raw.Unit, Notify: raw.Notify,
	}
	if raw.Range.set {
		d.Range = [2]float64{raw.Range.lo, raw.Range.hi}
	}
	if !checkStep(s.at("step"), d.Step) {
		d.Step = g.Step
	}
	if !checkHistory(s.at("history"), d.History) {
		d.History = g.History
	}
	for i, name := range d.Churn {
		checkLabelName(s.at("churn_labels").index(i), name)
	}
	promise(s, raw, &d)
	d.Exclude = excludes(s.at("exclude"), raw.Exclude, d.Location)
	d.Alarm = alarm(s, raw, d.Step)
	d.Expr = aggregate(s.at("agg"), raw.Expr, raw.Agg, d.Step)
	joined(s, raw, &d)
	src, _ := b.cfg.Source(d.Source)
	d.Delay += phase(d, src.Spread)
	d.input = b.inputOf(d.Source)
	checkDetector(s, d)
	checkExpr(s.at("expr"), raw.Expr)
	return d
}

// or is the field's own value where it was written, else the given default.
func or(s scope, name string, own duration, def time.Duration) time.Duration {
	if s.has(name) {
		return time.Duration(own)
	}
	return def
}

// detectorSource is the named source, else the only one.
func (b *builder) detectorSource(s scope, raw rawDetector) string {
	switch {
	case raw.Source != "":
		checkRef(s.at("source"), "source", raw.Source, b.sources)
		return raw.Source
	case len(b.sources) > 1:
		s.at("source").wrong("is missing where there are several sources", "name one of "+joinWords(b.sources))
		return ""
	case len(b.sources) == 1:
		return b.sources[0]
	default:
		return "" // the missing source is reported
	}
}

// promise sets the one of expect, expect_per_series, fdr and band.
func promise(s scope, raw rawDetector, d *Detector) {
	var set []string
	for _, name := range promiseFields {
		if s.written(name) {
			set = append(set, name)
		}
	}
	if len(set) > 1 {
		s.at(set[1]).wrong("is set beside "+set[0], "a detector has one of expect, expect_per_series, fdr and band")
	}
	d.Expect, d.ExpectPerSeries, d.FDR, d.Band = raw.Expect, raw.ExpectPerSeries, float64(raw.FDR), raw.Band
	if len(set) == 0 {
		d.Expect = defaultExpect
	}
	if s.has("band") && (raw.Band <= 0 || raw.Band > 100 || math.IsNaN(raw.Band)) {
		s.at("band").wrong(fmt.Sprintf("%v is not above 0 and at most 100", raw.Band), "standard deviations; CloudWatch's usual value is 2")
	}
}

var promiseFields = []string{"expect", "expect_per_series", "fdr", "band"}

func alarm(s scope, raw rawDetector, step time.Duration) alerting.Policy {
	a := s.at("alarm")
	pol := alerting.Policy{
		Datapoints: raw.Alarm.Datapoints, Of: raw.Alarm.Of, Missing: alerting.Treatment(raw.Alarm.Missing),
		For: time.Duration(raw.For), KeepFiringFor: time.Duration(raw.KeepFiringFor),
		Recovery: raw.Alarm.RecoveryScore, Resolve: raw.Alarm.Of,
	}
	if !(pol.Recovery > 0 && pol.Recovery <= 1) { // so written that NaN is refused
		a.at("recovery_score").wrong(fmt.Sprintf("%v is not above 0 and at most 1", pol.Recovery), "1 is where points breach, for example 0.7")
	}
	if a.has("resolve_datapoints") {
		pol.Resolve = raw.Alarm.ResolveDatapoints
		if pol.Resolve < 0 || pol.Resolve > maxPoints {
			a.at("resolve_datapoints").wrong(fmt.Sprintf("%d is not between 0 and %d", pol.Resolve, maxPoints), "0 lets the state alone count")
		}
	}
	switch {
	case pol.Of < 1 || pol.Of > maxPoints:
		a.at("of").wrong(fmt.Sprintf("%d is not between 1 and %d", pol.Of, maxPoints), "")
	case pol.Datapoints < 1 || pol.Datapoints > pol.Of:
		a.at("datapoints").wrong(fmt.Sprintf("%d is not between 1 and of (%d)", pol.Datapoints, pol.Of), "")
	case step > 0 && time.Duration(pol.Of)*step > alarmRange(step):
		a.at("of").wrong(fmt.Sprintf("%d points of %s are %s", pol.Of, formatDuration(step), formatDuration(time.Duration(pol.Of)*step)),
			"at most "+formatDuration(alarmRange(step)))
	}
	pol.AtOnce = raw.Alarm.AtOnce
	if !a.has("at_once") {
		pol.AtOnce = step >= atOnceFrom && !a.has("datapoints") && !a.has("of") && pol.For == 0 && raw.Band == 0
	} else if pol.AtOnce && raw.Band > 0 {
		a.at("at_once").wrong("true, but band counts points and promises nothing", "expect or expect_per_series, or at_once: false")
	}
	checkPeriod(s.at("for"), pol.For, step)
	checkPeriod(s.at("keep_firing_for"), pol.KeepFiringFor, step)
	return pol
}

// alarmRange is how much time the points of an alarm may span.
func alarmRange(step time.Duration) time.Duration {
	if step >= time.Hour {
		return maxLongRange
	}
	return maxAlarmRange
}

// checkPeriod bounds a pending or recovery period as the points that are evaluated are.
func checkPeriod(s scope, d, step time.Duration) {
	atMost(s, d, alarmRange(step))
	checkMultiple(s, d, step)
}

func atMost(s scope, d, most time.Duration) {
	if d > most {
		s.wrong(formatDuration(d)+" is too long", "at most "+formatDuration(most))
	}
}

// checkMultiple: a state changes only at grid times, so that other values would be rounded silently.
func checkMultiple(s scope, d, step time.Duration) {
	if step <= 0 || d%step == 0 {
		return
	}
	below := d.Truncate(step)
	s.wrong(fmt.Sprintf("%s is not a multiple of the step %s", formatDuration(d), formatDuration(step)),
		fmt.Sprintf("%s or %s", formatDuration(below), formatDuration(below+step)))
}

func checkDetector(s scope, d Detector) {
	checkDelay(s.at("delay"), d.Delay)
	if d.AcceptAfter < d.Step {
		s.at("accept_after").wrong(formatDuration(d.AcceptAfter)+" is under the step", "48h is the default")
	}
	if spec, err := models.Lookup(d.Model); err == nil && !spec.Joint && spec.Dim == 0 {
		if d.OwnForest {
			s.at("forest").wrong("own, and the model "+d.Model+" has none", "combined and isolation have")
		}
		if d.Shapes {
			s.at("shapes").wrong("true, and the model "+d.Model+" has no channel for them", "combined and isolation have")
		}
	}
	if d.MaxSeries < 1 {
		s.at("max_series").wrong(fmt.Sprintf("%d is not at least 1", d.MaxSeries), "")
	}
	if d.ExpectInterval != 0 && (d.ExpectInterval < time.Second || d.ExpectInterval > time.Hour) {
		s.at("expect_interval").wrong(formatDuration(d.ExpectInterval)+" is not between 1s and 1h", "30s, the source's scrape_interval")
	}
	if d.MaxGap != 0 && d.MaxGap < d.Step {
		s.at("max_gap").wrong(formatDuration(d.MaxGap)+" is under the step "+formatDuration(d.Step), formatDuration(5*d.Step))
	}
	for i, name := range d.RequireLabels {
		checkLabelName(s.at("require_labels").index(i), name)
	}
	for i, season := range d.Seasons {
		at := s.at("seasonality").index(i)
		switch {
		case season < 2*d.Step:
			at.wrong(formatDuration(season)+" is under two steps", "")
		case season%d.Step != 0:
			at.wrong(fmt.Sprintf("%s is not a multiple of the step %s", formatDuration(season), formatDuration(d.Step)), "")
		case slices.Contains(d.Seasons[:i], season):
			at.wrong(formatDuration(season)+" is there twice", "")
		case 2*season > d.History:
			at.wrong(fmt.Sprintf("%s needs a history of two cycles, %s", formatDuration(season), formatDuration(2*season)),
				"history is "+formatDuration(d.History))
		}
	}
	checkLabels(s.at("labels"), d.Labels, "alertname")
	checkAnnotations(s.at("annotations"), d.Annotations)
}

func excludes(s scope, raws []rawExclude, loc *time.Location) Exclude {
	var e Exclude
	for i, raw := range raws {
		at := s.index(i)
		if !at.has("start") || !at.has("end") {
			continue // reported
		}
		switch {
		case raw.Start.isWall() != raw.End.isWall():
			at.at("end").wrong("is not of the same sort as start", "both with a date, or both a time of day")
		case raw.Start.isWall():
			e.Recurring = append(e.Recurring, window(raw, loc))
		case !raw.End.at.After(raw.Start.at):
			at.at("end").wrong("is not after start", "")
		case len(raw.Weekdays) > 0:
			at.at("weekdays").wrong("goes with times of day only", `start: "22:00"`)
		default:
			e.Ranges = append(e.Ranges, TimeRange{raw.Start.at.UnixMilli(), raw.End.at.UnixMilli()})
		}
	}
	return e
}

func window(raw rawExclude, loc *time.Location) Window {
	w := Window{From: raw.Start.wall, To: raw.End.wall, Location: loc}
	for _, day := range raw.Weekdays {
		w.Days[day] = true
	}
	if len(raw.Weekdays) == 0 {
		w.Days = [7]bool{true, true, true, true, true, true, true}
	}
	return w
}

func checkAnnotations(s scope, as map[string]string) {
	checkLabels(s, as)
	for _, name := range sortedKeys(as) {
		if err := alerting.ValidateTemplate(as[name]); err != nil {
			s.at(name).wrong("is not a template", err.Error())
		}
	}
}
