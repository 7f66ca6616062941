package engine

import (
	"maps"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// Change is a transition with all that a message, the history and an audit need to know of it.
type Change struct {
	ID           string // alerting.TransitionID: the same decision has the same id in every run
	Alarm        string // alerting.AlarmID
	Detector     string
	Series       tidewatch.Series
	Transition   alerting.Transition
	Note         string
	Set          *alerting.StateSet // who set the state; nil where points or a rule decided
	View         alerting.AlarmView // without a chart
	Limit        float64            // surprise at which anomaly_score is 1
	Surprise     float64
	AnomalyScore float64
	Shared       uint64    // version of the shared model part that judged; 0 if none
	Data         TrainedOn // what the models had been given when they judged
	ModelHash    string
	ConfigHash   string

	Evaluated []alerting.Evaluated // real points, newest first; none where no table decided
	Policy    alerting.Policy      // that decided; zero of a composite alarm
	Step      int64                // milliseconds; 0 of a composite alarm
	Children  []alerting.Child     // of a composite alarm whose rule decided

	Stopped  bool // an incident of it stays open whatever the state: alerting.Alarm.Stopped
	DataOnly bool // that, and not the state, has changed: for messages, not for the history
}

func (d *detector) describe(c change) Change {
	r := &c.g.rows[c.row]
	id := alerting.AlarmID(d.Name, r.series.ID)
	out := Change{
		ID:    alerting.TransitionID(id, c.t, c.tr.To, d.ConfigHash),
		Alarm: id, Detector: d.Name, Series: r.series, Transition: c.tr, Note: c.note, Data: c.data, DataOnly: c.only, Stopped: c.stopped, Evaluated: c.evaluated, Policy: d.Alarm, Step: d.step(),
		ModelHash: d.ModelHash, ConfigHash: d.ConfigHash,
	}
	f := d.facts(r, c.ep, c.tr, c.t)
	f.Note = c.note
	out.View = alerting.View(f)
	if c.ep != nil {
		out.Limit, out.Surprise, out.AnomalyScore, out.Shared = c.ep.limit, c.ep.score.Surprise, c.ep.anomalyScore, c.ep.shared
	}
	return out
}

// labels are what routes and groups an alarm: the series' own, the detector's and alertname.
func (d *detector) labels(s tidewatch.Series) labels.Labels {
	b := labels.NewBuilder(s.Labels)
	for k, v := range d.Labels {
		b.Set(k, v)
	}
	b.Set(labels.AlertName, d.Name)
	b.Del(model.MetricNameLabel)
	return b.Labels()
}

// facts gathers what is known of a row at grid time t. ep may be nil.
func (d *detector) facts(r *row, ep *episode, tr alerting.Transition, t int64) alerting.Facts {
	shown, hidden := d.Visible.Labels(r.series.Labels)
	f := alerting.Facts{
		ID: alerting.AlarmID(d.Name, r.series.ID), Detector: d.Name, SeriesID: r.series.ID,
		Labels: shown, Hidden: hidden, Extra: maps.Clone(d.Labels), Annotations: d.Annotations, Expr: d.Expr, Unit: d.unit(),
		Location: d.Location, Step: d.Model.Step, Transition: tr, State: tr.To, Policy: d.Alarm, Promise: d.limit.String(), Inherited: d.Visible.Text(r.from().inherited(r.series.Labels)),
		Now: tidewatch.Point{T: t, V: math.NaN()}, Peak: math.NaN(),
		Band: tidewatch.Band{Lower: math.NaN(), Mid: math.NaN(), Upper: math.NaN()},
	}
	if v := r.recent.view(d.step(), t, t); len(v.T) == 1 {
		f.Now.V = v.Y[0]
		f.Band = tidewatch.Band{Lower: v.Lower[0], Mid: v.Mid[0], Upper: v.Upper[0]}
	}
	if ep == nil {
		return f
	}
	f.StartsAt, f.Peak, f.Score, f.AnomalyScore, f.Explanation = ep.start, ep.peak, ep.score, ep.anomalyScore, ep.explanation
	f.Explanation.Features = d.visibleTerms(f.Explanation.Features)
	f.Breaching = ep.breaching
	f.Held = r.alarm.Held(d.Alarm)
	f.Nearby = d.nearby(r, f.StartsAt)
	if tr.From == alerting.Alarming {
		f.EndsAt = tr.T
	}
	return f
}

// visibleTerms hides what must not leave in the names of a joint group's members.
func (d *detector) visibleTerms(terms []tidewatch.Term) []tidewatch.Term {
	if d.Join == nil {
		return terms
	}
	out := slices.Clone(terms)
	for i := range out {
		out[i].Name = d.Visible.Text(out[i].Name)
	}
	return out
}

// unit is that of a row's values: of a joint group's, which are surprises, the expression says nothing.
func (d *detector) unit() string {
	if d.Join != nil {
		return "decades"
	}
	return d.Unit
}

// chart is the picture of a row between two grid times.
func (d *detector) chart(r *row, v alerting.AlarmView, from, to int64) *alerting.Chart {
	p := r.recent.view(d.step(), from, to)
	c := &alerting.Chart{
		Title: v.Title, Subtitle: v.Reason, Unit: v.Unit, T: p.T, Y: p.Y, Mid: p.Mid, Lower: p.Lower, Upper: p.Upper,
		Anomalous: make([]bool, len(p.T)),
	}
	if d.Location != nil {
		c.Timezone = d.Location.String()
	}
	for i, s := range p.Score {
		c.Anomalous[i] = s > 1
	}
	if len(p.T) > 0 {
		c.Marks = alerting.EventMarks(d.events.events, d.labels(r.series), p.T[0], p.T[len(p.T)-1])
	}
	if d.Exclude != nil {
		c.Stretches = alerting.Stretches(p.T, alerting.StretchExcluded, func(t int64) (bool, int64) { return d.Exclude(t), t })
	}
	if ep := r.few().alarmed; ep != nil && ep.score.Channel != tidewatch.ChannelBand && ep.score.Channel != tidewatch.ChannelNone {
		c.Statistic, c.StatisticName, c.Limit = p.Score, ep.score.Channel.String()+" score", 1
	}
	return c
}
