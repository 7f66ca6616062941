package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/app"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/simfleet"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// lookBack is what the detectors' expressions look back by, at most: windows at the beginning of the history are full.
const lookBack = 48 * time.Hour

// shortHistory is what the second run of a demo that runs once remembers.
const shortHistory = 6 * time.Hour

// Run runs a demo until its end (Once) or until ctx ends. ok is false where it ran once and found too little or cried wolf too
// often.
func Run(ctx context.Context, o Options) (ok bool, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.History == 0 {
		o.History = simfleet.DefaultHistory
	}
	if o.Data != "" {
		return true, runData(ctx, o)
	}
	started := time.Now()
	s, err := newStage(ctx, o, started)
	if err != nil {
		return false, err
	}
	defer s.close()
	if err := s.play(ctx); err != nil {
		return false, err
	}
	if !o.Once || ctx.Err() != nil { // the verdict was printed at the end of the week, or there was none
		return true, ctx.Err()
	}
	sum, err := s.verdict()
	if err != nil {
		return false, err
	}
	if o.History > shortHistory && o.Fleet == 0 {
		if err := playShort(ctx, o); err != nil {
			return false, err
		}
	}
	if err := json.NewEncoder(o.Out).Encode(sum); err != nil {
		return false, err
	}
	return sum.Good, nil
}

// playShort plays the week again with little history: what a newcomer's first day is worth.
func playShort(ctx context.Context, o Options) error {
	o.History, o.Listen, o.SlackListen = shortHistory, "", ""
	if _, err := fmt.Fprintf(o.Out, "\nThe same week with %s of history:\n", shortHistory); err != nil {
		return err
	}
	s, err := newStage(ctx, o, time.Now())
	if err != nil {
		return err
	}
	defer s.close()
	s.quiet = true
	if err := s.play(ctx); err != nil {
		return err
	}
	return judge(s.fleet.Incidents(), s.alarms).print(o.Out, s.zone())
}

const channel = "#oncall"

// stage is the world, the service in it, and where its messages arrive.
type stage struct {
	o       Options
	started time.Time
	quiet   bool // no addresses

	fleet  fleet
	world  *simfleet.World
	prom   *httptest.Server
	slack  *slackfake.Server
	clock  *app.Virtual
	dir    string
	cfg    *configs.Config
	svc    *app.Service
	alarms []onset

	telling    telling
	firstAlarm time.Duration
}

func newStage(ctx context.Context, o Options, started time.Time) (s *stage, err error) {
	s = &stage{o: o, started: started}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	var config []byte
	if s.fleet, config, err = newFleet(o); err != nil {
		return s, err
	}
	begin, held := s.fleet.FaultStart(), o.History
	if held > shortHistory { // the server is older than the history that is learnt from
		held += lookBack
	}
	if s.world, err = simfleet.Open(ctx, "", s.fleet, begin-held.Milliseconds(), begin); err != nil {
		return s, err
	}
	return s, s.open(ctx, begin, config)
}

// open starts the servers around the world and the service, at the world's time begin.
func (s *stage) open(ctx context.Context, begin int64, config []byte) (err error) {
	s.prom = httptest.NewServer(s.world.Handler())
	if s.slack, err = slackfake.Listen(slackfake.Options{Addr: s.o.SlackListen, Token: "simulated"}); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "tidewatch-demo-"); err != nil {
		return err
	}
	s.clock = app.NewVirtual(begin)
	s.clock.Moved = s.world.AdvanceTo
	listeners, err := api.Listen(orLoopback(s.o.Listen))
	if err != nil {
		return err
	}
	s.svc, err = app.New(ctx, app.Options{
		DataDir: s.dir, Clock: s.clock, Logger: s.o.Logger, Listeners: listeners, NoSync: true, SendInterval: time.Millisecond,
		Load:     func() (*configs.Config, error) { return s.load(config, "http://"+listeners[0].Addr().String()) },
		OnResult: s.observe,
	})
	return err
}

func orLoopback(addr string) string {
	if addr == "" {
		return "127.0.0.1:0"
	}
	return addr
}

// load is the demo's configuration with the addresses of its own servers.
func (s *stage) load(config []byte, external string) (*configs.Config, error) {
	cfg, err := configs.Parse("demo.yml", config)
	if err != nil {
		return nil, err
	}
	cfg.Global.ExternalURL = external
	for i := range cfg.Sources {
		cfg.Sources[i].URL = s.prom.URL + "/api/v1/read"
	}
	for i := range cfg.Receivers {
		for k := range cfg.Receivers[i].Slack {
			cfg.Receivers[i].Slack[k].AppURL = s.slack.APIURL()
		}
	}
	for i := range cfg.Detectors {
		cfg.Detectors[i].History = min(cfg.Detectors[i].History, s.o.History)
	}
	s.cfg = cfg
	return cfg, nil
}

func (s *stage) zone() *time.Location { return s.cfg.Global.Location }

// observe notes the alarms of a tick.
func (s *stage) observe(res engine.Result) {
	if res.Now >= s.begin() {
		s.announce(s.telling.add(&res))
	}
	for _, ch := range res.Changes {
		if ch.Transition.To != alerting.Alarming || ch.Transition.T < s.begin() {
			continue
		}
		if s.firstAlarm == 0 {
			s.firstAlarm = time.Since(s.started)
		}
		s.alarms = append(s.alarms, onset{ch.Detector, ch.Series.Labels, ch.Transition.Since, ch.Transition.T, ch.View.Reason})
		if !s.quiet && s.o.Fleet == 0 {
			fmt.Fprintf(s.o.Out, "%s  %s  %s\n", clock(ch.Transition.T, s.zone()), ch.View.Title, ch.View.Reason)
		}
	}
}

func (s *stage) begin() int64 {
	if s.fleet == nil {
		return 0
	}
	return s.fleet.FaultStart()
}

// promised is how many false alarms all detectors together promise for a week.
func (s *stage) promised() float64 {
	sum := 0.0
	for _, d := range s.cfg.Detectors {
		sum += d.Expect.PerDay() * 7
	}
	return sum
}

// play runs the service through the fault week, then in real time if not Once.
func (s *stage) play(ctx context.Context) error {
	if !s.quiet {
		fmt.Fprintf(s.o.Out, "A simulated fleet, %s of history, then a week with %d injected incidents.\n", s.o.History, len(s.fleet.Incidents()))
		fmt.Fprintf(s.o.Out, "Slack (fake): %s\nTidewatch:    %s\nPrometheus:   %s (remote-read, simulated data)\n\n", s.slack.URL(), s.cfg.Global.ExternalURL, s.prom.URL)
	}
	return s.svc.RunWith(ctx, func(ctx context.Context) error {
		end := s.begin() + (7 * 24 * time.Hour).Milliseconds()
		if err := s.walk(ctx, s.begin(), end); err != nil {
			return err
		}
		if s.o.Once {
			return s.svc.AwaitSent(ctx)
		}
		if err := s.svc.AwaitSent(ctx); err != nil {
			return err
		}
		if _, err := s.verdict(); err != nil {
			return err
		}
		fmt.Fprintf(s.o.Out, "\nThe week is over; time goes on at its real pace. Ctrl-C ends the demo.\n")
		return s.linger(ctx, end)
	})
}

// walk goes minute by minute.
func (s *stage) walk(ctx context.Context, from, to int64) error {
	step := time.Minute.Milliseconds()
	for t := from; t <= to && ctx.Err() == nil; t += step {
		next := time.Now().Add(s.o.Pace)
		if err := s.svc.Walk(ctx, s.clock, t); err != nil {
			return err
		}
		if s.o.Progress != nil {
			s.o.Progress(float64(t-from) / float64(to-from))
		}
		app.Wall{}.Sleep(ctx, time.Until(next))
	}
	return nil
}

// linger goes on in real time until ctx ends.
func (s *stage) linger(ctx context.Context, at int64) error {
	for began := time.Now(); ctx.Err() == nil; {
		if err := s.svc.Walk(ctx, s.clock, at+time.Since(began).Milliseconds()); err != nil && ctx.Err() == nil {
			return err
		}
		app.Wall{}.Sleep(ctx, time.Second)
	}
	return nil
}

func (s *stage) close() {
	if s.prom != nil {
		s.prom.Close()
	}
	if s.slack != nil {
		s.slack.Close()
	}
	if s.world != nil {
		if err := s.world.Close(); err != nil {
			s.o.Logger.Error("closing the simulated world", "err", err)
		}
	}
	if s.dir != "" {
		if err := os.RemoveAll(s.dir); err != nil {
			s.o.Logger.Error("removing the demo's state", "err", err)
		}
	}
}
