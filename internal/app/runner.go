package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/events"
)

// runner polls the detectors of one source, so that a slow source holds up no other.
type runner struct {
	s         *Service
	name      string
	source    ingest.Source
	detectors []configs.Detector
	stepping  atomic.Int64         // due time of the step under way or due next: timers wait for it
	trained   atomic.Bool          // a detector was back-filled in this step
	blind     bool                 // the newest look for events failed
	many      map[events.Kind]bool // kinds of event with too many series

	// learning has room for the detectors whose history is read and learnt at the same time: one that learns while others read. Of each a
	// chunk is in memory, and all would be if they were not kept apart.
	learning chan struct{}
}

func (s *Service) newRunners(cfg *configs.Config) ([]*runner, error) {
	by := bySource(cfg)
	var out []*runner
	for _, src := range cfg.Sources {
		if len(by[src.Name]) == 0 {
			continue
		}
		c, err := s.openSource(src, cfg)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", src.Name, err)
		}
		out = append(out, &runner{
			s: s, name: src.Name, source: c, detectors: by[src.Name], many: map[events.Kind]bool{},
			learning: make(chan struct{}, src.Concurrency+1),
		})
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

// earliest is the due time of the oldest undecided point, or the first after now. After a failure it is not before the time
// of the next attempt.
func (r *runner) earliest(now int64) int64 {
	due := int64(1<<63 - 1)
	for _, d := range r.detectors {
		next := nextDue(d, now)
		if r.undecided(d, now) {
			next = max(now, r.retryAt(d.Name, now))
		}
		due = min(due, next)
	}
	return due
}

// undecided reports whether a point of d is due at now that has not been decided.
func (r *runner) undecided(d configs.Detector, now int64) bool {
	return !r.s.core.Begun(d.Name) || r.s.core.Decided(d.Name) <= newestDue(d, now)
}

// retryAt is when a detector may be tried again after a failure. A time that is farther away than any wait is one from before
// the clock was moved back.
func (r *runner) retryAt(name string, now int64) int64 {
	r.s.mu.RLock()
	defer r.s.mu.RUnlock()
	at := r.s.status[name].retryAt
	if at > now+offRetry.Milliseconds() {
		return 0
	}
	return at
}

// step reads and decides everything that is due at now.
func (r *runner) step(ctx context.Context, now int64) {
	var wanted []configs.Detector
	for _, d := range r.detectors {
		switch {
		case !r.undecided(d, now): // another's tick, or the clock was moved back
			r.s.markAttempted(d.Name)
		case r.retryAt(d.Name, now) <= now:
			wanted = append(wanted, d)
		}
	}
	read, errs, notes := r.readDue(ctx, wanted, now)
	if ctx.Err() != nil {
		return
	}
	r.note(ctx, now, wanted, errs)
	r.leaveOut(ctx, now, wanted, read, errs)
	r.s.noteClock(ctx, now)
	blocks := slices.DeleteFunc(read, func(b tidewatch.Block) bool { return b.N == 0 })
	if r.trained.Swap(false) { // what a detector learnt must be on disk before its first tick is in the journal
		r.s.fault("snapshot", r.s.snapshot())
	}
	if len(blocks) == 0 {
		return
	}
	slices.SortFunc(blocks, func(a, b tidewatch.Block) int { return cmp.Compare(a.Detector, b.Detector) })
	r.s.decide(ctx, now, notes, blocks)
	for _, b := range blocks {
		r.s.markAttempted(b.Detector)
	}
}

// readDue gives the block of undecided points of each detector. What needs one stretch, as at an ordinary tick, is read together;
// history to learn from, long stretches to catch up with and events are read beside it.
func (r *runner) readDue(ctx context.Context, wanted []configs.Detector, now int64) (read []tidewatch.Block, errs []error, notes []engine.Note) {
	read, errs = make([]tidewatch.Block, len(wanted)), make([]error, len(wanted))
	var (
		wg        sync.WaitGroup
		queries   []ingest.Query
		detectors []configs.Detector
		of        []int
	)
	for i, d := range wanted {
		if r.s.core.Begun(d.Name) {
			if parts := r.stretches(d, now); len(parts) == 1 {
				queries, detectors, of = append(queries, ongoing(d, parts[0][0], parts[0][1])), append(detectors, d), append(of, i)
				continue
			}
		}
		wg.Go(func() { read[i], errs[i] = r.due(ctx, d, now) })
	}
	if len(wanted) > 0 {
		wg.Go(func() { notes = r.events(ctx, now) })
	}
	blocks, bad := readAllBehind(ctx, r.source, detectors, queries)
	for k, i := range of {
		read[i], errs[i] = blocks[k], bad[k]
	}
	wg.Wait()
	return read, errs, notes
}

// stretches are the undecided points of a detector at now, in records of the journal.
func (r *runner) stretches(d configs.Detector, now int64) [][2]int64 {
	to := newestDue(d, now)
	return piecesOf(recordPoints, r.s.core.Decided(d.Name)-again(d, to), to, d.Step, r.s.core.Series(d.Name))
}

// due returns the block of undecided points of d at now; long stretches are decided here but for the last one. A detector
// without state is trained on its history first.
func (r *runner) due(ctx context.Context, d configs.Detector, now int64) (tidewatch.Block, error) {
	if !r.s.core.Begun(d.Name) {
		if err := r.backfill(ctx, d, now, newestDue(d, now)-d.Step.Milliseconds()); err != nil {
			return tidewatch.Block{}, err
		}
	}
	parts := r.stretches(d, now)
	for i, p := range parts {
		b, err := r.read(ctx, d, p[0], p[1])
		if err != nil {
			return tidewatch.Block{}, err
		}
		if i == len(parts)-1 {
			return b, nil
		}
		leaveOut(&b, query(d, p[0], p[1]), r.known(d))
		r.s.decide(ctx, now, nil, []tidewatch.Block{b})
	}
	return tidewatch.Block{}, nil
}

func (r *runner) read(ctx context.Context, d configs.Detector, from, to int64) (tidewatch.Block, error) {
	return readBehind(ctx, r.source, d, ongoing(d, from, to))
}

// known tells the series that the detector judges.
func (r *runner) known(d configs.Detector) func(id uint64) bool {
	return func(id uint64) bool { return r.s.core.Known(d.Name, id) }
}

// leaveOut takes out of what was read at now what the detectors have no room for.
func (r *runner) leaveOut(ctx context.Context, now int64, ds []configs.Detector, read []tidewatch.Block, errs []error) {
	for i, d := range ds {
		if b := &read[i]; errs[i] == nil && b.N > 0 {
			r.s.notePartial(ctx, d, now, leaveOut(b, query(d, b.From, b.End()), r.known(d)))
		}
	}
}

// backfill trains a detector on its history up to the grid point to, when it is its turn.
func (r *runner) backfill(ctx context.Context, d configs.Detector, now, to int64) error {
	select {
	case r.learning <- struct{}{}:
		defer func() { <-r.learning }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.s.core.Decided(d.Name) == 0 {
		if err := ingest.CheckNeed(ctx, r.source, d.Expr, time.UnixMilli(to)); err != nil {
			return err
		}
	}
	err := readHistory(ctx, r.source, d, r.s.core.Decided(d.Name), to, func(b tidewatch.Block) error {
		n, err := r.s.core.Train(b)
		if err == nil {
			r.s.recordPoints(now, true, b)
		}
		r.s.m.points.WithLabelValues("history").Add(float64(n))
		if r.s.opts.Progress != nil && err == nil {
			r.s.opts.Progress(d.Name, d.History-time.Duration(to-b.End())*time.Millisecond, d.History)
		}
		return err
	})
	if err != nil {
		return err
	}
	r.seeInterval(ctx, now, d)
	r.trained.Store(true)
	r.s.begin(ctx, now, d.Name)
	return nil
}

// note keeps the health of the source and of its detectors after a step.
func (r *runner) note(ctx context.Context, now int64, ds []configs.Detector, errs []error) {
	down := r.s.noteSource(ctx, r.name, now, ds, errs)
	for i, d := range ds {
		kind := ingest.ErrorKind(errs[i])
		r.s.noteDetector(ctx, d, now, errs[i], kind == ingest.KindCircuitOpen || down && kind != ingest.KindQuery)
		if errs[i] != nil {
			r.s.markAttempted(d.Name)
		}
	}
	r.seeIntervals(ctx, now, ds, errs)
}
