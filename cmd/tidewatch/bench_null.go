package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/alecthomas/kingpin/v2"
	"github.com/tidewatch/tidewatch/bench/null"
)

// benchNullCommand measures the promise where nothing is anomalous.
func benchNullCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := benchGroup(a).Command("null", "Run the production engine over seeded series in which nothing is anomalous: promised against observed false alarms; and over steps of known size.")
	o, d := null.Options{}, null.Defaults()
	c.Flag("seed", "Of the random numbers.").Default(fmt.Sprint(d.Seed)).Uint64Var(&o.Seed)
	c.Flag("families", "Only these families; repeatable.").StringsVar(&o.Families)
	step := c.Flag("step", "Only this step of the detectors, 5m or 1m.").Enum("5m", "1m")
	c.Flag("detectors", "Detectors of each family under each promise, at a step of 5m; at others as many as make the same number of points.").Default(fmt.Sprint(d.Detectors)).IntVar(&o.Detectors)
	c.Flag("days", "Days to measure, after 15 of history.").Default(fmt.Sprint(d.Days)).IntVar(&o.Days)
	c.Flag("delays", "Steps of each size to inject into each kind of noise at each setting.").Default(fmt.Sprint(d.Delays)).IntVar(&o.Delays)
	c.Flag("workers", "Detectors at a time; 0: one for each processor.").IntVar(&o.Workers)
	markdown := c.Flag("markdown", "Write the tables as Markdown to this file, - for standard output.").String()
	asJSON := c.Flag("json", "Write the report as JSON to this file, - for standard output.").String()
	page := c.Flag("page", "Rewrite the tables between the marks in this Markdown page.").String()
	check := c.Flag("check", "Fail if a promise is not kept: in all or in a family outside a factor of two, and not by chance.").Bool()
	return c.FullCommand(), func(ctx context.Context) error {
		o.Settings = slices.DeleteFunc(d.Settings, func(s null.Setting) bool { return *step != "" && s.Step.String() != *step+"0s" })
		show, done := progress(e.stderr, "points")
		o.Progress, o.Commit = show, commit()
		rep, err := null.Run(ctx, o)
		done()
		if err != nil {
			return err
		}
		err = errors.Join(writeTo(e.stdout, *asJSON, rep.JSON), writeTo(e.stdout, *markdown, rep.Markdown))
		if *page != "" {
			err = errors.Join(err, rep.RewritePage(*page))
		}
		if *asJSON != "-" && *markdown != "-" {
			err = errors.Join(err, rep.Text(e.stdout))
		}
		if err == nil && *check {
			err = checkNull(e, rep)
		}
		return err
	}
}

// checkNull fails, after it has said which, if a promise is not kept.
func checkNull(e *env, rep *null.Report) error {
	broken, of := rep.Broken()
	for _, line := range broken {
		fmt.Fprintln(e.stderr, line)
	}
	if len(broken) > 0 {
		return fmt.Errorf("%d of %d promises are not kept", len(broken), of)
	}
	fmt.Fprintf(e.stderr, "no promise of %d is broken\n", of)
	return nil
}
