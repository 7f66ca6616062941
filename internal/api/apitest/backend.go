package apitest

import (
	"context"
	"fmt"
	"sync"

	"github.com/tidewatch/tidewatch/internal/api"
)

// Backend answers from its fields. Set Err to make every method fail.
type Backend struct {
	mu           sync.Mutex
	AllAnomalies []api.Anomaly
	AllAlarms    []api.Alarm
	AllEvents    []api.Event
	AllCauses    api.CauseList
	AllDetectors []api.Detector
	AllSources   []api.Source
	Histories    map[string]api.History
	Explained    map[string]api.Explanation
	Bands        map[uint64]api.BandSeries
	Exported     []api.ExportedSeries
	Omitted      int
	Err          error
	BeforeReply  func(ctx context.Context) // called at the start of every method; may block or panic
}

func (b *Backend) enter(ctx context.Context) error {
	if b.BeforeReply != nil {
		b.BeforeReply(ctx)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return b.Err
}

// Add puts anomalies into the list while others read it.
func (b *Backend) Add(as ...api.Anomaly) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.AllAnomalies = append(b.AllAnomalies, as...)
}

// Anomalies implements api.Backend.
func (b *Backend) Anomalies(ctx context.Context, q api.AnomalyQuery) (api.AnomalyPage, error) {
	if err := b.enter(ctx); err != nil {
		return api.AnomalyPage{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return api.PageAnomalies(b.AllAnomalies, q), nil
}

// Alarms implements api.Backend.
func (b *Backend) Alarms(ctx context.Context, q api.AlarmQuery) (api.AlarmPage, error) {
	return api.PageAlarms(b.AllAlarms, q), b.enter(ctx)
}

// Alarm implements api.Backend.
func (b *Backend) Alarm(ctx context.Context, id string) (api.Alarm, error) {
	for _, a := range b.AllAlarms {
		if a.ID == id {
			return a, b.enter(ctx)
		}
	}
	return api.Alarm{}, unknown("alarm", id)
}

// known reports whether there is an alarm of that id, or one of that detector.
func (b *Backend) known(target string) bool {
	for _, a := range b.AllAlarms {
		if a.ID == target || a.Detector == target {
			return true
		}
	}
	return false
}

// History implements api.Backend.
func (b *Backend) History(ctx context.Context, id string, limit int) (api.History, error) {
	h, ok := b.Histories[id]
	if !ok {
		return api.History{}, unknown("alarm", id)
	}
	if n := len(h.Transitions); n > limit {
		h.Transitions, h.Omitted = h.Transitions[:limit], n-limit
	}
	return h, b.enter(ctx)
}

// Explain implements api.Backend.
func (b *Backend) Explain(ctx context.Context, id string) (api.Explanation, error) {
	e, ok := b.Explained[id]
	if !ok {
		return api.Explanation{}, unknown("alarm", id)
	}
	return e, b.enter(ctx)
}

// Band implements api.Backend.
func (b *Backend) Band(ctx context.Context, id uint64, from, to int64) (api.BandSeries, error) {
	s, ok := b.Bands[id]
	if !ok {
		return api.BandSeries{}, unknown("series", fmt.Sprint(id))
	}
	var in []api.BandPoint
	for _, p := range s.Points {
		if int64(p.Time) >= from && int64(p.Time) <= to {
			in = append(in, p)
		}
	}
	s.Points = in
	return s, b.enter(ctx)
}

// Detectors implements api.Backend.
func (b *Backend) Detectors(ctx context.Context) ([]api.Detector, error) {
	return b.AllDetectors, b.enter(ctx)
}

// Sources implements api.Backend.
func (b *Backend) Sources(ctx context.Context) ([]api.Source, error) {
	return b.AllSources, b.enter(ctx)
}

// Causes implements api.Backend.
func (b *Backend) Causes(ctx context.Context) (api.CauseList, error) {
	return b.AllCauses, b.enter(ctx)
}

// Events implements api.Backend.
func (b *Backend) Events(ctx context.Context, q api.EventQuery) (api.EventPage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return api.PageEvents(b.AllEvents, q), b.enter(ctx)
}

// PostEvent implements api.Backend.
func (b *Backend) PostEvent(ctx context.Context, e api.Event) (api.Event, error) {
	if err := b.enter(ctx); err != nil {
		return api.Event{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e.ID, e.Known, e.Origin = fmt.Sprintf("posted-%d", len(b.AllEvents)), at(0), "api"
	b.AllEvents = append(b.AllEvents, e)
	return e, nil
}

// ExportSeries implements api.Backend.
func (b *Backend) ExportSeries(ctx context.Context, yield func(api.ExportedSeries) bool) (int, error) {
	for _, x := range b.Exported {
		if !yield(x) {
			break
		}
	}
	return b.Omitted, b.enter(ctx)
}

func unknown(what, id string) error {
	return api.NotFoundf("no %s has the id %q; /api/v1/alarms lists them", what, id)
}
