package main

import (
	"context"
	"errors"

	"github.com/alecthomas/kingpin/v2"
	"github.com/tidewatch/tidewatch/internal/demo"
)

func demoCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := a.Command("demo", "Watch a simulated fleet through a week of injected incidents; nothing else is needed.")
	o := demo.Options{Out: e.stdout}
	c.Flag("once", "End after the week with a verdict; the last line is JSON. Exit status 1: too little found, or too many false alarms.").BoolVar(&o.Once)
	c.Flag("data", "CSV file or directory to play instead of the simulated fleet.").StringVar(&o.Data)
	c.Flag("fleet", "Services of a large fleet, each with eight pods that are watched one by one; 0 is the small fleet.").Default("0").IntVar(&o.Fleet)
	c.Flag("seed", "Seed of the simulated fleet.").Default("1").Uint64Var(&o.Seed)
	c.Flag("history", "History before the week.").Default("360h").DurationVar(&o.History)
	c.Flag("pace", "Least real time of a simulated minute; 0s is as fast as it goes.").Default("20ms").DurationVar(&o.Pace)
	c.Flag("web.listen-address", "Address of Tidewatch; a free port by default.").StringVar(&o.Listen)
	c.Flag("slack.listen-address", "Address of the fake Slack; a free port by default.").StringVar(&o.SlackListen)
	return c.FullCommand(), func(ctx context.Context) error {
		if o.Once {
			o.Pace = 0
		}
		if e.logConfig.Level.String() == "info" { // the demo tells by itself what the service would log
			if err := e.logConfig.Level.Set("warn"); err != nil {
				return err
			}
		}
		show, done := progress(e.stderr, "fault week")
		o.Progress, o.Logger = show, e.logger()
		ok, err := demo.Run(ctx, o)
		done()
		switch {
		case errors.Is(err, context.Canceled):
			return nil // Ctrl-C is how it ends
		case err == nil && !ok:
			return exitCode(1)
		}
		return err
	}
}
