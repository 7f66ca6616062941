package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/app"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// StormOptions describe a storm: World.Broken series go wrong within a minute, after what History has taught.
type StormOptions struct {
	World
	History  time.Duration
	Ticks    int // of a minute, from the one on that raises the first alarm
	GroupBy  []string
	Groups   int          // storm_groups; 0: each group has a message of its own, so that the queue grows
	Refusals int          // how many messages Slack refuses from the first alarm on, with a 429 and a second to wait
	Reload   bool         // right after the alarms were raised
	URL      string       // of a generator that runs already; "": one is started in a process of its own
	Profiles string       // directory for a pprof profile of the storm; "": none
	Logger   *slog.Logger // of the service; nil discards
}

// StormDefaults are 100,000 series of which half go wrong, each a group of its own.
func StormDefaults() StormOptions {
	return StormOptions{
		World:   World{Series: 100_000, Detectors: 100, Scrape: time.Minute, Broken: 50_000},
		History: 6 * time.Hour, Ticks: 8, GroupBy: []string{"instance"}, Groups: 8,
	}
}

const (
	stormQuiet = 8  // ticks before the storm, enough for the heap to fill up to its next collection
	stormMost  = 60 // ticks, at most
)

// storm is a run under way.
type storm struct {
	o      StormOptions
	slack  *slackfake.Server
	clock  *app.Virtual
	meter  *meter
	rss    *sampler
	rep    StormReport
	raised int // in the tick under way
	alarms map[string]bool
	from   Cost      // when the tick under way began
	began  time.Time // the tick that raised the first alarm
	at     int64     // its decision time
	newest map[string]alerting.Notice
}

// RunStorm lets a storm happen to an ordinary service with a fake Slack.
func RunStorm(ctx context.Context, o StormOptions) (rep StormReport, err error) {
	o.BreakAt = begin + stormQuiet*time.Minute.Milliseconds()
	if err := o.check(); err != nil {
		return rep, err
	}
	s := &storm{o: o, clock: app.NewVirtual(begin), meter: newMeter(), rss: newSampler(), alarms: map[string]bool{}, newest: map[string]alerting.Notice{}}
	defer s.rss.stop()
	s.rep.Series, s.rep.Broken, s.rep.Groups, s.rep.Refusals = o.Series, o.Broken, o.Groups, o.Refusals
	if s.slack, err = slackfake.Listen(slackfake.Options{}); err != nil {
		return rep, err
	}
	defer s.slack.Close()
	url, stop, err := generator(ctx, o.URL, o.World)
	if err != nil {
		return rep, err
	}
	s.o.URL = url
	defer func() { err = errors.Join(err, stop()) }()
	dir, err := os.MkdirTemp("", "tidewatch-storm-")
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	svc, err := s.service(ctx, dir)
	if err != nil {
		return rep, err
	}
	err = svc.RunWith(ctx, func(ctx context.Context) error { return s.play(ctx, svc) })
	return s.rep, err
}

func (s *storm) service(ctx context.Context, dir string) (*app.Service, error) {
	base, err := config(s.o.World, s.o.URL, s.o.History, time.Minute, 2)
	if err != nil {
		return nil, err
	}
	top, err := configs.Parse("storm.yml", fmt.Appendf(nil, `
global: {storm_groups: %d}
sources: [{name: generator, url: %q}]
presets: [self]
route: {receiver: slack, group_by: [%s]}
receivers: [{name: slack, slack_configs: [{channel: "#oncall", app_token: %q, app_url: %q}]}]
`, s.o.Groups, s.o.URL+"/api/v1/read", strings.Join(s.o.GroupBy, ", "), s.slack.Token(), s.slack.APIURL()))
	if err != nil {
		return nil, fmt.Errorf("the storm's own configuration: %w", err)
	}
	base.Route, base.Receivers, base.Global.StormGroups = top.Route, top.Receivers, top.Global.StormGroups
	return app.New(ctx, app.Options{
		DataDir: dir, Clock: s.clock, Logger: s.o.Logger, Registry: prometheus.NewRegistry(),
		Load:     func() (*configs.Config, error) { return base, nil },
		OnResult: s.observe,
	})
}

// observe counts alarms and keeps the newest version of each message.
func (s *storm) observe(res engine.Result) {
	for _, ch := range res.Changes {
		if ch.Transition.To == alerting.Alarming && !s.alarms[ch.Alarm] {
			s.alarms[ch.Alarm] = true
			s.raised++
			if s.at == 0 {
				s.at = res.Now
				s.slack.Inject("chat.postMessage", s.o.Refusals, slackfake.RateLimited(time.Second))
			}
		}
	}
	for _, n := range res.Notices {
		if s.rep.Wait == 0 && len(s.newest) == 0 {
			s.rep.Wait = time.Duration(n.At-s.at) * time.Millisecond
			s.rep.FirstCPU = s.meter.now().CPU - s.from.CPU
		}
		n.Alarms = append([]alerting.AlarmView(nil), n.Alarms...)
		for i := range n.Alarms {
			n.Alarms[i].Chart = nil
		}
		s.newest[n.Key] = n
	}
}

// play trains, waits for the first alarm, and goes on for the ticks.
func (s *storm) play(ctx context.Context, svc *app.Service) error {
	step := time.Minute.Milliseconds()
	if err := svc.Walk(ctx, s.clock, begin); err != nil {
		return err
	}
	s.rss.memory()
	if err := svc.Walk(ctx, s.clock, begin+(stormQuiet-1)*step); err != nil {
		return err
	}
	s.rep.Before = s.rss.memory()
	clear(s.alarms)
	clear(s.newest)
	s.rep.Wait = 0
	s.at = 0
	stop, err := (&profiles{s.o.Profiles}).cpu("storm")
	if err != nil {
		return err
	}
	for i := int64(stormQuiet); i < stormQuiet+stormMost && (len(s.rep.Ticks) < s.o.Ticks || s.news()); i++ {
		if err := s.tick(ctx, svc, begin+i*step); err != nil {
			return err
		}
	}
	from := s.meter.now()
	err = svc.AwaitSent(ctx)
	s.rep.Send = s.meter.now().sub(from)
	if _, perr := stop(); perr != nil || err != nil {
		return errors.Join(err, perr)
	}
	s.rep.After = s.rss.memory()
	s.count()
	if s.rep.Messages == 0 {
		return errors.New("no message; the log says why")
	}
	return nil
}

// news reports whether an alarm may have been raised that no message counts yet.
func (s *storm) news() bool {
	told := int(alerting.DefaultGroupInterval/time.Minute) + 1
	for _, t := range s.rep.Ticks[max(0, len(s.rep.Ticks)-told):] {
		if t.Raised > 0 {
			return true
		}
	}
	return false
}

func (s *storm) tick(ctx context.Context, svc *app.Service, at int64) error {
	began := time.Now()
	s.from, s.raised = s.meter.now(), 0
	if err := svc.Walk(ctx, s.clock, at); err != nil {
		return err
	}
	if s.at == 0 {
		return nil
	}
	if s.began.IsZero() {
		s.began = began
		if s.o.Reload {
			if err := svc.Reload(ctx); err != nil {
				return err
			}
		}
	}
	s.rep.Alarms += s.raised
	s.rep.Ticks = append(s.rep.Ticks, StormTick{s.raised, s.meter.now().sub(s.from), s.rss.memory()})
	return nil
}
