package app

import (
	"context"

	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// Causes implements api.Backend.
func (b backend) Causes(context.Context) (api.CauseList, error) {
	found := b.s.core.Causes()
	list := api.CauseList{
		Alone: len(found.Causes) - len(found.Found), QuietSeries: found.Quiet,
		Pairs: found.Pairs, PairsLeftOut: found.PairsLeftOut, AlarmsLeftOut: found.AlarmsLeftOut,
	}
	for _, f := range found.Found {
		list.Causes = append(list.Causes, apiCause(f, found.Alarms))
	}
	return list, nil
}

func apiCause(f engine.CauseFound, alarms map[string]engine.CauseMember) api.Cause {
	c := api.Cause{First: f.First, P: api.Value(f.P), Labels: []api.CauseLabel{}, Nearby: []api.CauseEvent{}}
	for _, id := range f.Members {
		m := alarms[id]
		c.Members = append(c.Members, api.CauseMember{
			AlarmID: id, Detector: m.Detector, Labels: m.Labels, Onset: api.Time(m.Onset), SpreadSeconds: float64(m.Spread) / 1000,
		})
	}
	for _, l := range f.Labels {
		c.Labels = append(c.Labels, api.CauseLabel{Name: l.Name, Value: l.Value, Quiet: l.Quiet})
	}
	for _, e := range f.Nearby {
		c.Nearby = append(c.Nearby, api.CauseEvent{ID: e.ID, Time: api.Time(e.At), Kind: e.Kind, Text: e.Text})
	}
	return c
}
