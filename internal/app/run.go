package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/outbox"
	"github.com/tidewatch/tidewatch/internal/slackapp"
	"github.com/tidewatch/tidewatch/internal/store"
)

// New opens the state, restores it and is ready to Run.
func New(ctx context.Context, opts Options) (*Service, error) {
	s, err := newService(opts.withDefaults())
	if err != nil {
		return nil, err
	}
	if err := s.restore(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("restore state from %s: %w", opts.DataDir, err), s.store.Close())
	}
	if err := s.logConfiguration(ctx, s.config(), nil); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	s.endTroubles(ctx)
	if s.outbox, err = outbox.New(s.outboxOptions()); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	s.slack = slackapp.New(s.slackOptions())
	if err := s.opts.Registry.Register(trainingCollector{s.core}); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	s.m.reloadSuccessful.Set(1)
	s.m.reloadTime.Set(float64(s.opts.Clock.Now().Unix()))
	return s, nil
}

// outboxOptions leave the outbox on the wall's clock, whatever the service lives in: receivers are real, and so are their limits.
func (s *Service) outboxOptions() outbox.Options {
	o := outbox.Options{
		Store: s.store, Notifiers: s.notifiers(), Logger: s.log, Registerer: s.opts.Registry,
		Interval: s.opts.SendInterval,
	}
	if s.opts.tuneOutbox != nil {
		s.opts.tuneOutbox(&o)
	}
	return o
}

// Run evaluates on the clock until ctx ends, then closes the state. A Service runs once.
func (s *Service) Run(ctx context.Context) error { return s.RunWith(ctx, s.live) }

// RunWith is Run with another driver than the clock, for example one that calls Walk. The service ends with the driver.
func (s *Service) RunWith(ctx context.Context, drive func(ctx context.Context) error) error {
	background := context.WithoutCancel(ctx)
	httpCtx, stopHTTP := context.WithCancel(background)
	defer stopHTTP()
	driveCtx, stopDriving := context.WithCancel(ctx)
	defer stopDriving()
	served := make(chan error, 1)
	go func() {
		served <- s.serveHTTP(httpCtx)
		stopDriving() // an address that cannot be had ends the service
	}()
	sendCtx, stopSending := context.WithCancel(background)
	defer stopSending()
	sent := make(chan error, 1)
	go func() { sent <- s.outbox.Run(sendCtx) }()
	socketCtx, stopSockets := context.WithCancel(background)
	defer stopSockets()
	sockets := make(chan struct{})
	go func() { defer close(sockets); s.runSockets(socketCtx) }()

	err := drive(driveCtx)
	stopHTTP()
	stopSockets()
	<-sockets
	err = errors.Join(err, <-served)
	s.slack.Wait()
	stopSending()
	err = errors.Join(err, <-sent)
	if serr := s.snapshot(); serr != nil {
		err = errors.Join(err, fmt.Errorf("last snapshot: %w", serr))
	}
	return errors.Join(err, s.closeRecording(), s.store.Close())
}

// live runs the parts until ctx ends and takes snapshots now and then.
func (s *Service) live(ctx context.Context) error {
	s.lifecycle.Lock()
	s.start(ctx)
	s.lifecycle.Unlock()
	ticker := time.NewTicker(s.config().Storage.SnapshotInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			s.lifecycle.Lock()
			defer s.lifecycle.Unlock()
			s.closed = true
			s.halt()
			return nil
		case <-ticker.C:
			s.fault("snapshot", s.snapshot())
			s.prune(ctx)
		}
	}
}

// prune drops what is older than the retention of its class.
func (s *Service) prune(ctx context.Context) {
	now, st := s.opts.Clock.Now(), s.config().Storage
	p, err := s.store.Prune(ctx, store.Retention{
		History: now.Add(-st.Keep.History), Events: now.Add(-st.Keep.Events), Silences: now.Add(-st.Keep.Silences),
		Feedback: now.Add(-st.Keep.Feedback), Incidents: now.Add(-st.Keep.Incidents), Unsent: now.Add(-st.Keep.Unsent),
	})
	if ctx.Err() == nil {
		s.fault("prune", err)
	}
	if p.Unsent > 0 {
		s.log.Warn("messages that could not be delivered are given up", "messages", p.Unsent, "older_than", st.Keep.Unsent)
	}
}

// restore loads the newest snapshot and replays the journal after it. Decisions come out as they were and are inserted again
// under their ids, so nothing is decided, learnt or sent twice. A state that cannot be read is left for the back-fill.
func (s *Service) restore(ctx context.Context) error {
	if err := s.restoreTroubles(ctx); err != nil {
		return err
	}
	whole, err := s.recall(ctx)
	if err != nil {
		return err
	}
	return s.resume(ctx, whole)
}

// recall brings back what was learnt and decided. It reports whether the snapshot alone has told it all, as after a stop in good order.
func (s *Service) recall(ctx context.Context) (whole bool, _ error) {
	var dropped []string
	var unreadable error
	snap, err := s.store.LoadSnapshot(func(snap store.Snapshot, shards store.Shards) (failed error) {
		dropped, unreadable = s.core.RestoreFrom(snap.Meta, func(load func(io.Reader) error) error {
			var bad error
			err := shards(func(_ int, r io.Reader) error { bad = load(r); return bad })
			if bad == nil || !errors.Is(err, bad) {
				failed = err // to read
			}
			return err
		})
		return failed
	})
	switch {
	case errors.Is(err, store.ErrNoSnapshot):
		return false, s.recallControls(ctx)
	case err != nil:
		return false, err
	}
	if unreadable != nil {
		s.log.Error("snapshot cannot be read by this version; everything is learnt anew from the sources", "err", unreadable)
		s.m.errors.WithLabelValues("snapshot").Inc()
		return false, errors.Join(s.build(s.cfg), s.recallControls(ctx))
	}
	for _, d := range dropped {
		s.log.Warn("detector has changed or is gone; what it had learnt is dropped", "detector", d)
	}
	n := 0
	err = s.store.Journal().Replay(snap.Pos, func(_ store.Position, b []byte) error {
		n++
		return s.again(ctx, b)
	})
	var damage *store.DamageError
	if errors.As(err, &damage) {
		s.log.Error("journal is damaged; what it does not hold is read again from the sources", "err", err)
		s.m.errors.WithLabelValues("journal").Inc()
	} else if err != nil {
		return false, err
	}
	s.log.Info("state restored", "snapshot", snap.At, "bytes", snap.Bytes, "journal_records", n)
	return err == nil && n == 0 && len(dropped) == 0, s.recallControls(ctx)
}

// resume goes on from now, or from after the newest message: one that the journal has lost, where the clock was moved back as well. What the
// newest snapshot does not hold whole, the next one does.
func (s *Service) resume(ctx context.Context, whole bool) error {
	newest, err := s.store.NewestDecision(ctx)
	if err != nil {
		return err
	}
	s.lastNow = max(s.lastNow, newest+1)
	now := max(s.lastNow, s.nowMilli())
	s.core.Resume(now)
	s.journal(engine.Record{Now: now, Resumed: true}.Append(nil, nil))
	if s.core.Now() > 0 && !whole { // there is something to keep
		s.fault("snapshot", s.snapshot())
	}
	return nil
}

// again repeats a tick of the journal.
func (s *Service) again(ctx context.Context, record []byte) error {
	rec, err := engine.DecodeRecord(record)
	if err != nil {
		return err
	}
	s.lastNow = max(s.lastNow, rec.Now)
	if rec.Resumed {
		s.core.Resume(rec.Now)
		return nil
	}
	if len(rec.Controls) > 0 {
		for _, c := range rec.Controls {
			if err := s.controlAgain(ctx, rec.Now, c); err != nil {
				return err
			}
		}
		return nil
	}
	blocks := make([]tidewatch.Block, 0, len(rec.Blocks))
	for _, b := range rec.Blocks {
		if s.core.Begun(b.Detector) { // else its learnt state is gone, and the back-fill will have these points
			blocks = append(blocks, b)
		}
	}
	rows := s.noteEvents(rec.Notes, rec.Now)
	res, err := s.core.Tick(rec.Now, blocks)
	if err != nil {
		return err
	}
	s.recordPoints(rec.Now, false, s.core.Labelled(blocks)...)
	b := s.batch(res)
	b.Events = rows
	return s.store.Commit(ctx, b)
}
