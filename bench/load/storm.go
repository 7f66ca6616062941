package load

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	Reload   bool         // right after the alarms were raised
	URL      string       // of a generator that runs already; "": one is started in a process of its own
	Profiles string       // directory for a pprof profile of the storm; "": none
	Logger   *slog.Logger // of the service; nil discards
}

// StormDefaults are 100,000 series of which half go wrong, each a group of its own.
func StormDefaults() StormOptions {
	return StormOptions{World: World{Series: 100_000, Detectors: 100, Scrape: time.Minute, Broken: 50_000}, History: 6 * time.Hour, Ticks: 8, GroupBy: []string{"instance"}}
}

// StormReport is what came of a storm.
type StormReport struct {
	Series, Broken int
	Alarms         int // that were raised, each counted once
	Told           int // alarms that the messages count at the end

	// First is from when the evaluation that raised the first alarms began until Slack had the first message: Wait of it was group_wait,
	// the rest is reading, deciding, storing and sending on the wall's clock.
	First, Wait              time.Duration
	FirstCPU                 time.Duration // the processor time of that until the message was decided
	Messages, Replies, Edits int

	Ticks         []StormTick
	Send          Cost // after the last tick, until all was sent
	Before, After Memory
}

// StormTick is what one minute cost.
type StormTick struct {
	Raised int // alarms
	Cost
	Memory
}

const (
	stormQuiet = 3  // ticks before the storm
	stormMost  = 60 // ticks, at most
)

// storm is a run under way.
type storm struct {
	o      StormOptions
	slack  *slackfake.Server
	clock  *app.Virtual
	meter  *meter
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
	s := &storm{o: o, clock: app.NewVirtual(begin), meter: newMeter(), alarms: map[string]bool{}, newest: map[string]alerting.Notice{}}
	s.rep.Series, s.rep.Broken = o.Series, o.Broken
	if s.slack, err = slackfake.Listen(slackfake.Options{}); err != nil {
		return rep, err
	}
	defer s.slack.Close()
	if o.URL == "" {
		childCtx, stop := context.WithCancel(ctx)
		url, wait, cerr := child(childCtx, o.World)
		if cerr != nil {
			stop()
			return rep, cerr
		}
		s.o.URL = url
		defer func() { stop(); err = errors.Join(err, wait()) }()
	}
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
sources: [{name: generator, url: %q}]
presets: [self]
route: {receiver: slack, group_by: [%s]}
receivers: [{name: slack, slack_configs: [{channel: "#oncall", app_token: %q, app_url: %q}]}]
`, s.o.URL+"/api/v1/read", strings.Join(s.o.GroupBy, ", "), s.slack.Token(), s.slack.APIURL()))
	if err != nil {
		return nil, fmt.Errorf("the storm's own configuration: %w", err)
	}
	base.Route, base.Receivers = top.Route, top.Receivers
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
	if err := svc.Walk(ctx, s.clock, begin+(stormQuiet-1)*step); err != nil {
		return err
	}
	memory()
	s.rep.Before = memory()
	clear(s.alarms)
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
	s.rep.After = memory()
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
	s.rep.Ticks = append(s.rep.Ticks, StormTick{s.raised, s.meter.now().sub(s.from), memory()})
	return nil
}

// count reads what Slack has.
func (s *storm) count() {
	for i, m := range s.slack.Messages("#oncall") {
		if i == 0 {
			s.rep.First = s.rep.Wait + m.Posted.Sub(s.began)
		}
		s.rep.Messages++
		s.rep.Replies += len(m.Replies)
		s.rep.Edits += m.Edits
	}
	for _, n := range s.newest {
		s.rep.Told += len(n.Alarms) + n.Omitted
	}
}

// Print writes the report.
func (r StormReport) Print(out io.Writer) error {
	_, err := fmt.Fprintf(out, "%d of %d series went wrong within a minute: %d alarms, of which the messages count %d\n"+
		"%d messages, %d replies in their threads, %d edits; the first %s after its evaluation began, group_wait included (%s), %s of CPU until it was decided\n"+
		"memory: RSS %s before, %s after, live heap %s before, %s after; sending the rest took %s CPU\n",
		r.Broken, r.Series, r.Alarms, r.Told, r.Messages, r.Replies, r.Edits, round(r.First), r.Wait, round(r.FirstCPU),
		mebibytes(r.Before.RSS), mebibytes(r.After.RSS), mebibytes(r.Before.Live), mebibytes(r.After.Live), round(r.Send.CPU))
	for i, t := range r.Ticks {
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "minute %d: %d alarms raised, %s CPU, %s wall, peak RSS %s, live heap %s\n",
			i+1, t.Raised, round(t.CPU), round(t.Wall), mebibytes(t.Peak), mebibytes(t.Live))
	}
	return err
}
