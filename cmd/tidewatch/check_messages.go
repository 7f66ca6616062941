package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notify"
	"github.com/tidewatch/tidewatch/internal/app"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/preflight"
)

// messages replays the latest stretch and prints what would have been sent: each message as it was first and as it ended.
func (c *checker) messages(ctx context.Context, span time.Duration) error {
	w, zone := c.out, c.cfg.Global.Location
	printer, err := preflight.NewPrinter(w, c.cfg, c.flags.payload)
	if err != nil {
		return err
	}
	to := app.ReplayEnd(c.cfg, c.env.now())
	from := to - span.Milliseconds()
	w.printf("\nmessages of the last %s:\n\n", preflight.Days(span))
	tally, edits := preflight.NewTally(zone), 0
	show, done := progress(c.env.stderr, "replay")
	_, err = app.Replay(ctx, app.ReplayOptions{
		Config: c.cfg, Source: app.RemoteSources(c.cfg, c.env.logger()), From: from, To: to, Progress: show,
		Each: func(res engine.Result) error {
			tally.Add(res)
			for i := range res.Notices {
				n := &res.Notices[i]
				if n.Version > 1 && n.Status != "resolved" {
					edits++
					continue
				}
				if err := printer.Print(n, messageTime(n, zone)); err != nil {
					return err
				}
			}
			return nil
		},
		Failed: func(name string, err error) {
			if !c.report.Failed(name) {
				c.errors++
			}
			w.printf("error: %s is left out of the replay: %s\n\n", name, preflight.Unprefixed(name, err.Error()))
		},
	})
	done()
	if err != nil {
		return fmt.Errorf("replay the last %s: %w", preflight.Days(span), err)
	}
	w.printf("messages a day:\n")
	for _, day := range tally.Days(from, to) {
		w.printf("  %s  %d\n", day.Date.Format("Mon 2006-01-02"), day.Messages)
	}
	w.printf("%s, %s; %s not shown\n", plural(tally.Messages, "message"), plural(tally.Alarms, "alarm"), plural(edits, "edit"))
	return w.err
}

func messageTime(n *alerting.Notice, zone *time.Location) string {
	return time.UnixMilli(n.At).In(zone).Format("Mon 2006-01-02 15:04 MST")
}

// slack tries out the Slack receivers.
func (c *checker) slack(ctx context.Context) error {
	list, err := preflight.SlackReceivers(c.cfg)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		c.warnings++
		c.out.printf("\nwarning: there is no Slack receiver to try out\n")
	}
	for _, r := range list {
		c.out.printf("\nreceiver %s:\n", r.Name)
		for _, f := range notify.CheckSlack(ctx, r.Config) {
			c.out.printf("  %s\n", f)
			if !f.OK {
				c.errors++
			}
		}
	}
	return ctx.Err()
}
