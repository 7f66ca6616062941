package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// runner polls the detectors of one source, so that a slow source holds up no other.
type runner struct {
	s         *Service
	name      string
	source    ingest.Source
	detectors []configs.Detector
	stepping  atomic.Int64 // due time of the step under way or due next: timers wait for it
	trained   atomic.Bool  // a detector was back-filled in this step
	down      health
}

func (s *Service) newRunners(cfg *configs.Config) ([]*runner, error) {
	by := bySource(cfg)
	var out []*runner
	for _, src := range cfg.Sources {
		if len(by[src.Name]) == 0 {
			continue
		}
		c, err := s.opts.OpenSource(src)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", src.Name, err)
		}
		out = append(out, &runner{s: s, name: src.Name, source: c, detectors: by[src.Name]})
	}
	return out, nil
}

// run steps at every due time until ctx ends. What became due while a step ran is taken at once.
func (r *runner) run(ctx context.Context) {
	for ctx.Err() == nil {
		now := r.s.nowMilli()
		due := r.earliest(now)
		r.stepping.Store(due)
		if due > now {
			r.s.opts.Clock.Sleep(ctx, time.Duration(due-now)*time.Millisecond)
			if ctx.Err() != nil {
				return
			}
			if r.s.nowMilli() < due { // the clock was moved back, or the sleep ended early
				continue
			}
		}
		r.step(ctx, max(due, now))
	}
}

// earliest is the due time of the oldest undecided point, or the first after now.
func (r *runner) earliest(now int64) int64 {
	due := int64(1<<63 - 1)
	for _, d := range r.detectors {
		next := nextDue(d, now)
		if dec := r.s.core.Decided(d.Name); r.wanted(d.Name, now) && (dec == 0 || dec <= newestDue(d, now)) {
			next = now
		}
		due = min(due, next)
	}
	return due
}

// wanted is false while a detector waits after a failure.
func (r *runner) wanted(name string, now int64) bool {
	r.s.mu.RLock()
	defer r.s.mu.RUnlock()
	return r.s.status[name].retryAt <= now
}

// step reads and decides everything that is due at now.
func (r *runner) step(ctx context.Context, now int64) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var blocks []tidewatch.Block
	behind := int64(0)
	for _, d := range r.detectors {
		if !r.wanted(d.Name, now) {
			continue
		}
		if dec := r.s.core.Decided(d.Name); dec != 0 {
			behind = max(behind, dec-d.Step.Milliseconds()-newestDue(d, now))
		}
		wg.Go(func() {
			b, err := r.due(ctx, d, now)
			if ctx.Err() != nil {
				return
			}
			r.note(ctx, d, now, err)
			if err == nil && b.N > 0 {
				mu.Lock()
				defer mu.Unlock()
				blocks = append(blocks, b)
			}
		})
	}
	wg.Wait()
	r.s.clockBehind(ctx, now, behind)
	if r.trained.Swap(false) && ctx.Err() == nil { // what a detector learnt must be on disk before its first tick is in the journal
		r.s.fault("snapshot", r.s.snapshot())
	}
	if ctx.Err() != nil || len(blocks) == 0 {
		return
	}
	slices.SortFunc(blocks, func(a, b tidewatch.Block) int { return cmp.Compare(a.Detector, b.Detector) })
	r.s.decide(ctx, now, blocks)
	for _, b := range blocks {
		r.s.markAttempted(b.Detector)
	}
}

// due returns the block of undecided points of d at now; long stretches are decided here but for the last one. A detector
// without state is trained on its history first.
func (r *runner) due(ctx context.Context, d configs.Detector, now int64) (tidewatch.Block, error) {
	to := newestDue(d, now)
	from := r.s.core.Decided(d.Name)
	if from == 0 {
		if err := r.backfill(ctx, d, now, to-d.Step.Milliseconds()); err != nil {
			return tidewatch.Block{}, err
		}
		from = r.s.core.Decided(d.Name)
	}
	parts := spans(from, to, d.Step)
	for i, p := range parts {
		b, err := r.read(ctx, d, p[0], p[1])
		if err != nil {
			return tidewatch.Block{}, err
		}
		if i == len(parts)-1 {
			return b, nil
		}
		r.s.decide(ctx, now, []tidewatch.Block{b})
	}
	return tidewatch.Block{}, nil
}

func (r *runner) read(ctx context.Context, d configs.Detector, from, to int64) (tidewatch.Block, error) {
	return r.source.Read(ctx, query(d, from, to))
}

// backfill trains a detector on its history up to the grid point to.
func (r *runner) backfill(ctx context.Context, d configs.Detector, now, to int64) error {
	start := to - d.History.Milliseconds()
	start -= mod(start, d.Step.Milliseconds())
	for _, p := range spans(start, to, d.Step) {
		b, err := r.read(ctx, d, p[0], p[1])
		if err != nil {
			return fmt.Errorf("back-fill: %w", err)
		}
		n, err := r.s.core.Train(b)
		if err != nil {
			return fmt.Errorf("back-fill: %w", err)
		}
		r.s.m.points.WithLabelValues("history").Add(float64(n))
		if r.s.opts.Progress != nil {
			r.s.opts.Progress(d.Name, time.Duration(p[1]-start)*time.Millisecond, d.History)
		}
	}
	r.trained.Store(true)
	r.s.begin(ctx, now, d.Name)
	return nil
}

// note keeps the detector's status after a read and logs a change of it once.
func (r *runner) note(ctx context.Context, d configs.Detector, now int64, err error) {
	r.s.noteDetector(ctx, r.name, d, now, err)
	var many *ingest.TooManySeriesError
	if err == nil || errors.As(err, &many) {
		r.down.ok(ctx, r.s, r.name, now)
	} else {
		r.down.failed(ctx, r.s, r.name, now, err)
	}
	if err != nil {
		r.s.markAttempted(d.Name)
	}
}
