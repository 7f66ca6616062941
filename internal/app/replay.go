package app

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// ReplayOptions is what Replay needs. The decided range is [From, To], Unix milliseconds; models are trained on the history
// before it.
type ReplayOptions struct {
	Config   *configs.Config
	Source   func(name string) (ingest.Source, error)
	From, To int64
	Workers  int
	// Ticks says when a recorded service decided the points of a detector, so that they are decided then again; nil, or none for
	// a detector: at its due times.
	Ticks func(configs.Detector) []ingest.Tick
	// Inputs are what the service was told meanwhile; see ReadInputs. What is from before From takes effect before the history is
	// read, so that it changes what is told and not what the models have learnt.
	Inputs Inputs
	// Each is called with the result of every tick that decided something or found fault with the data, in order of time.
	Each func(engine.Result) error
	// Failed is called with the error of a detector that cannot be read; it is left out, the others go on.
	Failed func(detector string, err error)
	// Progress is told the share of the range that is done, 0 to 1; it may be nil.
	Progress func(share float64)
}

// ReplayReport sums a replay up.
type ReplayReport struct {
	Detectors, Series, Points int
	Alarms                    int // transitions into ALARM
	Notices                   int // messages that would have been sent, edits not counted
	Versions                  int // edits counted
	Status                    []engine.Status
	Reconfigured              []string // times at which the service was given another configuration: what it sent before may differ
	Refused                   []string // inputs that were refused, and why: what they name does not exist here
	WithoutEvents             []string // sources that told of no deploys and restarts, and why: what a service recorded by itself holds none
}

// Replay drives the production core over recorded time: the same detectors, due times and decisions as the service, on a
// virtual clock and with nothing sent.
func Replay(ctx context.Context, o ReplayOptions) (ReplayReport, error) {
	r := &replay{ReplayOptions: o, cursors: map[string]*cursor{}, events: map[string]*eventCursor{}}
	r.core = engine.NewCore(engine.New(engine.Options{Workers: o.Workers}), alerting.NewDispatcher(o.Config.Route, dispatcherOptions(o.Config)))
	if err := r.core.Configure(engineDetectors(o.Config, false), o.Config.Route, dispatcherOptions(o.Config)); err != nil {
		return r.report, err
	}
	set, err := o.Config.NewComposites()
	if err != nil {
		return r.report, err
	}
	r.core.Compose(set)
	if err := r.tell(o.From); err != nil {
		return r.report, err
	}
	if err := r.train(ctx); err != nil {
		return r.report, err
	}
	if err := r.decide(ctx); err != nil {
		return r.report, err
	}
	r.report.Status = r.core.Status()
	for _, s := range r.report.Status {
		r.report.Series += s.Series
	}
	return r.report, nil
}

type replay struct {
	ReplayOptions
	core    *engine.Core
	cursors map[string]*cursor      // detectors that are in, by name
	events  map[string]*eventCursor // by source
	report  ReplayReport
}

// train runs the history before From, as the service does at its first start. A detector whose recording begins later waits.
func (r *replay) train(ctx context.Context) error {
	for i, d := range r.Config.Detectors {
		src, err := r.Source(d.Source)
		if err != nil {
			if r.Failed == nil {
				return fmt.Errorf("source %s: %w", d.Source, err)
			}
			r.Failed(d.Name, err)
			continue
		}
		c := &cursor{d: d, source: src}
		if r.Ticks != nil {
			c.ticks = r.Ticks(d)
		}
		r.cursors[d.Name] = c
		if r.events[d.Source] == nil {
			r.events[d.Source] = &eventCursor{source: src, name: d.Source}
		}
		if c.begins(r.From) <= r.From {
			if err := r.trainOne(ctx, c, r.From); err != nil {
				return err
			}
		}
		r.progress(0.5 * float64(i+1) / float64(len(r.Config.Detectors)))
	}
	return nil
}

func (r *replay) progress(share float64) {
	if r.Progress != nil {
		r.Progress(share)
	}
}

// trainOne trains a detector that decides from now on. One that cannot be read is left out.
func (r *replay) trainOne(ctx context.Context, c *cursor, now int64) error {
	err := readHistory(ctx, c.source, c.d, 0, c.trainedTo(now), func(b tidewatch.Block) error {
		n, err := r.core.Train(b)
		r.report.Points += n
		return err
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		delete(r.cursors, c.d.Name)
		if r.Failed != nil {
			r.Failed(c.d.Name, err)
		}
		return nil
	}
	c.begun = true
	r.report.Detectors++
	return r.each(r.core.Begin(now, c.d.Name))
}

// decide walks the due times of [From, To].
func (r *replay) decide(ctx context.Context) error {
	for now := r.nextDue(r.From - 1); now <= r.To; now = r.nextDue(now) {
		if err := ctx.Err(); err != nil {
			return err
		}
		blocks, err := r.due(ctx, now)
		if err != nil {
			return err
		}
		if err := r.tell(now); err != nil {
			return err
		}
		if err := r.each(r.core.Advance(now - 1)); err != nil { // as the service's timers do, so that the order is theirs, too
			return err
		}
		r.note(ctx, now, blocks)
		res, err := r.core.Tick(now, blocks)
		if err != nil {
			return err
		}
		if err := r.each(res); err != nil {
			return err
		}
		r.progress(0.5 + 0.5*float64(now-r.From)/float64(max(r.To-r.From, 1)))
	}
	if err := r.tell(r.To + 1); err != nil {
		return err
	}
	return r.each(r.core.Advance(r.To))
}

// note tells the core of the events that the service would have found at now, when it decided blocks. A source that does not tell
// of any is not asked again.
func (r *replay) note(ctx context.Context, now int64, blocks []tidewatch.Block) {
	if r.Config.Events.Interval == 0 {
		return
	}
	to := eventsDue(r.Config, now)
	for _, b := range blocks {
		c := r.events[r.cursors[b.Detector].d.Source]
		if c.failed || to <= c.until {
			continue
		}
		n, err := c.next(ctx, r.Config, to, eventsDue(r.Config, r.To))
		if err == nil {
			r.core.Note(n)
		} else if ctx.Err() == nil {
			r.report.WithoutEvents = append(r.report.WithoutEvents, fmt.Sprintf("source %s: %v", c.name, err))
		}
	}
}

func (r *replay) nextDue(now int64) int64 {
	next := int64(math.MaxInt64)
	for _, c := range r.cursors {
		next = min(next, c.nextDue(now))
	}
	return next
}

// due are the columns that are due at now, in order of detectors.
func (r *replay) due(ctx context.Context, now int64) ([]tidewatch.Block, error) {
	var blocks []tidewatch.Block
	for _, name := range slices.Sorted(maps.Keys(r.cursors)) {
		c := r.cursors[name]
		if c.nextDue(now-1) != now {
			continue
		}
		if !c.begun {
			if err := r.trainOne(ctx, c, now); err != nil {
				return nil, err
			}
			if !c.begun {
				continue
			}
		}
		b, err := c.take(ctx, now, r.To)
		if err != nil {
			return nil, fmt.Errorf("detector %s: %w", name, err)
		}
		blocks = append(blocks, b)
	}
	return blocks, nil
}

func (r *replay) each(res engine.Result) error {
	r.report.Points += res.Points
	for _, ch := range res.Changes {
		if ch.Transition.To == alerting.Alarming {
			r.report.Alarms++
		}
	}
	for i := range res.Notices {
		r.report.Versions++
		if res.Notices[i].Version == 1 {
			r.report.Notices++
		}
	}
	if r.Each == nil || len(res.Changes)+len(res.Notices)+len(res.Quality) == 0 {
		return nil
	}
	return r.Each(res)
}

// ReplayEnd is the newest time whose points are all due at now.
func ReplayEnd(cfg *configs.Config, now time.Time) int64 {
	end := now.UnixMilli()
	for _, d := range cfg.Detectors {
		end = min(end, newestDue(d, now.UnixMilli())+d.Delay.Milliseconds())
	}
	return end
}
