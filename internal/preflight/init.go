package preflight

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/app"
)

// InitOptions is what Init needs; Source, Now, History, Span and Budget must be set.
type InitOptions struct {
	Source   configs.Source
	Timezone string        // IANA name
	History  time.Duration // read before the replayed span and at the first start
	Span     time.Duration // the latest stretch whose messages are counted
	Budget   time.Duration // how long the replay may take; what does not fit is not tried
	Now      time.Time
	Logger   *slog.Logger
	Progress func(share float64) // 0 to 1; may be nil
}

// InitResult is what Init found out and wrote.
type InitResult struct {
	Server Server
	Plan   configs.Plan
	YAML   []byte
	Tally  *Tally // of the replay; nil where nothing was replayed
	// Horizon is how far back the metrics of the presets reach, up to History + Span; 0 is unknown.
	Horizon time.Duration
	// Guessed says that no preset matches, and that self was taken for want of a better one.
	Guessed bool
}

// Init looks at a server, chooses the presets that match, counts their series, replays the latest span with the production
// engine and writes a commented configuration.
func Init(ctx context.Context, o InitOptions) (InitResult, error) {
	i := &initRun{InitOptions: o}
	if err := i.open(ctx); err != nil {
		return i.res, err
	}
	if err := i.presets(ctx); err != nil {
		return i.res, err
	}
	if err := i.horizon(ctx); err != nil {
		return i.res, err
	}
	cfg, err := i.detectors(ctx)
	if err != nil {
		return i.res, err
	}
	if err := i.replay(ctx, cfg); err != nil {
		return i.res, err
	}
	i.res.YAML, err = i.write()
	return i.res, err
}

// The shares of the progress that the parts of Init take.
const (
	shareAsked   = 0.02
	shareCounted = 0.1
)

type initRun struct {
	InitOptions
	api    *ingest.API
	source ingest.Source
	res    InitResult
}

func (i *initRun) progress(share float64) {
	if i.Progress != nil {
		i.Progress(share)
	}
}

// open asks the server who it is, and takes over its external labels.
func (i *initRun) open(ctx context.Context) error {
	api, err := ingest.NewAPI(i.Source.Name, i.Source.URL, i.Source.HTTP, i.Source.Timeout)
	if err != nil {
		return err
	}
	if i.res.Server, err = Ask(ctx, api); err != nil {
		return err
	}
	i.api = api
	adoptLabels(&i.Source, i.res.Server.Config.ExternalLabels.Map())
	i.res.Plan = configs.Plan{Source: i.Source, Timezone: i.Timezone, Span: i.Span}
	if i.source, err = openSource(i.Source, i.Logger); err != nil {
		return err
	}
	i.progress(shareAsked)
	return nil
}

// replicaLabels tell the replicas of one Prometheus apart; they must not become part of a series' identity.
var replicaLabels = []string{"prometheus_replica", "replica", "__replica__"}

// adoptLabels makes the server's external labels those of the source: matched and stripped, and put back onto its series, but
// for those that tell replicas apart.
func adoptLabels(s *configs.Source, external map[string]string) {
	if len(external) == 0 {
		return
	}
	s.ExternalLabels, s.Labels = map[string]string{}, map[string]string{}
	for name, value := range external {
		if slices.Contains(replicaLabels, name) {
			s.DropLabels = append(s.DropLabels, name)
			continue
		}
		s.ExternalLabels[name], s.Labels[name] = value, value
	}
	slices.Sort(s.DropLabels)
}

// openSource makes the client that the service would use.
func openSource(s configs.Source, log *slog.Logger) (ingest.Source, error) {
	cfg := &configs.Config{Sources: []configs.Source{s}}
	return app.RemoteSources(cfg, log)(s.Name)
}

// presets finds out which presets have what they need.
func (i *initRun) presets(ctx context.Context) error {
	for _, p := range configs.Presets() {
		plan := configs.PlanPreset{Name: p.Name}
		for _, metric := range p.Requires {
			ok, err := i.holds(ctx, metric)
			if err != nil {
				return fmt.Errorf("look for %s: %w", metric, err)
			}
			if !ok {
				plan.Missing = append(plan.Missing, metric)
			}
		}
		i.res.Plan.Presets = append(i.res.Plan.Presets, plan)
	}
	if slices.ContainsFunc(i.res.Plan.Presets, matches) {
		return nil
	}
	for k := range i.res.Plan.Presets {
		if p := &i.res.Plan.Presets[k]; p.Name == fallbackPreset {
			p.Missing, i.res.Guessed = nil, true
		}
	}
	return nil
}

// horizon finds out how old the data are that the presets need.
func (i *initRun) horizon(ctx context.Context) error {
	if !i.res.Server.HasAPI {
		return nil
	}
	r := &register{api: i.api, server: i.res.Server, now: i.Now}
	for k, p := range configs.Presets() {
		if !matches(i.res.Plan.Presets[k]) || i.res.Guessed {
			continue
		}
		for _, metric := range p.Requires {
			age, err := r.age(ctx, "count("+metric+")", i.History+i.Span)
			if err != nil {
				return err
			}
			i.res.Horizon = max(i.res.Horizon, age)
		}
	}
	return nil
}

// fallbackPreset is used where no preset matches: a configuration needs at least one detector, and it watches whether targets
// are up.
const fallbackPreset = "self"

func matches(p configs.PlanPreset) bool { return len(p.Missing) == 0 }

// holds asks by remote-read where there is no HTTP API.
func (i *initRun) holds(ctx context.Context, metric string) (bool, error) {
	if i.res.Server.HasAPI {
		return i.res.Server.holds(metric), nil
	}
	d := configs.Detector{Name: metric, Expr: "count(" + metric + ")", Step: time.Minute, Delay: time.Minute}
	m, err := match(ctx, i.source, d, i.Now)
	return m.Count() > 0, err
}

// detectors counts the series of every detector of the presets that match, and returns the configuration that would be
// written, with the detectors that can run.
func (i *initRun) detectors(ctx context.Context) (*configs.Config, error) {
	text, err := i.write()
	if err != nil {
		return nil, err
	}
	cfg, err := configs.Parse("tidewatch.yml", text)
	if err != nil {
		return nil, err
	}
	cfg.Sources = []configs.Source{i.Source} // with the paths of its secrets as they were given
	var run []configs.Detector
	for k, d := range cfg.Detectors {
		m, err := match(ctx, i.source, d, i.Now)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		found := configs.PlanDetector{Name: d.Name, Series: m.Count(), Messages: -1}
		switch {
		case err != nil && !local(err):
			return nil, err
		case err != nil:
			found.Note = "cannot be read: " + Unprefixed(d.Name, err.Error())
		case m.TooMany != nil:
			found.Note = fmt.Sprintf("over max_series (%d), so it stays off until it is aggregated", m.TooMany.Limit)
		case found.Series > 0:
			run = append(run, d)
		default:
			if missing := missingMetrics(i.res.Server, d.Expr); len(missing) > 0 {
				found.Note = "the server has no " + strings.Join(missing, ", ")
			}
		}
		i.plan(d.Preset).Detectors = append(i.plan(d.Preset).Detectors, found)
		i.progress(shareAsked + (shareCounted-shareAsked)*float64(k+1)/float64(len(cfg.Detectors)))
	}
	cfg.Detectors = run
	return cfg, nil
}

// local tells a failure of one detector's read from one of the server.
func local(err error) bool {
	switch ingest.ErrorKind(err) {
	case ingest.KindQuery, ingest.KindLimit, ingest.KindTimeout, ingest.KindServer:
		return true
	default:
		return false
	}
}

func (i *initRun) plan(preset string) *configs.PlanPreset {
	at := slices.IndexFunc(i.res.Plan.Presets, func(p configs.PlanPreset) bool { return p.Name == preset })
	return &i.res.Plan.Presets[at]
}

func (i *initRun) found(d configs.Detector) *configs.PlanDetector {
	list := i.plan(d.Preset).Detectors
	at := slices.IndexFunc(list, func(p configs.PlanDetector) bool { return p.Name == d.Name })
	return &list[at]
}

// write makes the text of the configuration of what is known so far.
func (i *initRun) write() ([]byte, error) {
	if s := &i.res.Plan.Source; ingest.SpokenBy(i.source) == ingest.ProtocolQueryRange {
		s.Protocol, s.ExternalLabels = ingest.ProtocolQueryRange, nil // the server evaluates, and does not see its own
		s.URL = strings.Replace(s.URL, "/api/v1/read", "/api/v1/query_range", 1)
	}
	text, err := configs.Generate(i.res.Plan)
	if err != nil {
		return nil, err
	}
	return withHistory(text, i.History)
}
