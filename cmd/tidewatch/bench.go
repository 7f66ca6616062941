package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/tidewatch/tidewatch/bench"
	"github.com/tidewatch/tidewatch/bench/load"
	"github.com/tidewatch/tidewatch/models"
)

func benchGroup(a *kingpin.Application) *kingpin.CmdClause {
	if c := a.GetCommand("bench"); c != nil {
		return c
	}
	return a.Command("bench", "Measure what Tidewatch finds, and what it costs.")
}

func worldFlags(c *kingpin.CmdClause, w *load.World) {
	c.Flag("series", "Series in all.").Default("100000").IntVar(&w.Series)
	c.Flag("detectors", "Detectors that share the series.").Default("100").IntVar(&w.Detectors)
	c.Flag("scrape", "Time between two samples of a series.").Default("1m").DurationVar(&w.Scrape)
}

func benchLoadCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := benchGroup(a).Command("load", "Run the service on a virtual clock against a generator that speaks remote-read, and report CPU, memory and disk by stage.")
	o := load.Defaults()
	worldFlags(c, &o.World)
	c.Flag("ticks", "Ticks to measure.").Default("10").IntVar(&o.Ticks)
	c.Flag("history", "History to learn first.").Default("6h").DurationVar(&o.History)
	c.Flag("step", "Step of the detectors.").Default("1m").DurationVar(&o.Step)
	c.Flag("concurrency", "Reads at a time.").Default("2").IntVar(&o.Concurrency)
	c.Flag("workers", "Goroutines of the engine; 0: one for each processor.").IntVar(&o.Workers)
	c.Flag("storage.path", "Where the state lies while it runs; a temporary directory by default.").StringVar(&o.Dir)
	c.Flag("profiles", "Directory for pprof profiles.").StringVar(&o.Profiles)
	asJSON := c.Flag("json", "Print the report as JSON.").Bool()
	return c.FullCommand(), func(ctx context.Context) error {
		show, done := progress(e.stderr, "ticks")
		o.Progress, o.Logger = show, e.logger()
		rep, err := load.Run(ctx, o)
		done()
		switch {
		case err != nil:
			return err
		case *asJSON:
			return json.NewEncoder(e.stdout).Encode(rep)
		}
		return rep.Print(e.stdout)
	}
}

func benchStormCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := benchGroup(a).Command("storm", "Let many series go wrong within a minute and report what Slack gets, when, and what it costs. Status 1: a goal is missed.")
	o := load.StormDefaults()
	o.GroupBy = nil // the flag adds to it
	worldFlags(c, &o.World)
	c.Flag("broken", "Series that go wrong.").Default("50000").IntVar(&o.Broken)
	c.Flag("group-by", "Labels by which the route groups; can be repeated.").Default("instance").StringsVar(&o.GroupBy)
	c.Flag("ticks", "Ticks from the first alarm on.").Default("8").IntVar(&o.Ticks)
	c.Flag("history", "History to learn first.").Default("6h").DurationVar(&o.History)
	c.Flag("storm-groups", "storm_groups of the configuration; 0: each group has a message of its own, so that the queue grows.").Default("8").IntVar(&o.Groups)
	c.Flag("refusals", "How many messages Slack refuses from the first alarm on, with a 429 and a second to wait.").IntVar(&o.Refusals)
	c.Flag("reload", "Reload the configuration right after the alarms were raised.").BoolVar(&o.Reload)
	c.Flag("profiles", "Directory for a pprof profile of the storm.").StringVar(&o.Profiles)
	asJSON := c.Flag("json", "Print the report as JSON.").Bool()
	return c.FullCommand(), func(ctx context.Context) error {
		o.Logger = e.logger()
		rep, err := load.RunStorm(ctx, o)
		switch {
		case err != nil:
			return err
		case *asJSON:
			err = json.NewEncoder(e.stdout).Encode(rep)
		default:
			err = rep.Print(e.stdout)
		}
		if err == nil && !rep.Met() {
			return exitCode(1)
		}
		return err
	}
}

func benchReadCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := benchGroup(a).Command("read", "Read a server's raw samples and report speed and memory beside bare iteration over the same chunks.")
	o := load.ReadDefaults()
	o.Ranges = nil // the flag adds to it
	var end string
	c.Flag("url", "Remote-read of a server, for example http://prometheus:9090/api/v1/read; by default a generator is started.").StringVar(&o.URL)
	c.Flag("match", "Series to read from the server, as a selector; the first with every range, further ones with the first range.").StringsVar(&o.Selectors)
	c.Flag("range", "Time to read, back from --end; can be repeated.").Default("14d").DurationListVar(&o.Ranges)
	c.Flag("end", "End of the range: RFC 3339; by default now, and a fixed time with the generator.").StringVar(&end)
	c.Flag("series", "Series of the generator.").Default("1000").IntVar(&o.Series)
	c.Flag("scrape", "Time between two samples of the generator.").Default("30s").DurationVar(&o.Scrape)
	c.Flag("tenfold", "Read ten times the series and ten times the range from the generator, too.").BoolVar(&o.Tenfold)
	c.Flag("sampled", "Read the sampled form beside the streamed one.").Default("true").BoolVar(&o.Sampled)
	c.Flag("concurrency", "Requests at a time.").Default("2").IntVar(&o.Concurrency)
	asJSON := c.Flag("json", "Print the report as JSON.").Bool()
	return c.FullCommand(), func(ctx context.Context) error {
		if o.URL != "" {
			o.End = e.now()
		}
		if end != "" {
			t, err := time.Parse(time.RFC3339, end)
			if err != nil {
				return fmt.Errorf("--end: %q is not a time such as 2026-11-01T00:00:00Z", end)
			}
			o.End = t
		}
		show, done := progress(e.stderr, "reads")
		o.Progress = show
		rep, err := load.MeasureRead(ctx, o)
		done()
		switch {
		case err != nil:
			return err
		case *asJSON:
			return json.NewEncoder(e.stdout).Encode(rep)
		}
		return rep.Print(e.stdout)
	}
}

func benchLedgerCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := benchGroup(a).Command("ledger", "Say of how many bytes, by field, a series' state in memory consists.")
	kind := c.Flag("model", "Kind of model.").Default("combined").Enum(models.Kinds()...)
	series := c.Flag("series", "Series to measure.").Default("5000").Int()
	own := c.Flag("own-forest", "Give series forests of their own, as forest: own does.").Bool()
	asJSON := c.Flag("json", "Print the ledger as JSON.").Bool()
	return c.FullCommand(), func(context.Context) error {
		l, err := bench.MeasureLedger(*kind, *series, *own)
		switch {
		case err != nil:
			return err
		case *asJSON:
			return json.NewEncoder(e.stdout).Encode(l)
		}
		return l.Print(e.stdout)
	}
}

func benchGeneratorCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := benchGroup(a).Command("generator", "Serve the load run's fleet over remote-read until the process is ended.").Hidden()
	var w load.World
	worldFlags(c, &w)
	c.Flag("broken", "Series that go wrong.").IntVar(&w.Broken)
	c.Flag("break-at", "When, in Unix milliseconds.").Int64Var(&w.BreakAt)
	eof := c.Flag("until-eof", "End when standard input does, so as not to outlive whoever holds its other end.").Bool()
	return c.FullCommand(), func(ctx context.Context) error {
		if *eof {
			ctx = load.UntilEOF(ctx, os.Stdin)
		}
		return load.Generate(ctx, w, e.stdout)
	}
}
