package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/outbox"
	"github.com/tidewatch/tidewatch/internal/slackapp"
	"github.com/tidewatch/tidewatch/internal/store"
	"github.com/tidewatch/tidewatch/models"
)

// Service is a running Tidewatch. Its parts: runners (one per source) read points on schedule, decide feeds them to the core
// one tick at a time and puts tick and decisions into the store, the outbox sends, snapshots are taken now and then.
type Service struct {
	opts    Options
	log     *slog.Logger
	visible *atomic.Pointer[alerting.Visible] // what of it the log shows
	m       *metrics
	store   *store.Store
	core    *engine.Core

	snapping sync.Mutex // held from encoding a snapshot until it is on disk; before deciding
	deciding sync.Mutex // held while the core, the journal and the store change together
	lastNow  int64
	backlog  []store.Batch // results that the store could not take yet, oldest first
	gap      bool          // a tick could not be put into the journal

	mu       sync.RWMutex
	cfg      *configs.Config
	ints     []integration
	runners  []*runner
	ctx      context.Context    // of Run
	stop     context.CancelFunc // ends the parts that a reload replaces
	parts    sync.WaitGroup
	status   map[string]*detectorStatus
	sources  map[string]*health
	troubles map[string]openTrouble // Tidewatch's own open notices by key
	ready    sync.Once
	scratch  *store.Scratch
	onHeap   sync.Once // it was told that the scratch has no room
	isReady  bool

	recorder  *ingest.Recorder // nil where nothing is recorded
	outbox    *outbox.Outbox
	slack     *slackapp.App
	adopted   chan struct{} // a new configuration is in force
	lifecycle sync.Mutex    // one reload or the shutdown at a time
	closed    bool

	heart  heartbeat
	barked int64 // when the watchdog's newest alert was made; deciding guards it
	keeper alertKeeper

	faultMu sync.Mutex
	faults  map[string]bool // parts of the state that cannot be written
}

// newService opens the store and builds the core of the configuration, without starting anything.
func newService(opts Options) (*Service, error) {
	cfg, err := opts.Load()
	if err != nil {
		return nil, err
	}
	visible := &atomic.Pointer[alerting.Visible]{}
	visible.Store(cfg.Global.Visible)
	opts.Logger = slog.New(visibleLog{opts.Logger.Handler(), visible})
	so := store.Options{Logger: opts.Logger, Registerer: opts.Registry, Clock: opts.Clock.Now, NoSync: opts.NoSync}
	if opts.tuneStore != nil {
		opts.tuneStore(&so)
	}
	st, err := store.Open(opts.DataDir, so)
	if err != nil {
		return nil, err
	}
	s := &Service{
		opts: opts, log: opts.Logger, visible: visible, store: st, scratch: store.NewScratch(opts.DataDir), m: newMetrics(opts.Registry), status: map[string]*detectorStatus{},
		sources: map[string]*health{}, troubles: map[string]openTrouble{}, faults: map[string]bool{}, keeper: newAlertKeeper(), adopted: make(chan struct{}, 1),
	}
	err = s.openRecorder(cfg)
	if err == nil {
		err = s.build(cfg)
	}
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return s, nil
}

// build makes a core for cfg.
func (s *Service) build(cfg *configs.Config) error {
	ints, err := integrations(cfg, s.log)
	if err != nil {
		return err
	}
	runners, err := s.newRunners(cfg)
	if err != nil {
		return err
	}
	core := engine.NewCore(engine.New(engine.Options{Workers: s.opts.Workers, Memory: s.chartMemory}), alerting.NewDispatcher(cfg.Route, dispatcherOptions(cfg)))
	if err := core.Configure(engineDetectors(cfg, false), cfg.Route, dispatcherOptions(cfg)); err != nil {
		return err
	}
	set, err := cfg.NewComposites()
	if err != nil {
		return err
	}
	core.Compose(set)
	s.core = core
	s.adopt(cfg, ints, runners)
	return nil
}

// chartMemory lends the engine room for the points that charts show, in files of the data directory. Where there is none, which is told
// once, they stay on the heap.
func (s *Service) chartMemory(n int) (b []byte, release func()) {
	b, release, err := s.scratch.Take(n)
	if err != nil {
		s.onHeap.Do(func() { s.log.Warn("points for charts are kept on the heap", "err", err) })
	}
	return b, release
}

func (s *Service) adopt(cfg *configs.Config, ints []integration, runners []*runner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg, s.ints, s.runners = cfg, ints, runners
	s.visible.Store(cfg.Global.Visible)
	for _, d := range cfg.Detectors {
		if s.status[d.Name] == nil {
			s.status[d.Name] = &detectorStatus{}
		}
		s.status[d.Name].retryAt = 0 // what failed may be what was changed
	}
	s.forgetGone(cfg)
	select {
	case s.adopted <- struct{}{}:
	default: // it is known already
	}
}

// forgetGone drops what is kept of detectors and sources that are not configured any more. The caller holds mu.
func (s *Service) forgetGone(cfg *configs.Config) {
	detectors, sources := map[string]bool{}, map[string]bool{}
	for _, d := range cfg.Detectors {
		detectors[d.Name], sources[d.Source] = true, true
	}
	for name := range s.status {
		if detectors[name] {
			continue
		}
		delete(s.status, name)
		s.m.detectorUp.DeleteLabelValues(name)
		s.m.seriesLeftOut.DeleteLabelValues(name)
		s.m.lastEvaluation.DeleteLabelValues(name)
		s.m.dataQuality.DeletePartialMatch(prometheus.Labels{"detector": name})
	}
	for name := range s.sources {
		if !sources[name] {
			delete(s.sources, name)
			s.m.sourceUp.DeleteLabelValues(name)
		}
	}
}

func dispatcherOptions(cfg *configs.Config) alerting.DispatcherOptions {
	return alerting.DispatcherOptions{
		Location: cfg.Global.Location, Links: links(cfg.Global.ExternalURL), SilenceWarning: cfg.Global.SilenceWarning,
		FlapChanges: cfg.Global.FlapChanges, StormGroups: cfg.Global.StormGroups, Visible: cfg.Global.Visible, Report: cfg.Report, Promised: promised(cfg),
		Inhibit: cfg.Inhibit, Mutes: cfg.Mutes, Intervals: cfg.Intervals,
	}
}

// promised is how many false alarms a day detectors promise at most, by name.
func promised(cfg *configs.Config) map[string]float64 {
	out := map[string]float64{}
	for _, d := range cfg.Detectors {
		if p := promise(d); p.Count > 0 && p.Per > 0 && !p.PerSeries {
			out[d.Name] = float64(p.Count) * float64(24*time.Hour) / float64(p.Per)
		}
	}
	return out
}

// links are the URLs beside an alarm: its page, where people can reach this Tidewatch.
func links(external string) func(alerting.AlarmView) []alerting.Link {
	return func(v alerting.AlarmView) []alerting.Link {
		if external == "" {
			return nil
		}
		return []alerting.Link{{Text: "Why?", URL: external + "/alarms/" + v.ID}}
	}
}

// nowMilli is the clock's time in Unix milliseconds.
func (s *Service) nowMilli() int64 { return s.opts.Clock.Now().UnixMilli() }

// start starts the parts that a reload replaces. The caller holds lifecycle.
func (s *Service) start(ctx context.Context) {
	s.ctx = ctx
	ctx, s.stop = context.WithCancel(ctx)
	for _, r := range s.runners {
		s.parts.Go(func() { r.run(ctx) })
	}
	s.parts.Go(func() { s.timers(ctx) })
	s.parts.Go(func() { s.keepAlerts(ctx) })
}

// halt stops them and waits; restart starts them again. Where another driver walks the service, there are none.
func (s *Service) halt() (restart func()) {
	if s.stop == nil {
		return func() {}
	}
	s.stop()
	s.parts.Wait()
	return func() { s.start(s.ctx) }
}

// Reload applies the configuration again, all or nothing. Detectors whose model configuration is equal keep what they have
// learnt.
func (s *Service) Reload(ctx context.Context) error {
	err := s.reload(context.WithoutCancel(ctx)) // a caller who hangs up does not leave it half done
	s.m.reloads.WithLabelValues(outcomeLabel(err)).Inc()
	s.m.reloadSuccessful.Set(bool01(err == nil))
	if err != nil {
		s.log.Error("reload failed, the old configuration stays in force", "err", err)
		return err
	}
	s.m.reloadTime.Set(float64(s.opts.Clock.Now().Unix()))
	return nil
}

func (s *Service) reload(ctx context.Context) error {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()
	if s.closed {
		return errors.New("shutting down")
	}
	cfg, err := s.opts.Load()
	if err != nil {
		return err
	}
	ints, err := integrations(cfg, s.log)
	if err != nil {
		return err
	}
	runners, err := s.newRunners(cfg)
	if err != nil {
		return err
	}
	changes := configs.Changes(s.config(), cfg)
	for _, c := range changes {
		s.log.Info("configuration", "change", c.String())
	}
	set, err := cfg.NewComposites()
	if err != nil {
		return err
	}
	defer s.halt()()
	if err := s.core.Configure(engineDetectors(cfg, false), cfg.Route, dispatcherOptions(cfg)); err != nil {
		return err
	}
	s.core.Compose(set)
	s.adopt(cfg, ints, runners)
	if err := s.logConfiguration(ctx, cfg, changes); err != nil {
		s.log.Warn("the change of the configuration is not written down for replays", "err", err)
	}
	s.endTroubles(ctx)
	if err := s.outbox.SetNotifiers(ctx, s.notifiers()); err != nil {
		s.log.Warn("messages that failed before the reload are not tried again yet", "err", err)
	}
	s.fault("snapshot", s.snapshot())
	return nil
}

// notifiers are the senders by integration.
func (s *Service) notifiers() map[string]alerting.Notifier {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := make(map[string]alerting.Notifier, len(s.ints))
	for _, in := range s.ints {
		m[in.id] = in.notifier
	}
	return m
}

func (s *Service) config() *configs.Config {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.cfg
}

// detectorStatus is what the API says of a detector beside its state in the core.
type detectorStatus struct {
	attempted   bool
	off         bool // too many series
	health      health
	retryAt     int64
	lastError   string
	lastErrorAt int64
	lastTick    int64
	leftOut     int           // series that joint groups have no room for, as they were told last
	partial     partial       // what max_series left out of the newest evaluation
	room        health        // since when it leaves something out
	interval    time.Duration // between two samples, as it was seen last; 0: unknown
	intervalAt  int64         // when it was looked at
	unowned     int           // series that share a forest because there are too many to have their own, likewise
}

// noteLeftOut tells the log when joint groups have no room for series that they had room for, or more of them, and when series that are to have a
// forest of their own have to share one. It wants s.mu.
func (s *Service) noteLeftOut(name string) {
	st, n := s.status[name], s.core.LeftOut(name)
	if n > st.leftOut {
		s.log.Warn("series are left out: a joint group has no room for more", "detector", name, "left_out", n, "group_limit", models.MaxJoint)
	}
	st.leftOut = n
	held, n := s.core.OwnForests(name)
	if n > st.unowned {
		s.log.Warn("series share a forest: there are as many with one of their own as there may be", "detector", name, "own", held, "sharing", n, "limit", engine.MaxOwn)
	}
	st.unowned = n
}

// markAttempted notes that a detector was evaluated or failed to be; after the first round of all the service is ready.
func (s *Service) markAttempted(name string) {
	s.mu.Lock()
	s.status[name].attempted = true
	s.noteLeftOut(name)
	all := true
	for _, d := range s.cfg.Detectors {
		all = all && s.status[d.Name].attempted
	}
	s.isReady = s.isReady || all
	s.mu.Unlock()
	if all {
		s.ready.Do(func() {
			s.log.Info("ready: every detector has been evaluated once")
			if s.opts.OnReady != nil {
				s.opts.OnReady()
			}
		})
	}
}

// Ready says why the service is not ready, nil if it is.
func (s *Service) Ready() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.isReady {
		return nil
	}
	for _, d := range s.cfg.Detectors {
		if !s.status[d.Name].attempted {
			return fmt.Errorf("detector %s has not been evaluated yet", d.Name)
		}
	}
	return nil
}

func outcomeLabel(err error) string {
	if err != nil {
		return "failure"
	}
	return "success"
}

func bool01(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
