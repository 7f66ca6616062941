package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/preflight"
)

// initFlags are the flags of `tidewatch init`.
type initFlags struct {
	source, name, httpConfig, output, timezone string
	history, span                              model.Duration
	budget                                     time.Duration
	force                                      bool
}

func initCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := a.Command("init", "Look at a Prometheus server and write a commented configuration with the presets that match.")
	var f initFlags
	c.Flag("source", "URL of the server, for example http://prometheus:9090, or of its remote-read endpoint.").Required().StringVar(&f.source)
	c.Flag("name", "Name of the source in the configuration.").Default("main").StringVar(&f.name)
	c.Flag("http-config", "YAML file with Prometheus's HTTP client settings (basic_auth, authorization, oauth2, tls_config, …); secrets in files of their own.").StringVar(&f.httpConfig)
	c.Flag("output", "File to write; - is standard output.").Default("tidewatch.yml").StringVar(&f.output)
	c.Flag("timezone", "Time zone of daily and weekly patterns; that of $TZ, or UTC.").StringVar(&f.timezone)
	c.Flag("history", "How far back to read before anything is judged.").Default("15d").SetValue(&f.history)
	c.Flag("replay", "The latest stretch whose messages are counted.").Default("7d").SetValue(&f.span)
	c.Flag("max-time", "How long the replay may take; detectors that do not fit are not tried.").Default("4m").DurationVar(&f.budget)
	c.Flag("force", "Overwrite the file.").BoolVar(&f.force)
	return c.FullCommand(), func(ctx context.Context) error { return runInit(ctx, e, f) }
}

func runInit(ctx context.Context, e *env, f initFlags) error {
	began := time.Now()
	if err := f.free(); err != nil {
		return err
	}
	src, err := preflight.NewSource(f.name, f.source, f.httpConfig)
	if err != nil {
		return err
	}
	if f.timezone == "" {
		f.timezone = preflight.LocalZone()
	}
	show, done := progress(e.stderr, "init")
	res, err := preflight.Init(ctx, preflight.InitOptions{
		Source: src, Timezone: f.timezone, History: time.Duration(f.history), Span: time.Duration(f.span), Budget: f.budget,
		Now: e.now(), Logger: e.logger(), Progress: show,
	})
	done()
	if err != nil {
		return err
	}
	report := e.stdout
	if f.output == "-" {
		report = e.stderr
	}
	out := &page{w: report}
	printInit(out, res, time.Duration(f.history+f.span))
	if out.err != nil {
		return out.err
	}
	if err := f.write(e.stdout, res.YAML); err != nil {
		return err
	}
	return f.next(report, time.Since(began))
}

// free says early that the file is there already.
func (f initFlags) free() error {
	if f.force || f.output == "-" {
		return nil
	}
	_, err := os.Lstat(f.output)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%s is there already; write elsewhere with --output, or over it with --force", f.output)
}

func (f initFlags) write(stdout io.Writer, text []byte) error {
	if f.output == "-" {
		_, err := stdout.Write(text)
		return err
	}
	mode := os.O_CREATE | os.O_WRONLY | os.O_EXCL
	if f.force {
		mode = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	}
	file, err := os.OpenFile(f.output, mode, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// printInit writes what was found. need is the history and replayed span together.
func printInit(w *page, res preflight.InitResult, need time.Duration) {
	s := res.Plan.Source
	w.printf("%s: %s\n", s.URL, res.Server)
	for _, u := range res.Server.Unknown {
		w.printf("unknown: %s\n", u)
	}
	w.printf("\n")
	w.fail(table(w, func(t *page) {
		t.printf("PRESET\tDETECTOR\tSERIES\tMESSAGES IN THE LAST %s\n", preflight.Days(res.Plan.Span))
		for _, p := range res.Plan.Presets {
			for _, d := range p.Detectors {
				t.printf("%s\t%s\t%d\t%s\n", p.Name, d.Name, d.Series, messagesText(d))
			}
		}
	}))
	for _, p := range res.Plan.Presets {
		if len(p.Missing) > 0 {
			w.printf("%s: left out, the server has no %s\n", p.Name, p.Missing[0])
		}
	}
	if res.Guessed {
		w.printf("No preset matches what the server holds; self is taken, which watches at least whether targets are up. Add detectors of your own.\n")
	}
	if res.Horizon > 0 && res.Horizon < need {
		w.printf("Its data reach back %s, so these counts are of less than was asked for: %s of history and %s after it.\n",
			preflight.Days(res.Horizon), preflight.Days(need-res.Plan.Span), preflight.Days(res.Plan.Span))
	}
	if res.Tally != nil {
		w.printf("%d alarms in %d messages in all\n", res.Tally.Alarms, res.Tally.Messages)
	}
}

func messagesText(d configs.PlanDetector) string {
	switch {
	case d.Note != "":
		return d.Note
	case d.Series == 0:
		return "no series yet"
	default:
		return fmt.Sprint(d.Messages)
	}
}

func (f initFlags) next(w io.Writer, took time.Duration) error {
	if f.output == "-" {
		return nil
	}
	_, err := fmt.Fprintf(w, `
wrote %s after %s. Next:
  tidewatch check --config.file=%[1]s               what it reads, and what may be wrong with it
  tidewatch check --config.file=%[1]s --replay=7d   the messages counted above, in full
  tidewatch serve --config.file=%[1]s --dry-run     everything but sending
`, f.output, took.Round(time.Second))
	return err
}
