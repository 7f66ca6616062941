package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/quality"
	"github.com/tidewatch/tidewatch/internal/store"
	"github.com/tidewatch/tidewatch/models"
)

// backend answers the API from the core and the store.
type backend struct{ s *Service }

var rungs = [4]string{"learning", "level", "daily", "weekly"}

// Anomalies implements api.Backend.
func (b backend) Anomalies(ctx context.Context, q api.AnomalyQuery) (api.AnomalyPage, error) {
	rows, err := b.anomalyRows(ctx, q)
	if err != nil {
		return api.AnomalyPage{}, err
	}
	all := make([]api.Anomaly, len(rows))
	for i, r := range rows {
		all[i] = apiAnomaly(r)
	}
	return api.PageAnomalies(all, q), nil
}

// anomalyRows reads all pages of the store that can match.
func (b backend) anomalyRows(ctx context.Context, q api.AnomalyQuery) ([]store.AnomalyRow, error) {
	sq := store.AnomalyQuery{From: q.From, To: q.To, MinScore: q.MinScore, State: q.State}
	var out []store.AnomalyRow
	for {
		rows, next, err := b.s.store.Anomalies(ctx, sq)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
		if next == "" {
			return out, nil
		}
		sq.Cursor = next
	}
}

func apiAnomaly(r store.AnomalyRow) api.Anomaly {
	a := api.Anomaly{
		ID: r.ID, AlarmID: alerting.AlarmID(r.Detector, r.SeriesID), Detector: r.Detector, SeriesID: api.SeriesID(r.SeriesID), Labels: r.Labels,
		Start: api.Time(r.StartsAt), State: r.State, Alarmed: r.Alarmed, Points: max(r.Points, 1), PeakAt: api.Time(r.PeakT),
		Score: api.Value(r.Peak), Surprise: api.Value(r.Surprise), Y: api.Value(r.Value), Yhat: api.Value(r.Mid),
		YhatLower: api.Value(r.Lower), YhatUpper: api.Value(r.Upper), Channel: api.Channel(r.Channel),
	}
	if r.EndsAt != 0 {
		a.End = api.Time(r.EndsAt)
	}
	return a
}

// Events implements api.Backend.
func (b backend) Events(ctx context.Context, q api.EventQuery) (api.EventPage, error) {
	sq := store.EventQuery{From: q.From, To: q.To, Kind: q.Kind}
	var all []api.Event
	for {
		rows, next, err := b.s.store.Events(ctx, sq)
		if err != nil {
			return api.EventPage{}, err
		}
		for _, r := range rows {
			all = append(all, api.Event{ID: r.ID, Time: api.Time(r.T), Known: api.Time(r.KnownAt), Kind: r.Kind, Text: r.Text, Labels: r.Labels, Origin: r.Origin})
		}
		if next == "" {
			return api.PageEvents(all, q), nil
		}
		sq.Cursor = next
	}
}

// PostEvent implements api.Backend.
func (b backend) PostEvent(ctx context.Context, e api.Event) (api.Event, error) {
	x := alerting.NewContextEvent(int64(e.Time), e.Kind, e.Text, "", e.Labels, postedOrigin)
	b.s.PostEvent(ctx, x)
	e.ID, e.Known, e.Origin = x.ID, api.Time(b.s.nowMilli()), x.Origin
	return e, nil
}

// Alarms implements api.Backend.
func (b backend) Alarms(_ context.Context, q api.AlarmQuery) (api.AlarmPage, error) {
	var all []api.Alarm
	b.s.core.Alarms(func(detector string, s tidewatch.Series, state alerting.State) bool {
		return (q.State == "" || q.State == state.String()) && (q.Detector == "" || q.Detector == detector) && matches(q.Matchers, detector, s.Labels)
	}, func(a engine.AlarmInfo) bool {
		all = append(all, b.alarm(a))
		return true
	})
	slices.SortFunc(all, func(x, y api.Alarm) int { return cmp.Compare(x.ID, y.ID) })
	return api.PageAlarms(all, q), nil
}

// matches reports whether a series matches any selector; "detector" is a label too, as it is in the pages.
func matches(sels [][]*labels.Matcher, detector string, ls labels.Labels) bool {
	if len(sels) == 0 {
		return true
	}
	return slices.ContainsFunc(sels, func(sel []*labels.Matcher) bool {
		return !slices.ContainsFunc(sel, func(m *labels.Matcher) bool {
			v := ls.Get(m.Name)
			if m.Name == "detector" {
				v = detector
			}
			return !m.Matches(v)
		})
	})
}

func (b backend) alarm(a engine.AlarmInfo) api.Alarm {
	v := alerting.View(a.Facts)
	out := api.Alarm{
		ID: a.ID, Detector: a.Detector, SeriesID: api.SeriesID(a.Series.ID), Labels: a.Series.Labels, Annotations: v.Annotations,
		State: a.State.String(), Reason: v.Reason, Rule: string(a.Facts.Transition.Rule), Muted: b.muted(a.Detector),
		Readiness: rungs[a.Training.Rung], Training: training(a.Training), Promise: a.Facts.Promise, Channel: api.Channel(v.Channel),
		Score: api.Value(math.NaN()), Y: api.Value(math.NaN()), Yhat: api.Value(math.NaN()), YhatLower: api.Value(math.NaN()), YhatUpper: api.Value(math.NaN()),
	}
	out.Inherited, out.DataStopped = inherited(a.Origin), a.DataStopped
	if a.Since != 0 {
		out.Since = api.Time(a.Since)
	}
	out.ActionsDisabled = api.Disabled(a.Hiding.Disabled)
	out.ActionsEnabled = !out.Muted && a.Hiding.Disabled == nil
	if set := a.Facts.Set; set != nil {
		out.SetBy = set.By.String()
	}
	out.SilencedBy, out.InhibitedBy, out.MutedBy = slices.Concat(a.Hiding.Silences, a.Hiding.Feedback), a.Hiding.Inhibitors, a.Hiding.Mutes
	if a.Quality.Reason != quality.None {
		out.DataQuality = dataQuality(a.Quality)
	}
	if a.Composite {
		out.ActionsSuppressedBy = a.SuppressedBy
		out.CompositeRule, out.Readiness = a.Facts.Composite, rungs[len(rungs)-1] // there is nothing left to learn
		out.Training.State = engine.Trained.String()
	}
	if p := a.Newest; len(p.T) == 1 {
		out.Time, out.Score, out.Y = api.Time(p.T[0]), api.Value(p.Score[0]), api.Value(p.Y[0])
		out.Yhat, out.YhatLower, out.YhatUpper = api.Value(p.Mid[0]), api.Value(p.Lower[0]), api.Value(p.Upper[0])
	}
	return out
}

// inherited is whose baseline a series goes on from.
func inherited(o engine.Origin) api.Origin {
	if o.ID == 0 {
		return api.Origin{}
	}
	return api.Origin{SeriesID: api.SeriesID(o.ID), Labels: o.Labels, At: api.Time(o.At), Begun: api.Time(o.Begun)}
}

// training is a series' as the API gives it.
func training(t engine.Training) api.Training {
	return api.Training{State: t.State.String(), Progress: t.Progress, JudgedAt: api.Time(t.Judged), TrainedAt: api.Time(t.Trained)}
}

func trainingSummary(s engine.TrainingSummary) (api.Training, api.TrainingCounts) {
	t := engine.Training{State: s.State, Progress: s.Progress, Judged: s.Judged, Trained: s.Trained}
	return training(t), api.TrainingCounts{
		Pending: s.States[engine.PendingTraining], Insufficient: s.States[engine.TrainedInsufficientData], Trained: s.States[engine.Trained],
	}
}

func (b backend) muted(detector string) bool {
	d, ok := b.s.config().Detector(detector)
	return b.s.opts.DryRun || ok && !d.Notify || b.s.core.Muted(detector)
}

// Alarm implements api.Backend.
func (b backend) Alarm(_ context.Context, id string) (api.Alarm, error) {
	a, ok := b.s.core.FindAlarm(id)
	if !ok {
		return api.Alarm{}, api.NotFoundf("no alarm %q", id)
	}
	return b.alarm(a), nil
}

// History implements api.Backend.
func (b backend) History(ctx context.Context, alarmID string, limit int) (api.History, error) {
	rows, next, err := b.s.store.Transitions(ctx, store.TransitionQuery{AlarmID: alarmID, Limit: limit})
	if err != nil {
		return api.History{}, err
	}
	h := api.History{AlarmID: alarmID, Transitions: make([]api.Transition, len(rows))}
	for i, r := range rows {
		h.Transitions[i] = apiTransition(r)
	}
	if _, ok := b.s.core.FindAlarm(alarmID); !ok && len(rows) == 0 {
		return h, api.NotFoundf("no alarm %q", alarmID)
	}
	for q := (store.TransitionQuery{AlarmID: alarmID, Cursor: next}); q.Cursor != ""; {
		more, cursor, err := b.s.store.Transitions(ctx, q)
		if err != nil {
			return h, err
		}
		h.Omitted += len(more)
		q.Cursor = cursor
	}
	return h, nil
}

func apiTransition(r store.TransitionRow) api.Transition {
	t := api.Transition{Time: api.Time(r.T), From: r.From, To: r.To, Rule: r.Rule, Reason: r.Reason, Note: r.Note}
	var d decisionData
	if json.Unmarshal(r.Data, &d) == nil {
		t.Breaches, t.Of, t.TrainedOn, t.SetBy = d.Breaches, d.Of, d.TrainedOn.api(), d.SetBy
		t.StateReasonData, t.SetReasonData = reasonData(&r, &d), d.SetData
		if d.Since != 0 {
			t.Since = api.Time(d.Since)
		}
	}
	return t
}

// Explain implements api.Backend.
func (b backend) Explain(_ context.Context, alarmID string) (api.Explanation, error) {
	a, ok := b.s.core.FindAlarm(alarmID)
	if !ok {
		return api.Explanation{}, api.NotFoundf("no alarm %q", alarmID)
	}
	f, x := a.Facts, a.Facts.Explanation
	v, al := alerting.View(f), b.alarm(a)
	out := api.Explanation{
		AlarmID: a.ID, Detector: a.Detector, SeriesID: api.SeriesID(a.Series.ID), Labels: a.Series.Labels, Expr: f.Expr, State: a.State.String(),
		Reason: v.Reason, Why: v.Why, Time: al.Time, Y: al.Y, Yhat: al.Yhat, YhatLower: al.YhatLower, YhatUpper: al.YhatUpper,
		Score: api.Value(f.AnomalyScore), Surprise: api.Value(f.Score.Surprise), Channel: api.Channel(f.Score.Channel.String()), Side: int(f.Score.Side),
		Parts: []api.Part{}, Terms: terms(x.Terms), Features: terms(x.Features), Statistic: api.Value(x.Statistic), Limit: api.Value(x.Limit), Unit: x.Unit,
		Seasons: append([]string{}, x.Seasons...), HistorySeconds: float64(x.History) / 1000, Promise: f.Promise, Inherited: al.Inherited,
		TrainedOn: trainedOn(a.Data).api(),
	}
	for c, p := range f.Score.Parts {
		if c > 0 {
			out.Parts = append(out.Parts, api.Part{Channel: api.Channel(tidewatch.Channel(c).String()), Surprise: api.Value(p)})
		}
	}
	return out, nil
}

func terms(ts []tidewatch.Term) []api.Term {
	out := make([]api.Term, len(ts))
	for i, t := range ts {
		out[i] = api.Term{Name: t.Name, Value: api.Value(t.Value)}
	}
	return out
}

// Band implements api.Backend.
func (b backend) Band(_ context.Context, seriesID uint64, from, to int64) (api.BandSeries, error) {
	v, held, ok := b.s.core.Band(seriesID, from, to)
	if !ok {
		return api.BandSeries{}, api.NotFoundf("no series %d", seriesID)
	}
	out := api.BandSeries{
		SeriesID: api.SeriesID(seriesID), Detector: v.Detector, Labels: v.Series.Labels, StepSeconds: float64(v.Step) / 1000,
		Points: make([]api.BandPoint, len(v.T)),
	}
	if held[1] != 0 {
		out.HeldFrom, out.HeldTo = api.Time(held[0]), api.Time(held[1])
	}
	for i := range v.T {
		out.Points[i] = point(v, i)
	}
	return out, nil
}

func point(v engine.View, i int) api.BandPoint {
	return api.BandPoint{
		Time: api.Time(v.T[i]), Y: api.Value(v.Y[i]), Yhat: api.Value(v.Mid[i]), YhatLower: api.Value(v.Lower[i]), YhatUpper: api.Value(v.Upper[i]),
		Score: api.Value(v.Score[i]),
	}
}

// Detectors implements api.Backend.
func (b backend) Detectors(context.Context) ([]api.Detector, error) {
	cfg, status := b.s.config(), b.s.core.Status()
	b.s.mu.RLock()
	defer b.s.mu.RUnlock()
	out := make([]api.Detector, 0, len(status))
	for _, st := range status {
		d, ok := cfg.Detector(st.Name)
		own := b.s.status[st.Name]
		if !ok || own == nil {
			continue
		}
		a := api.Detector{
			Name: d.Name, Source: d.Source, Expr: d.Expr, StepSeconds: d.Step.Seconds(), State: detectorState(own), Series: st.Series,
			MaxSeries: d.MaxSeries, Promise: promiseText(st.Limit), LastError: own.lastError,
			Readiness: api.Readiness{Learning: st.Rungs[0], Level: st.Rungs[1], Daily: st.Rungs[2], Weekly: st.Rungs[3]},
			TrainedOn: trainedOn(st.Data).api(),
			Alarms:    api.AlarmCounts{InsufficientData: st.States[0], OK: st.States[1], Alarm: st.States[2]},
		}
		a.Training, a.TrainingSeries = trainingSummary(st.Training)
		a.DataQuality = []api.DataQuality{}
		for _, v := range st.Quality {
			a.DataQuality = append(a.DataQuality, dataQuality(v))
		}
		if d.DataQuality {
			a.Expects = expects(st.Expects, own.interval)
		}
		a.EvaluationState, a.EvaluationReason = evaluationState(own, st.LeftOut)
		if st.Decided != 0 {
			a.LastTick = api.Time(st.Decided - d.Step.Milliseconds())
		}
		if own.lastErrorAt != 0 {
			a.LastErrorAt = api.Time(own.lastErrorAt)
		}
		out = append(out, a)
	}
	return out, nil
}

func dataQuality(v quality.Verdict) api.DataQuality {
	return api.DataQuality{Reason: v.Reason.String(), Text: v.Text, Since: api.Time(v.Since), Series: v.Series, Withheld: v.Reason.Withholds()}
}

// expects is what is held for usual; seen is the time between samples where that was not declared.
func expects(x quality.Expected, seen time.Duration) api.Expectations {
	return api.Expectations{
		IntervalSeconds: cmp.Or(x.Interval, seen).Seconds(), IntervalInferred: x.Interval == 0, MaxGapSeconds: x.MaxGap.Seconds(), MaxGapInferred: x.Inferred, Series: x.Series, Labels: append([]string{}, x.Labels...),
		Lower: open(x.Min), Upper: open(x.Max),
	}
}

// open is an end of a range, NaN where it is open.
func open(end float64) api.Value {
	if math.IsInf(end, 0) {
		return api.Value(math.NaN())
	}
	return api.Value(end)
}

// evaluationState is CloudWatch's: whether series are left out, or nothing is judged at all.
func evaluationState(own *detectorStatus, leftOut int) (state, why string) {
	switch {
	case own.off:
		return api.PartialData, own.lastError
	case own.partial.left > 0:
		return api.PartialData, own.partial.text()
	case leftOut > 0:
		return api.PartialData, fmt.Sprintf("%d series are left out: a joint group has room for %d", leftOut, models.MaxJoint)
	case own.lastError != "":
		return api.EvaluationFailure, own.lastError
	}
	return "", ""
}

func detectorState(st *detectorStatus) string {
	switch {
	case st.off:
		return api.DetectorOff
	case st.lastError != "":
		return api.DetectorFailing
	case !st.attempted:
		return api.DetectorStarting
	}
	return api.DetectorRunning
}

func promiseText(l engine.Limit) string {
	if l.FDR > 0 {
		return fmt.Sprintf("fdr %g%%", math.Round(1e4*l.FDR)/100)
	}
	if l.Per == 0 {
		return "band, promises nothing"
	}
	s := strings.TrimSuffix(fmt.Sprintf("%g/%gd", l.Promised, l.Per.Hours()/24), " ")
	if l.Provisional {
		return "provisional: " + s
	}
	return s
}

// ExportSeries implements api.Backend.
func (b backend) ExportSeries(_ context.Context, yield func(api.ExportedSeries) bool) (int, error) {
	export := b.s.config().Export
	if len(export.Match) == 0 {
		return 0, nil
	}
	b.s.core.Latest(func(_ string, s tidewatch.Series) bool { return export.Matches(s.Labels) }, func(v engine.View) bool {
		return yield(api.ExportedSeries{Detector: v.Detector, Labels: v.Series.Labels, Point: point(v, 0)})
	})
	return 0, nil
}
