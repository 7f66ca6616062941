package preflight

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/app"
)

// CheckOptions is what Check needs; Config and Now must be set.
type CheckOptions struct {
	Config   *configs.Config
	File     string // where the configuration was read, to tell places in it
	Now      time.Time
	Offline  bool // ask nobody
	Logger   *slog.Logger
	Progress func(share float64) // 0 to 1; may be nil
}

// Check looks at every detector of a configuration that loads: it lints its expression, and unless Offline asks its source what
// it matches, what it would read and how much of it there is. What is wrong with one source or detector does not keep it from
// looking at the others; the error is only that ctx has ended.
func Check(ctx context.Context, o CheckOptions) (*Report, error) {
	c := &checkRun{CheckOptions: o, places: locate(o.File, o.Config), report: &Report{}, asked: map[string]*asked{}}
	if !o.Offline {
		for _, s := range o.Config.Sources {
			if err := c.ask(ctx, s); err != nil {
				return c.report, err
			}
		}
	}
	for k, d := range o.Config.Detectors {
		if err := c.detector(ctx, d); err != nil {
			return c.report, err
		}
		if o.Progress != nil {
			o.Progress(float64(k+1) / float64(len(o.Config.Detectors)))
		}
	}
	c.protocols()
	c.horizons()
	c.route()
	return c.report, nil
}

// asked is a source with what it has answered.
type asked struct {
	reached  bool
	source   ingest.Source
	api      *ingest.API
	server   Server
	census   *census
	register *register
}

type checkRun struct {
	CheckOptions
	places places
	report *Report
	asked  map[string]*asked
}

// route notes what a route without group_by means, which people find out late.
func (c *checkRun) route() {
	r := c.Config.Route
	if len(c.Config.Detectors) > 1 && r.GroupBy == nil && len(r.Routes) == 0 {
		c.report.add(Problem{Level: LevelNote, About: "route", Text: "there is no group_by, so everything that fires at the same time is one message; for example group_by: [alertname] makes one for each detector"})
	}
}

// ask reaches out to a source and says once what is wrong with it.
func (c *checkRun) ask(ctx context.Context, s configs.Source) error {
	a := &asked{}
	c.asked[s.Name] = a
	err := a.open(ctx, c.Config, s, c.Logger, c.Now)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r := SourceReport{Name: s.Name, URL: ingest.RedactURL(s.URL), Server: a.server, Reached: err == nil}
	a.reached = r.Reached
	c.report.Sources = append(c.report.Sources, r)
	if err != nil {
		c.report.add(Problem{Level: configs.LevelError, Text: err.Error() + hint(err)})
		return nil
	}
	for _, u := range a.server.Unknown {
		c.report.add(Problem{Level: LevelNote, About: "source " + s.Name, Text: u})
	}
	for _, p := range bounds(s, a.server.Limits) {
		c.report.add(p)
	}
	if ext := a.server.Config.ExternalLabels; !ext.IsEmpty() && len(s.ExternalLabels) == 0 {
		c.report.add(Problem{Level: configs.LevelWarning, About: "source " + s.Name, Text: fmt.Sprintf(
			"the server has external_labels %s, which it adds to every series that it gives away; set external_labels of the source to the same, so that expressions mean here what they mean there", ext)})
	}
	return nil
}

// LevelNote is a Problem's level that is only worth knowing.
const LevelNote configs.Level = "note"

func (a *asked) open(ctx context.Context, cfg *configs.Config, s configs.Source, log *slog.Logger, now time.Time) error {
	var err error
	if a.api, err = ingest.NewAPI(s.Name, s.URL, s.HTTP, s.Timeout); err != nil {
		return err
	}
	if a.source, err = app.RemoteSources(cfg, log)(s.Name); err != nil {
		return err
	}
	a.census = &census{api: a.api, cache: map[string]stock{}}
	a.server, err = Ask(ctx, a.api)
	a.register = &register{api: a.api, server: a.server, now: now, facts: map[string]metricFacts{}}
	return err
}

// hint says what may help against an error of a source.
func hint(err error) string {
	switch ingest.ErrorKind(err) {
	case ingest.KindUnauthorized:
		return "; set basic_auth, authorization or oauth2 of the source"
	case ingest.KindTLS:
		return "; see tls_config of the source (ca_file, server_name)"
	case ingest.KindUnreachable, ingest.KindTimeout:
		return "; is the address right, and reachable from here? Only what needs no server is checked"
	default:
		return ""
	}
}

// detector looks at one detector.
func (c *checkRun) detector(ctx context.Context, d configs.Detector) error {
	r := DetectorReport{Detector: d}
	a := c.asked[d.Source]
	var meta configs.Metadata
	if a != nil && a.reached && a.server.HasAPI {
		if err := a.register.learn(ctx, d); err != nil {
			return err
		}
		meta = a.register.metadata()
	}
	for _, f := range configs.Lint(d, meta) {
		c.finding(d, f)
	}
	if a != nil && a.reached {
		c.live(ctx, a, &r)
	}
	c.report.Detectors = append(c.report.Detectors, r)
	return ctx.Err()
}

func (c *checkRun) wrong(ctx context.Context, d configs.Detector, level configs.Level, text string) {
	if ctx.Err() == nil { // the end of the context is not the detector's problem
		c.report.add(Problem{level, c.places.at(d.Name, 0), d.Name, Unprefixed(d.Name, text)})
	}
}

// Unprefixed takes the detector's name off an error's text that is printed beside it.
func Unprefixed(detector, text string) string {
	prefix := fmt.Sprintf("detector %q: ", detector)
	for strings.HasPrefix(text, prefix) {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}

func (c *checkRun) finding(d configs.Detector, f configs.Finding) {
	text := fmt.Sprintf("%s (%s)", f.Problem, f.Rule)
	if f.Hint != "" {
		text += "; " + f.Hint
	}
	c.report.add(Problem{f.Level, c.places.at(d.Name, f.Offset), d.Name, text})
}

// protocols notes the sources that have no remote-read, and were asked for query_range instead.
func (c *checkRun) protocols() {
	for _, s := range c.Config.Sources {
		if a := c.asked[s.Name]; a != nil && a.reached && s.Protocol == ingest.ProtocolAuto && ingest.SpokenBy(a.source) == ingest.ProtocolQueryRange {
			c.report.add(Problem{Level: LevelNote, About: "source " + s.Name, Text: "it has no remote-read, so its query_range is asked and the server evaluates every expression; write protocol: query_range to say so"})
		}
	}
}

// horizons notes how far back each source's data reach, and says so where it is less than the longest history asked of it.
func (c *checkRun) horizons() {
	for k := range c.report.Sources {
		s := &c.report.Sources[k]
		a := c.asked[s.Name]
		if !a.reached {
			continue
		}
		s.Horizon = a.register.horizon()
		var longest time.Duration
		for _, d := range c.Config.Detectors {
			if d.Source == s.Name {
				longest = max(longest, d.History)
			}
		}
		if s.Horizon > 0 && s.Horizon < longest-longest/20 {
			c.report.add(Problem{Level: LevelNote, About: "source " + s.Name, Text: fmt.Sprintf(
				"its data reach back %s of the %s of history asked for; what is learnt from the rest comes with time", span(s.Horizon), span(longest))})
		}
	}
}
