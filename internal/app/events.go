package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/events"
	"github.com/tidewatch/tidewatch/internal/store"
)

const (
	eventsBack    = 6 * time.Hour    // how far back is looked at first, and after an outage: as far as a chart reaches
	eventsTimeout = 10 * time.Second // a source that is slow with them holds up no decision for longer
)

// eventsDue is the newest grid time that may be looked at for events at now: a look is what a detector with the same step would be.
func eventsDue(cfg *configs.Config, now int64) int64 {
	return newestDue(configs.Detector{Step: cfg.Events.Interval, Delay: cfg.Global.Delay}, now)
}

// eventsFrom is the grid time after which is looked: where the last look ended, but not farther back than eventsBack.
func eventsFrom(cfg *configs.Config, until, to int64) int64 {
	back := to - eventsBack.Milliseconds()
	return max(until, back-mod(back, cfg.Events.Interval.Milliseconds()))
}

// watched are the selectors to ask for, by kind, in a fixed order.
func watched(e configs.Events) (kinds []events.Kind, selectors []string) {
	for _, w := range []struct {
		kind     events.Kind
		selector string
	}{{events.Deploy, e.Deploys}, {events.Restart, e.Restarts}, {events.Rollout, e.Rollouts}} {
		if w.selector != "" {
			kinds, selectors = append(kinds, w.kind), append(selectors, w.selector)
		}
	}
	return kinds, selectors
}

// findEvents looks at a source's metrics for events seen after the grid time from and up to to. leftOut is told of a kind with more
// series than allowed, which is left out.
func findEvents(ctx context.Context, src ingest.Source, all *configs.Config, name string, from, to int64, leftOut func(events.Kind, *ingest.TooManySeriesError)) ([]events.Found, error) {
	var out []events.Found
	cfg := all.Events
	step := cfg.Interval.Milliseconds()
	kinds, selectors := watched(cfg)
	queries := make([]ingest.Query, len(kinds))
	for i, kind := range kinds {
		queries[i] = ingest.Query{
			Detector: "events/" + string(kind), Expr: selectors[i], From: from - events.Memory*step, To: to, Step: step, MaxSeries: cfg.MaxSeries,
		}
	}
	blocks, errs := ingest.ReadAll(ctx, src, queries)
	for i, kind := range kinds {
		var many *ingest.TooManySeriesError
		switch {
		case errors.As(errs[i], &many):
			leftOut(kind, many)
		case errs[i] != nil:
			return nil, fmt.Errorf("looking for %s events: %w", kind, errs[i])
		default:
			leftOut(kind, nil)
			out = append(out, events.Find(kind, blocks[i], from, name, all.Global.Visible)...)
		}
	}
	return out, nil
}

func plain(found []events.Found) []alerting.ContextEvent {
	out := make([]alerting.ContextEvent, len(found))
	for i := range found {
		out[i] = found[i].ContextEvent
	}
	return out
}

// events looks for events that have not been looked for; none where it is not time, or the source fails: the next look catches up.
func (r *runner) events(ctx context.Context, now int64) []engine.Note {
	cfg := r.s.config()
	if cfg.Events.Interval == 0 {
		return nil
	}
	to, until := eventsDue(cfg, now), r.s.core.EventsUntil(r.name)
	if to <= until {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, eventsTimeout)
	defer cancel()
	found, err := findEvents(ctx, r.source, cfg, r.name, eventsFrom(cfg, until, to), to, r.leftOut)
	if (err != nil) != r.blind && ctx.Err() == nil {
		r.blind = err != nil
		if r.blind {
			r.s.log.Warn("deploys and restarts cannot be looked for; it is tried again", "source", r.name, "err", err)
		}
	}
	if err != nil {
		r.s.m.errors.WithLabelValues("events").Inc()
		return nil
	}
	return []engine.Note{{Origin: r.name, Until: to, Events: plain(found)}}
}

// leftOut notes that a kind of event has too many series, or no more.
func (r *runner) leftOut(kind events.Kind, many *ingest.TooManySeriesError) {
	g := r.s.m.eventsLeftOut.WithLabelValues(r.name, string(kind))
	if many == nil {
		g.Set(0)
		delete(r.many, kind)
		return
	}
	g.Set(float64(many.Got))
	if !r.many[kind] {
		r.many[kind] = true
		r.s.log.Warn("events are left out: too many series", "source", r.name, "kind", string(kind), "series", many.Got, "max_series", many.Limit,
			"hint", "narrow the selector in events, or raise events.max_series")
	}
}

// noteEvents takes events into the core, and returns the rows of those that are new. The caller holds deciding, and journals the notes.
func (s *Service) noteEvents(notes []engine.Note, now int64) (rows []store.EventRow) {
	for _, n := range notes {
		for _, e := range s.core.Note(n) {
			s.m.events.WithLabelValues(e.Kind, n.Origin).Inc()
			rows = append(rows, store.EventRow{
				ID: e.ID, T: e.At, KnownAt: now, Kind: e.Kind, Text: e.Text, Mark: e.Mark, Labels: e.Labels, Origin: e.Origin,
			})
		}
	}
	return rows
}

// PostEvent takes an event that somebody posted. It is on disk when it returns.
func (s *Service) PostEvent(ctx context.Context, e alerting.ContextEvent) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	// At the time of the last decision: nothing is decided because of it, and no timer runs ahead of a tick that is due.
	s.decideRecord(ctx, engine.Record{Now: s.lastNow, Notes: []engine.Note{{Origin: e.Origin, Events: []alerting.ContextEvent{e}}}})
}

// eventCursor hands out a source's events in replay as the service would have found them.
type eventCursor struct {
	source ingest.Source
	name   string
	until  int64 // looked at up to here
	read   int64 // and read ahead up to here
	ahead  []events.Found
	failed bool
}

// next is the note that the service would have taken at a due time whose newest grid time is to; last is the end of the replay.
func (c *eventCursor) next(ctx context.Context, cfg *configs.Config, to, last int64) (engine.Note, error) {
	if to > c.read {
		from := eventsFrom(cfg, c.until, to)
		end := max(to, min(last, to+chunk(cfg.Events.Interval).Milliseconds()))
		end -= mod(end, cfg.Events.Interval.Milliseconds())
		found, err := findEvents(ctx, c.source, cfg, c.name, from, end, func(events.Kind, *ingest.TooManySeriesError) {})
		if err != nil {
			c.failed = true
			return engine.Note{}, err
		}
		c.ahead, c.read = append(c.ahead, found...), end
	}
	n := engine.Note{Origin: c.name, Until: to}
	var rest []events.Found
	for _, f := range c.ahead {
		if f.Seen <= to {
			n.Events = append(n.Events, f.ContextEvent)
		} else {
			rest = append(rest, f)
		}
	}
	c.ahead, c.until = rest, to
	return n, nil
}
