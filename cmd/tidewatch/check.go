package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/app"
	"github.com/tidewatch/tidewatch/internal/preflight"
)

// checkFlags are the flags of `tidewatch check`.
type checkFlags struct {
	file                                  string
	span                                  model.Duration
	limit                                 time.Duration
	payload, slack, offline, strict, band bool
}

func checkCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := a.Command("check", "Check a configuration: what is wrong with it, what it would read, match and send.")
	var f checkFlags
	c.Flag("config.file", "Configuration file.").Default("tidewatch.yml").StringVar(&f.file)
	c.Flag("replay", "Replay this latest stretch and print the messages that would have been sent, for example 7d.").SetValue(&f.span)
	c.Flag("payload", "With --replay: print each message as its receiver gets it, for example Slack's blocks, not as text.").BoolVar(&f.payload)
	c.Flag("slack", "Try out every Slack receiver: token, scopes, membership, posting a test message and resolving it.").BoolVar(&f.slack)
	c.Flag("offline", "Ask no source; --replay is not possible then.").BoolVar(&f.offline)
	c.Flag("strict", "Exit status 1 also for warnings.").BoolVar(&f.strict)
	c.Flag("band", "Replay detectors with `band` to say what it costs.").Default("true").BoolVar(&f.band)
	c.Flag("max-time", "How long that may take for one detector; those that would take longer are named instead.").Default("1m").DurationVar(&f.limit)
	return c.FullCommand(), func(ctx context.Context) error { return runCheck(ctx, e, f) }
}

// errUsage is wrong usage that the flags' parser cannot see: exit status 2.
func errUsage(w io.Writer, text string) error {
	if _, err := fmt.Fprintf(w, "tidewatch: %s, try --help\n", text); err != nil {
		return err
	}
	return exitCode(2)
}

func runCheck(ctx context.Context, e *env, f checkFlags) error {
	switch {
	case f.offline && f.span > 0:
		return errUsage(e.stderr, "--replay needs the sources, --offline asks none")
	case f.payload && f.span == 0:
		return errUsage(e.stderr, "--payload goes with --replay")
	}
	cfg, err := configs.Load(f.file)
	if err != nil {
		return printLoadErrors(e.stdout, err)
	}
	c := &checker{env: e, out: &page{w: e.stdout}, flags: f, cfg: cfg}
	if err := c.static(ctx); err != nil {
		return err
	}
	if err := c.replays(ctx); err != nil {
		return err
	}
	if f.slack {
		if err := c.slack(ctx); err != nil {
			return err
		}
	}
	return c.verdict()
}

// printLoadErrors prints every mistake on a line of its own.
func printLoadErrors(w io.Writer, err error) error {
	var list configs.Errors
	if !errors.As(err, &list) {
		return err
	}
	out := &page{w: w}
	for _, e := range list {
		out.printf("%s: error: %s\n", placeOf(e), withoutPlace(e))
	}
	out.printf("%s\n", plural(len(list), "error"))
	if out.err != nil {
		return out.err
	}
	return exitCode(1)
}

func placeOf(e configs.Error) string {
	if e.Line == 0 {
		return e.File
	}
	return fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
}

func withoutPlace(e configs.Error) string {
	e.Line = 0
	return e.Error()[len(e.File)+len(": "):]
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// checker is one run of the command.
type checker struct {
	env      *env
	out      *page
	flags    checkFlags
	cfg      *configs.Config
	report   *preflight.Report
	errors   int // beside those of the report
	warnings int
}

// static is everything but replays.
func (c *checker) static(ctx context.Context) (err error) {
	show, done := progress(c.env.stderr, "check")
	c.report, err = preflight.Check(ctx, preflight.CheckOptions{
		Config: c.cfg, File: c.flags.file, Now: c.env.now(), Offline: c.flags.offline, Logger: c.env.logger(), Progress: show,
	})
	done()
	if err != nil {
		return err
	}
	printCheck(c.out, c.report, c.flags.offline)
	return c.out.err
}

func (c *checker) reached() bool {
	for _, s := range c.report.Sources {
		if !s.Reached {
			return false
		}
	}
	return len(c.report.Sources) > 0
}

// replays says what bands cost and what would have been sent. Both need every source.
func (c *checker) replays(ctx context.Context) error {
	if !c.reached() {
		if c.flags.span > 0 {
			c.out.printf("\nno replay: not every source can be reached\n")
		}
		return nil
	}
	sources := app.RemoteSources(c.cfg, c.env.logger())
	if c.flags.band {
		costs, err := preflight.BandCosts(ctx, c.cfg, c.report, sources, c.env.now(), c.flags.limit)
		for _, b := range costs {
			c.out.printf("%s: %s\n", b.Detector, b)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			c.out.printf("note: %v\n", err)
		}
	}
	if c.flags.span == 0 {
		return nil
	}
	return c.messages(ctx, time.Duration(c.flags.span))
}

func (c *checker) verdict() error {
	errs, warnings := c.errors+c.report.Count(configs.LevelError), c.warnings+c.report.Count(configs.LevelWarning)
	c.out.printf("\n%s: %s, %s\n", c.flags.file, plural(errs, "error"), plural(warnings, "warning"))
	if c.out.err != nil {
		return c.out.err
	}
	if errs > 0 || c.flags.strict && warnings > 0 {
		return exitCode(1)
	}
	return nil
}
