package app

import (
	"math"
	"strconv"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/store"
)

// evaluation is what the history keeps of the points that a decision was taken on. Figures that JSON does not know are null.
type evaluation struct {
	Period     int64        `json:"period"` // milliseconds
	Of         int          `json:"of"`
	Datapoints int          `json:"datapoints"`
	Range      int          `json:"range"`
	Missing    string       `json:"missing"`
	Filled     int          `json:"filled,omitempty"`
	Recovery   float64      `json:"recovery,omitempty"`
	Points     []evaluated  `json:"points,omitempty"` // newest first
	Children   []childState `json:"children,omitempty"`
}

type evaluated struct {
	T         int64    `json:"t"`
	Value     *float32 `json:"y"`
	Lower     *float32 `json:"lower"`
	Upper     *float32 `json:"upper"`
	Score     *float32 `json:"score"`
	Breaching bool     `json:"breaching,omitempty"`
}

type childState struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Series int    `json:"series"`
	Of     int    `json:"of"`
}

// evaluationOf is that of a change; nil where nothing was evaluated.
func evaluationOf(ch *engine.Change) *evaluation {
	if ch.Set != nil || len(ch.Evaluated)+len(ch.Children) == 0 && ch.Step == 0 {
		return nil
	}
	e := &evaluation{Period: ch.Step, Filled: ch.Transition.Missing}
	if p := ch.Policy; ch.Step > 0 {
		e.Of, e.Datapoints, e.Range, e.Missing, e.Recovery = p.Of, p.Datapoints, p.Range(), p.Missing.String(), p.Recovery
	}
	for _, p := range ch.Evaluated {
		e.Points = append(e.Points, evaluated{p.T, single(p.Value), single(p.Lower), single(p.Upper), single(p.Score), p.Breaching})
	}
	for _, c := range ch.Children {
		e.Children = append(e.Children, childState{c.Name, c.State.String(), c.Series, c.Of})
	}
	return e
}

// single is v as it is kept, nil where JSON has no number for it.
func single(v float64) *float32 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	f := float32(v)
	return &f
}

func figure(f *float32) api.Value {
	if f == nil {
		return api.Value(math.NaN())
	}
	v, err := strconv.ParseFloat(strconv.FormatFloat(float64(*f), 'g', -1, 32), 64) // 0.062, and not 0.06199999898672104
	if err != nil {
		return api.Value(*f)
	}
	return api.Value(v)
}

// reasonData is a row's evaluation in CloudWatch's shape.
func reasonData(r *store.TransitionRow, d *decisionData) *api.ReasonData {
	e := d.Evaluation
	if e == nil {
		return nil
	}
	out := &api.ReasonData{
		Version: "1.0", QueryDate: api.Time(r.DecidedAt), Rule: r.Rule, Row: alerting.Rule(r.Rule).Explain(), PeriodSeconds: float64(e.Period) / 1000,
		EvaluationPeriods: e.Of, DatapointsToAlarm: e.Datapoints, EvaluationRange: e.Range, TreatMissingData: e.Missing, FilledDatapoints: e.Filled,
		Threshold: 1, RecoveryThreshold: e.Recovery, ModelConfig: d.ModelConfig,
		RecentDatapoints: []api.Value{}, RecentLowerThresholds: []api.Value{}, RecentUpperThresholds: []api.Value{},
		EvaluatedDatapoints: []api.EvaluatedDatapoint{}, TriggeringAlarms: []api.TriggeringAlarm{},
	}
	for _, p := range e.Points {
		out.EvaluatedDatapoints = append(out.EvaluatedDatapoints, api.EvaluatedDatapoint{
			Timestamp: api.Time(p.T), Value: figure(p.Value), Lower: figure(p.Lower), Upper: figure(p.Upper), Score: figure(p.Score), Breaching: p.Breaching,
		})
	}
	for i := len(e.Points) - 1; i >= 0; i-- { // oldest first, as CloudWatch has these
		p := &e.Points[i]
		out.RecentDatapoints = append(out.RecentDatapoints, figure(p.Value))
		out.RecentLowerThresholds = append(out.RecentLowerThresholds, figure(p.Lower))
		out.RecentUpperThresholds = append(out.RecentUpperThresholds, figure(p.Upper))
	}
	if n := len(e.Points); n > 0 {
		out.StartDate = api.Time(e.Points[n-1].T)
	}
	for _, c := range e.Children {
		out.TriggeringAlarms = append(out.TriggeringAlarms, api.TriggeringAlarm{Name: c.Name, State: c.State, Series: c.Series, Of: c.Of})
	}
	return out
}
