package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"

	"github.com/alecthomas/kingpin/v2"
	"github.com/tidewatch/tidewatch/internal/api"
)

func alarmQueryCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := alarmParent(a).Command("query", "List alarms.")
	connect := serviceFlags(c)
	state := c.Flag("state", "Only alarms in this state.").PlaceHolder("ALARM").Enum("OK", "ALARM", "INSUFFICIENT_DATA")
	actions := c.Flag("actions", "Only alarms whose actions are switched so.").PlaceHolder("disabled").Enum("enabled", "disabled")
	output := c.Flag("output", "simple, or json.").Short('o').Default("simple").Enum("simple", "json")
	selector := c.Arg("selector", `Only alarms of these series: '{job="checkout"}'; the label detector is the detector's name.`).String()
	return c.FullCommand(), func(ctx context.Context) error {
		s, err := connect()
		if err != nil {
			return err
		}
		query := url.Values{"limit": {fmt.Sprint(api.MaxLimit)}}
		for name, value := range map[string]string{"state": *state, "actions": *actions, "match[]": *selector} {
			if value != "" {
				query.Set(name, value)
			}
		}
		all := []api.Alarm{}
		for {
			var list api.AlarmList
			if err := s.get(ctx, "api/v1/alarms", query, &list); err != nil {
				return err
			}
			all = append(all, list.Alarms...)
			if list.NextCursor == "" {
				break
			}
			query.Set("cursor", list.NextCursor)
		}
		return printAlarms(e, all, *output == "json")
	}
}

func printAlarms(e *env, all []api.Alarm, asJSON bool) error {
	if asJSON {
		return printJSON(e.stdout, all)
	}
	return table(e.stdout, func(p *page) {
		p.printf("ID\tDETECTOR\tSTATE\tACTIONS\tLABELS\tREASON\n")
		for i := range all {
			x := &all[i]
			p.printf("%s\t%s\t%s\t%s\t%s\t%s\n", x.ID, x.Detector, x.State, actionsText(x), x.Labels, x.Reason)
		}
	})
}

// actionsText is "enabled", or why they are not.
func actionsText(x *api.Alarm) string {
	switch {
	case x.ActionsEnabled:
		return "enabled"
	case x.ActionsDisabled.By == "":
		return "disabled by configuration"
	}
	return "disabled by " + x.ActionsDisabled.By
}

func alarmHistoryCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := alarmParent(a).Command("history", "List an alarm's changes of state, newest first, with the rule that decided each.")
	connect := serviceFlags(c)
	output := c.Flag("output", "simple, or json with what was decided on.").Short('o').Default("simple").Enum("simple", "json")
	limit := c.Flag("limit", "How many at most.").Default("100").Int()
	alarm := c.Arg("alarm", alarmHelp).Required().String()
	return c.FullCommand(), func(ctx context.Context) error {
		s, err := connect()
		if err != nil {
			return err
		}
		id, err := s.alarmID(ctx, *alarm)
		if err != nil {
			return err
		}
		var h api.History
		if err := s.get(ctx, "api/v1/alarms/"+url.PathEscape(id)+"/history", url.Values{"limit": {fmt.Sprint(*limit)}}, &h); err != nil {
			return err
		}
		if *output == "json" {
			return printJSON(e.stdout, h)
		}
		return printHistory(e, h)
	}
}

func printHistory(e *env, h api.History) error {
	return table(e.stdout, func(p *page) {
		p.printf("TIME\tFROM\tTO\tRULE\tBY\tREASON\n")
		for _, x := range h.Transitions {
			p.printf("%s\t%s\t%s\t%s\t%s\t%s\n", x.Time, x.From, x.To, x.Rule, cmp.Or(x.SetBy, "-"), x.Reason)
		}
		if h.Omitted > 0 {
			p.printf("and %d older\n", h.Omitted)
		}
	})
}
