package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/user"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/internal/api"
)

// silenceParent is `tidewatch silence`, whose commands are amtool's.
func silenceParent(a *kingpin.Application) *kingpin.CmdClause {
	if c := a.GetCommand("silence"); c != nil {
		return c
	}
	return a.Command("silence", "Add, query, update and expire silences of a running service, as amtool does.")
}

// serviceFlags are how a running service is reached.
func serviceFlags(c *kingpin.CmdClause) func() (*statusClient, error) {
	base := c.Flag("url", "URL of the service.").Default("http://localhost:9880").String()
	httpConfig := c.Flag("http-config", "YAML file with Prometheus's HTTP client settings; secrets in files of their own.").String()
	return func() (*statusClient, error) { return newStatusClient(*base, *httpConfig) }
}

// silenceTimes are the flags that say when a silence holds.
type silenceTimes struct{ duration, start, end *string }

func timesFlags(c *kingpin.CmdClause, duration string) silenceTimes {
	d := c.Flag("duration", "How long it lasts from now, or from its start if that is later: 90m, 2d.").Short('d').PlaceHolder("1h")
	if duration != "" {
		d = d.Default(duration)
	}
	return silenceTimes{
		duration: d.String(),
		start:    c.Flag("start", "When it begins (RFC 3339).").PlaceHolder("now").String(),
		end:      c.Flag("end", "When it ends (RFC 3339), in place of --duration.").String(),
	}
}

// apply sets the times that were given; now is where a silence without a start begins.
func (f silenceTimes) apply(p *api.PostSilence, now time.Time) error {
	if *f.start != "" {
		t, err := time.Parse(time.RFC3339, *f.start)
		if err != nil {
			return fmt.Errorf("--start %q is no time like 2026-11-23T22:00:00+01:00", *f.start)
		}
		p.StartsAt = api.Time(t.UnixMilli())
	}
	switch {
	case *f.end != "":
		t, err := time.Parse(time.RFC3339, *f.end)
		if err != nil {
			return fmt.Errorf("--end %q is no time like 2026-11-24T06:00:00+01:00", *f.end)
		}
		p.EndsAt = api.Time(t.UnixMilli())
	case *f.duration != "":
		d, err := model.ParseDuration(*f.duration)
		if err != nil || d <= 0 {
			return fmt.Errorf("--duration %q is no duration like 90m or 2d", *f.duration)
		}
		p.EndsAt = max(p.StartsAt, api.Time(now.UnixMilli())) + api.Time(time.Duration(d).Milliseconds())
	}
	return nil
}

func silenceAddCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := silenceParent(a).Command("add", "Silence alarms and print the id.")
	connect, times := serviceFlags(c), timesFlags(c, "1h")
	author := c.Flag("author", "Who silences.").Short('a').Default(username()).String()
	comment := c.Flag("comment", "Why.").Short('c').Required().String()
	matchers := c.Arg("matchers", `Which alarms: name=value, with =, !=, =~ or !~; a first word without any of them is the detector.`).Required().Strings()
	return c.FullCommand(), func(ctx context.Context) error {
		p := api.PostSilence{CreatedBy: *author, Comment: *comment}
		if err := times.apply(&p, e.now()); err != nil {
			return err
		}
		ms, err := matcherWords(*matchers)
		if err != nil {
			return err
		}
		p.Matchers = ms
		s, err := connect()
		if err != nil {
			return err
		}
		return s.silence(ctx, e, &p)
	}
}

func silenceUpdateCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := silenceParent(a).Command("update", "Change when silences hold, or why, and print their ids.")
	connect, times := serviceFlags(c), timesFlags(c, "")
	author := c.Flag("author", "Who changes it.").Short('a').Default(username()).String()
	comment := c.Flag("comment", "Why.").Short('c').String()
	ids := c.Arg("ids", "Which silences.").Required().Strings()
	return c.FullCommand(), func(ctx context.Context) error {
		s, err := connect()
		if err != nil {
			return err
		}
		for _, id := range *ids {
			var old api.Silence
			if err := s.get(ctx, "api/v1/silence/"+url.PathEscape(id), nil, &old); err != nil {
				return err
			}
			p := api.PostSilence{ID: id, StartsAt: old.StartsAt, EndsAt: old.EndsAt, CreatedBy: *author, Comment: cmp.Or(*comment, old.Comment)}
			for _, m := range old.Matchers {
				p.Matchers = append(p.Matchers, api.PostMatcher{Name: m.Name, Value: m.Value, IsRegex: m.IsRegex, IsEqual: &m.IsEqual})
			}
			if err := times.apply(&p, e.now()); err != nil {
				return err
			}
			if err := s.silence(ctx, e, &p); err != nil {
				return err
			}
		}
		return nil
	}
}

func silenceExpireCommand(a *kingpin.Application, _ *env) (string, func(context.Context) error) {
	c := silenceParent(a).Command("expire", "End silences now.")
	connect := serviceFlags(c)
	author := c.Flag("author", "Who ends them.").Short('a').Default(username()).String()
	ids := c.Arg("ids", "Which silences.").Required().Strings()
	return c.FullCommand(), func(ctx context.Context) error {
		s, err := connect()
		if err != nil {
			return err
		}
		var errs []error
		for _, id := range *ids {
			errs = append(errs, s.send(ctx, http.MethodDelete, "api/v1/silence/"+url.PathEscape(id), url.Values{"by": {*author}}, nil, nil))
		}
		return errors.Join(errs...)
	}
}

// silence creates or changes a silence and prints its id.
func (s *statusClient) silence(ctx context.Context, e *env, p *api.PostSilence) error {
	var id api.SilenceID
	if err := s.post(ctx, "api/v1/silences", p, &id); err != nil {
		return err
	}
	_, err := fmt.Fprintln(e.stdout, id.ID)
	return err
}

// username is who runs this, "" if that cannot be told.
func username() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
