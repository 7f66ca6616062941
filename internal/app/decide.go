package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/store"
)

// decide is one tick: the core decides, the journal gets what it was decided on, the store what was decided.
func (s *Service) decide(ctx context.Context, now int64, notes []engine.Note, blocks []tidewatch.Block) {
	if s.tick(ctx, now, notes, blocks) { // the journal misses a tick: go on from a snapshot, as soon as one can be written
		s.fault("snapshot", s.snapshot())
	}
}

// tick reports whether the journal misses one.
func (s *Service) tick(ctx context.Context, now int64, notes []engine.Note, blocks []tidewatch.Block) (gap bool) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	s.lastNow = max(s.lastNow, now)
	s.decideRecord(ctx, engine.Record{Now: s.lastNow, Notes: notes, Blocks: blocks})
	return s.gap
}

// decideRecord is a tick for which deciding is held.
func (s *Service) decideRecord(ctx context.Context, rec engine.Record) {
	payload := rec.Append(nil, s.core.Known)
	start := time.Now()
	rows := s.noteEvents(rec.Notes, s.nowMilli())
	res, err := s.core.Tick(rec.Now, rec.Blocks)
	s.m.stage.WithLabelValues("decide").Observe(time.Since(start).Seconds())
	if err != nil {
		s.log.Error("tick failed", "err", err)
		s.m.errors.WithLabelValues("decide").Inc()
		return
	}
	s.m.points.WithLabelValues("live").Add(float64(res.Points))
	for _, b := range rec.Blocks {
		s.gaugeQuality(b.Detector)
	}
	start = time.Now()
	s.recordPoints(rec.Now, false, rec.Blocks...)
	s.journal(payload)
	s.m.stage.WithLabelValues("journal").Observe(time.Since(start).Seconds())
	b := s.batch(res)
	b.Events = rows
	s.write(ctx, res, b)
	s.beat(ctx)
	s.bark(ctx)
}

// journal appends a record and waits until it is on disk. Where that fails the decisions are carried out all the same: a page
// that comes twice after a crash is better than one that does not come because a disk is full.
func (s *Service) journal(payload []byte) {
	_, err := s.store.Journal().Append(payload)
	if err != nil {
		s.gap = true
	}
	s.commitJournal(err)
}

// commitJournal tries to bring to disk what the journal holds in memory; err is why it does not hold all.
func (s *Service) commitJournal(err error) {
	s.fault("journal", errors.Join(err, s.store.Journal().Commit()))
}

// advance fires timers of incidents up to now. The journal is told: else the versions that they made would be made again after
// a crash, perhaps with other contents, and taken for repetitions of what was sent.
func (s *Service) advance(ctx context.Context, now int64) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	if at, ok := s.core.NextDeadline(); !ok || at > now {
		return
	}
	s.lastNow = max(s.lastNow, now)
	res := s.core.Advance(s.lastNow)
	s.journal(engine.Record{Now: s.lastNow}.Append(nil, nil))
	s.carry(ctx, res)
}

// begin ends a detector's training.
func (s *Service) begin(ctx context.Context, now int64, name string) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	s.carry(ctx, s.core.Begin(now, name))
}

// carry writes a result to the store, after what could not be written before.
func (s *Service) carry(ctx context.Context, res engine.Result) { s.write(ctx, res, s.batch(res)) }

func (s *Service) write(ctx context.Context, res engine.Result, b store.Batch) {
	if s.opts.OnResult != nil {
		s.opts.OnResult(res)
	}
	for _, ch := range res.Changes {
		s.m.transitions.WithLabelValues(ch.Detector, ch.Transition.To.String()).Inc()
		s.log.Info("transition", "detector", ch.Detector, "alarm", ch.Alarm, "labels", ch.Series.Labels.String(),
			"from", ch.Transition.From.String(), "to", ch.Transition.To.String(), "reason", ch.View.Reason)
	}
	s.noteQuality(res)
	if c := res.Causes; c.AlarmsLeftOut+c.PairsLeftOut > 0 {
		s.log.Info("common cause: not all alarms were compared", "alarms_left_out", c.AlarmsLeftOut, "pairs_left_out", c.PairsLeftOut, "pairs", c.Pairs)
	}
	for _, w := range res.Warnings {
		s.log.Warn("no message tells this", "detail", w)
	}
	if !b.Empty() {
		s.backlog = append(s.backlog, b)
	}
	s.drainBacklog(context.WithoutCancel(ctx))
}

// drainBacklog gives the store what it could not take yet. The journal comes first: what was decided and is in the store alone would
// be decided anew after a crash, and otherwise.
func (s *Service) drainBacklog(ctx context.Context) {
	if j := s.store.Journal(); j.Synced() < j.End() {
		s.commitJournal(nil)
	}
	for len(s.backlog) > 0 {
		err := s.store.Commit(ctx, s.backlog[0])
		s.fault("store", err)
		if err != nil {
			s.m.backlog.Set(float64(len(s.backlog)))
			return
		}
		s.backlog = s.backlog[1:]
	}
	s.m.backlog.Set(0)
}

const snapshotShards = 16

// snapshot writes the whole state; the journal before it is not needed any more. Decisions wait only while it is encoded, not until it is on
// disk.
func (s *Service) snapshot() error {
	s.snapping.Lock()
	defer s.snapping.Unlock()
	began, gap := time.Now(), false
	var pos store.Position
	err := s.store.WriteSnapshot(func(put store.PutShard) (meta []byte, _ store.Position, err error) {
		defer s.flushRecording()
		s.deciding.Lock()
		defer s.deciding.Unlock()
		// A snapshot stands for all records before it, so what they decided must be in the store first.
		if s.drainBacklog(context.Background()); len(s.backlog) > 0 {
			return nil, 0, fmt.Errorf("%d results wait for the store", len(s.backlog))
		}
		paused := time.Now()
		gap, s.gap = s.gap, false
		pos = s.store.Journal().End()
		meta, err = s.core.SnapshotTo(snapshotShards, put)
		s.m.snapshotPause.Set(time.Since(paused).Seconds())
		return meta, pos, err
	})
	s.m.snapshotSeconds.Set(time.Since(began).Seconds())
	if err != nil {
		s.deciding.Lock()
		s.gap = s.gap || gap // the journal misses a tick that is in the state
		s.deciding.Unlock()
		return err
	}
	return s.store.TruncateBefore(pos)
}
