package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/api"
)

// alarmParent is `tidewatch alarm`.
func alarmParent(a *kingpin.Application) *kingpin.CmdClause {
	if c := a.GetCommand("alarm"); c != nil {
		return c
	}
	return a.Command("alarm", "List alarms of a running service, set their states for a test, and switch their actions off and on.")
}

const alarmHelp = `Its id, or a detector with matchers that leave one series: 'ErrorRatio{job="checkout"}'.`

func alarmSetStateCommand(a *kingpin.Application, _ *env) (string, func(context.Context) error) {
	c := alarmParent(a).Command("set-state", "Set an alarm's state until its next evaluation; its actions run. For testing routes, receivers and composite alarms.")
	connect := serviceFlags(c)
	author := c.Flag("author", "Who sets it.").Short('a').Default(username()).String()
	reason := c.Flag("reason", "Why.").Short('r').Required().String()
	data := c.Flag("reason-data", "JSON for the history.").String()
	alarm := c.Arg("alarm", alarmHelp).Required().String()
	state := c.Arg("state", "OK, ALARM or INSUFFICIENT_DATA.").Required().Enum("OK", "ALARM", "INSUFFICIENT_DATA")
	return c.FullCommand(), func(ctx context.Context) error {
		if *data != "" && !json.Valid([]byte(*data)) {
			return errors.New("--reason-data is no JSON")
		}
		s, err := connect()
		if err != nil {
			return err
		}
		id, err := s.alarmID(ctx, *alarm)
		if err != nil {
			return err
		}
		return s.post(ctx, "api/v1/alarms/"+url.PathEscape(id)+"/state", api.PostState{
			State: *state, Reason: *reason, ReasonData: json.RawMessage(*data), By: *author,
		}, nil)
	}
}

func alarmDisableCommand(a *kingpin.Application, _ *env) (string, func(context.Context) error) {
	return actionsCommand(a, "disable-actions", false, "Switch actions off: states go on, and nobody is told, until enable-actions.")
}

func alarmEnableCommand(a *kingpin.Application, _ *env) (string, func(context.Context) error) {
	return actionsCommand(a, "enable-actions", true, "Switch actions on again; what still fires is told.")
}

func actionsCommand(a *kingpin.Application, name string, enabled bool, help string) (string, func(context.Context) error) {
	c := alarmParent(a).Command(name, help)
	connect := serviceFlags(c)
	author := c.Flag("author", "Who does it.").Short('a').Default(username()).String()
	comment := c.Flag("comment", "Why.").Short('c').String()
	alarms := c.Arg("alarms", alarmHelp+" A detector alone is all of its alarms, those to come included.").Required().Strings()
	return c.FullCommand(), func(ctx context.Context) error {
		s, err := connect()
		if err != nil {
			return err
		}
		var errs []error
		for _, target := range *alarms {
			if strings.Contains(target, "{") {
				if target, err = s.alarmID(ctx, target); err != nil {
					errs = append(errs, err)
					continue
				}
			}
			errs = append(errs, s.post(ctx, "api/v1/alarms/"+url.PathEscape(target)+"/actions", api.PostActions{Enabled: enabled, By: *author, Comment: *comment}, nil))
		}
		return errors.Join(errs...)
	}
}

var alarmIDs = regexp.MustCompile(`^[0-9a-f]{12}$`)

// alarmID is the id of the one alarm that is meant.
func (s *statusClient) alarmID(ctx context.Context, text string) (string, error) {
	if alarmIDs.MatchString(text) {
		return text, nil
	}
	o, err := alerting.ParseOperand(text)
	if err != nil {
		return "", fmt.Errorf("alarm %q: %w", text, err)
	}
	query := url.Values{"detector": {o.Name}, "limit": {"4"}}
	if len(o.Matchers) > 0 {
		query.Set("match[]", o.Matchers.String())
	}
	var list api.AlarmList
	if err := s.get(ctx, "api/v1/alarms", query, &list); err != nil {
		return "", err
	}
	switch len(list.Alarms) {
	case 0:
		return "", fmt.Errorf("no alarm %s", text)
	case 1:
		return list.Alarms[0].ID, nil
	}
	var some []string
	for i := range list.Alarms {
		some = append(some, list.Alarms[i].ID+" "+list.Alarms[i].Labels.String())
	}
	if list.Remaining > 0 {
		some = append(some, fmt.Sprintf("and %d more", list.Remaining))
	}
	return "", fmt.Errorf("%s is %d alarms, name one of them: %s", text, len(list.Alarms)+max(list.Remaining, 0), strings.Join(some, "; "))
}
