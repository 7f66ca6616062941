package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/tidewatch/tidewatch/bench"
	"github.com/tidewatch/tidewatch/bench/corpus"
)

// benchDataCommand measures detection on labelled data; it is what bench does unless told otherwise.
func benchDataCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := benchGroup(a).Command("data", "Run the production engine over labelled corpora and measure what it finds.").Default()
	var o bench.Options
	c.Flag("data", "Directory of corpora: NAB's layout, or CSV files of timestamp,value[,value…][,label], plain or gzipped; or a recording.").Required().StringVar(&o.Data)
	c.Flag("corpora", "Only these corpora; repeatable.").StringsVar(&o.Corpora)
	c.Flag("detectors", "Only these detectors; repeatable.").StringsVar(&o.Detectors)
	baselines := c.Flag("baselines", "Measure the baselines as well: true or false.").Default("true").Enum("true", "false")
	cost := c.Flag("cost", "Measure time, allocations and memory as well: true or false.").Default("true").Enum("true", "false")
	c.Flag("files", "Report every file of the first detector as well.").BoolVar(&o.Files)
	c.Flag("scores", "Write the scores of every series to this directory, under the file's name.").StringVar(&o.Scores)
	c.Flag("index-step", "What one step is of a time stamp column that only counts 0, 1, 2, …").Default("1m").DurationVar(&o.Corpus.IndexStep)
	c.Flag("workers", "Files at a time; 0: one for each processor.").IntVar(&o.Workers)
	markdown := c.Flag("markdown", "Write the tables as Markdown to this file, - for standard output.").String()
	asJSON := c.Flag("json", "Write the report as JSON to this file, - for standard output.").String()
	page := c.Flag("page", "Rewrite the figures between the marks in this Markdown page.").String()
	headline := c.Flag("headline", "Write the headline figures to this file.").String()
	check := c.Flag("check", "Compare with the headline figures in this file, and fail if one is worse by more than its noise.").String()
	return c.FullCommand(), func(ctx context.Context) (err error) {
		dir, remove, err := recordedCorpus(o.Data, e.stderr)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, remove()) }()
		o.Data = dir
		show, done := progress(e.stderr, "files × detectors")
		o.Progress, o.Commit = show, commit()
		o.Baselines, o.Cost = *baselines == "true", *cost == "true"
		rep, err := bench.Run(ctx, o)
		done()
		if err != nil {
			return err
		}
		err = errors.Join(
			writeTo(e.stdout, *asJSON, rep.JSON), writeTo(e.stdout, *markdown, rep.Markdown), writeTo(e.stdout, *headline, rep.Headline().JSON))
		if *page != "" {
			err = errors.Join(err, rep.RewritePage(*page))
		}
		if *asJSON != "-" && *markdown != "-" && *headline != "-" {
			err = errors.Join(err, rep.Text(e.stdout))
		}
		if err == nil && *check != "" {
			err = checkHeadline(e.stderr, rep, *check)
		}
		return err
	}
}

func benchGenerateCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := benchGroup(a).Command("generate", "Write small labelled corpora to try the bench with, and to check it where no real data are.")
	dir := c.Arg("directory", "Where to.").Required().String()
	seed := c.Flag("seed", "Of the random numbers.").Default("1").Uint64()
	return c.FullCommand(), func(context.Context) error {
		if err := corpus.Generate(*dir, *seed); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.stdout, "Wrote two corpora. Now run: tidewatch bench --data %s\n", *dir)
		return err
	}
}

// checkHeadline fails, after it has said which, if a figure is worse than the file says.
func checkHeadline(w io.Writer, rep *bench.Report, name string) (err error) {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("checking the headline figures: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h, err := bench.ReadHeadline(f)
	if err != nil {
		return fmt.Errorf("checking %s: %w", name, err)
	}
	worse, n, err := h.Check(rep)
	if err != nil {
		return fmt.Errorf("checking %s: %w", name, err)
	}
	for _, line := range worse {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	if len(worse) > 0 {
		return fmt.Errorf("%d of %d headline figures are worse than in %s", len(worse), n, name)
	}
	_, err = fmt.Fprintf(w, "no headline figure of %d is worse than in %s\n", n, name)
	return err
}

// commit is the revision that was built, "unknown" where the build does not say.
func commit() string {
	if r := version.GetRevision(); r != "" {
		return r
	}
	return "unknown"
}

// writeTo has write fill a file, or stdout for -; no name writes nothing.
func writeTo(stdout io.Writer, name string, write func(io.Writer) error) (err error) {
	switch name {
	case "":
		return nil
	case "-":
		return write(stdout)
	}
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(f)
}
