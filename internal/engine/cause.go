package engine

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// CauseFound is a cause of alarms that fire, with what may explain it.
type CauseFound struct {
	alerting.Cause
	Nearby []alerting.ContextEvent // events near the onset of those that moved first, the closest first
}

// CausesFound are the causes of all alarms that fire.
type CausesFound struct {
	alerting.CauseReport
	Found  []CauseFound           // those of several alarms
	Alarms map[string]CauseMember // those that were gathered, by ID
	Quiet  int                    // series without an alarm
}

// CauseMember is an alarm that fires.
type CauseMember struct {
	Detector      string
	Labels        labels.Labels
	Onset, Spread int64 // as in alerting.CauseAlarm
	step          int64
}

// Causes parts the alarms that fire by what they go back to. Residuals are compared on the grid of the step that most of them have,
// of several the shortest: those of a shorter step are averaged, those of a longer one are not compared.
func (c *Core) Causes() CausesFound {
	c.mu.RLock()
	in, found := c.engine.firing(math.MinInt64)
	events := slices.Clone(c.engine.events.events)
	c.mu.RUnlock()
	found.look(in, events)
	return found
}

// look finds the causes and the events near them.
func (found *CausesFound) look(in alerting.CauseInput, events []alerting.ContextEvent) {
	leftOut := found.AlarmsLeftOut
	found.CauseReport = alerting.Causes(in)
	found.AlarmsLeftOut += leftOut
	found.Quiet = in.Quiet.Series
	for _, cause := range found.Causes {
		if len(cause.Members) == 1 {
			continue
		}
		f := CauseFound{Cause: cause}
		for _, id := range cause.First {
			m := found.Alarms[id]
			for _, e := range alerting.NearbyEvents(events, m.Labels, m.Onset, m.step) {
				if !slices.ContainsFunc(f.Nearby, func(x alerting.ContextEvent) bool { return x.ID == e.ID }) {
					f.Nearby = append(f.Nearby, e)
				}
			}
		}
		found.Found = append(found.Found, f)
	}
}

// shareCauses tells newly raised alarms what they have in common with others that fire. Only those are compared that may have one cause
// with a new one by their onsets.
func (c *Core) shareCauses(signals []alerting.Signal) (rep alerting.CauseReport) {
	oldest := int64(math.MaxInt64)
	for i := range signals {
		if d := c.engine.find(signals[i].Detector); mayShare(&signals[i]) && d != nil {
			oldest = min(oldest, d.onset(cmp.Or(signals[i].Transition.Since, signals[i].Transition.T)))
		}
	}
	if oldest == math.MaxInt64 || !c.disp.GroupsByCause() {
		return rep
	}
	frequency := c.engine.frequencies(signals)
	in, found := c.engine.firing(oldest - alerting.MaxCauseRun)
	found.look(in, c.engine.events.events)
	shared := map[string]*alerting.SharedCause{}
	for _, f := range found.Found {
		x := &alerting.SharedCause{
			Members: f.Members, First: f.First, Onset: found.Alarms[f.First[0]].Onset, Labels: f.Labels, Nearby: f.Nearby, P: f.P, LeftOut: found.AlarmsLeftOut,
		}
		for _, id := range f.Members {
			shared[id] = x
		}
	}
	for i := range signals {
		if mayShare(&signals[i]) {
			signals[i].Cause, signals[i].Frequency = shared[signals[i].ID], frequency[i]
		}
	}
	return found.CauseReport
}

// mayShare reports whether a signal may bring an alarm into an incident of others: not what no page tells of, nor what a person has set.
func mayShare(s *alerting.Signal) bool {
	return s.Transition.To == alerting.Alarming && !s.Data && !s.Historical && !s.Muted && s.Transition.Rule != alerting.RuleStateSet
}

// mostCauses is how many alarms are gathered, the newest; the others are counted as left out.
const mostCauses = 2 * alerting.MaxCauseAlarms

// firing gathers what alarms are compared by whose onset is since then, and how many it left out. With fewer than two it gathers nothing.
func (e *Engine) firing(since int64) (in alerting.CauseInput, found CausesFound) {
	all := e.alarmed()
	from := slices.IndexFunc(all, func(a alarmedRow) bool { return a.onset < since })
	if from >= 0 {
		all = all[:from]
	}
	found.AlarmsLeftOut = max(0, len(all)-mostCauses)
	found.Alarms, in.Quiet.With = map[string]CauseMember{}, map[labels.Label]int{}
	all = all[:len(all)-found.AlarmsLeftOut]
	in.Step, in.From = causeGrid(all)
	for _, a := range all {
		m := CauseMember{Detector: a.d.Name, Labels: a.d.labels(a.r.series), Onset: a.onset, Spread: a.d.step() / 2, step: a.d.step()}
		id := alerting.AlarmID(a.d.Name, a.r.series.ID)
		found.Alarms[id] = m
		m.Labels.Range(func(l labels.Label) { in.Quiet.With[l] = 0 })
		x := alerting.CauseAlarm{ID: id, Onset: m.Onset, Spread: m.Spread, Labels: m.Labels}
		if m.step <= in.Step && len(all) > 1 {
			x.Past = residuals(a.r.recent.view(m.step, in.From, a.d.next), in)
		}
		in.Alarms = append(in.Alarms, x)
	}
	if since > math.MinInt64 && len(all) < 2 {
		return in, found
	}
	e.eachListed(func(d *detector, r *row) {
		if r.alarm.State() != alerting.Alarming {
			in.Quiet.Series++
			d.countLabels(r, in.Quiet.With)
		}
	})
	return in, found
}

// alarmedRow is a series whose alarm fires.
type alarmedRow struct {
	d     *detector
	r     *row
	onset int64
}

// onset is when the trouble began whose first breaching point is at since: between the last point before it and that one.
func (d *detector) onset(since int64) int64 { return since - d.step()/2 }

// alarmed are the series whose alarms fire, other than by hand, the newest first, those of one time by detector and series.
func (e *Engine) alarmed() (all []alarmedRow) {
	e.eachListed(func(d *detector, r *row) {
		if r.alarm.State() == alerting.Alarming && !r.alarm.IsSet() {
			all = append(all, alarmedRow{d, r, d.onset(r.alarm.Since())})
		}
	})
	slices.SortStableFunc(all, func(a, b alarmedRow) int { return cmp.Compare(b.onset, a.onset) })
	return all
}

// eachListed calls each for every series that is listed.
func (e *Engine) eachListed(each func(*detector, *row)) {
	for _, d := range e.detectors {
		for _, g := range d.groups {
			for i := range g.rows {
				if r := &g.rows[i]; r.listed(d.next) {
					each(d, r)
				}
			}
		}
	}
}

// causeGrid is the step of most of the alarms, of several the shortest, and where a grid of it begins that holds all the recent
// points of its detectors; 0 without alarms.
func causeGrid(all []alarmedRow) (step, from int64) {
	count, newest := map[int64]int{}, map[int64]int64{}
	for _, a := range all {
		s := a.d.step()
		count[s]++
		newest[s] = max(newest[s], a.d.next-s*int64(a.d.size))
	}
	for s, n := range count {
		if step == 0 || n > count[step] || n == count[step] && s < step {
			step, from = s, newest[s]
		}
	}
	return step, from
}

// countLabels counts those of a row's labels that with has already.
func (d *detector) countLabels(r *row, with map[labels.Label]int) {
	count := func(l labels.Label) {
		if n, ok := with[l]; ok {
			with[l] = n + 1
		}
	}
	r.series.Labels.Range(func(l labels.Label) {
		if _, own := d.Labels[l.Name]; !own && l.Name != labels.AlertName {
			count(l)
		}
	})
	for name, value := range d.Labels {
		count(labels.Label{Name: name, Value: value})
	}
}

// residuals are a view's values less what was expected, averaged over the points of in's grid; NaN where there are none.
func residuals(v View, in alerting.CauseInput) []float64 {
	if len(v.T) == 0 {
		return nil
	}
	n := int((v.T[len(v.T)-1]-in.From)/in.Step) + 1
	sum, count := make([]float64, n), make([]int, n)
	for i, t := range v.T {
		if r := v.Y[i] - v.Mid[i]; !math.IsNaN(r) && !math.IsInf(r, 0) {
			at := (t - in.From) / in.Step
			sum[at] += r
			count[at]++
		}
	}
	for i := range sum {
		if count[i] == 0 {
			sum[i] = math.NaN()
		} else {
			sum[i] /= float64(count[i])
		}
	}
	return sum
}
