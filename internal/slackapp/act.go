package slackapp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notify"
)

// do carries a request out and says what the person sees.
func (a *App) do(ctx context.Context, r *request) *reply {
	var rep *reply
	var err error
	if r.action != nil {
		rep, err = a.act(ctx, r)
	} else {
		rep, err = a.command(ctx, r)
	}
	if err == nil {
		a.results.WithLabelValues(resultAccepted).Inc()
		return rep
	}
	a.release(r.id)
	a.results.WithLabelValues(resultRefused).Inc()
	a.log.Info("a request in Slack was refused", "by", r.by.Name, "err", err)
	return ephemeral("Not done: " + notify.EscapeSlack(err.Error()) + ".")
}

// errOver is the answer to a button of a message whose incident has ended.
var errOver = errors.New("this incident is over, so there is nothing to act on")

// errLongOver is the answer to a verdict on a message that is too old.
var errLongOver = fmt.Errorf("this incident has been over for more than %s, or is one of too many", alerting.FormatSpan(alerting.JudgeableFor.Milliseconds()))

// act does what a button asks for.
func (a *App) act(ctx context.Context, r *request) (*reply, error) {
	c := alerting.Control{ID: r.id, At: a.opts.Now().UnixMilli(), Actor: r.by, Target: r.action.ID}
	switch r.action.Deed {
	case notify.DeedAcknowledge:
		c.Kind = alerting.ControlAcknowledge
	case notify.DeedUnacknowledge, notify.DeedUndoAcknowledge:
		c.Kind = alerting.ControlUnacknowledge
	case notify.DeedUndoSilence:
		c.Kind = alerting.ControlExpireSilence
	case notify.DeedUndoFeedback:
		c.Kind = alerting.ControlRetractFeedback
	default:
		return a.judge(ctx, r, c)
	}
	_, err := a.opts.Controls.Control(ctx, c)
	if errors.Is(err, alerting.ErrNoSuchTarget) && (c.Kind == alerting.ControlAcknowledge || c.Kind == alerting.ControlUnacknowledge) {
		return nil, errOver
	}
	if err != nil {
		return nil, err
	}
	text := map[alerting.ControlKind]string{
		alerting.ControlAcknowledge:     "You acknowledged the incident: its thread is quiet until it ends or something more severe joins.",
		alerting.ControlUnacknowledge:   "The acknowledgement is taken back.",
		alerting.ControlExpireSilence:   "The silence is ended.",
		alerting.ControlRetractFeedback: "The verdict is taken back.",
	}[c.Kind]
	rep := ephemeral(text)
	if c.Kind == alerting.ControlAcknowledge {
		rep.Blocks = notify.UndoButton(text, notify.DeedUndoAcknowledge, r.action.ID)
	}
	rep.Replace = strings.HasPrefix(string(r.action.Deed), "undo") // those are in a confirmation
	return rep, nil
}

// judge silences an incident's alarms or gives a verdict on them.
func (a *App) judge(ctx context.Context, r *request, c alerting.Control) (*reply, error) {
	in, err := a.incident(ctx, r.action.ID)
	if err != nil {
		return nil, err
	}
	scope := matchersOf(in.Common)
	if len(scope) == 0 {
		return nil, errors.New("the alarms of this incident have no label in common; say which ones: `/tidewatch silence alertname=NAME 4h`")
	}
	c.Target = ""
	if r.action.Deed == notify.DeedSilence && in.EndedAt != 0 {
		return nil, errOver
	}
	if r.action.Deed == notify.DeedSilence {
		c.Kind, c.Comment = alerting.ControlSilence, "by button"
		c.Silence = &alerting.SilenceSpec{Matchers: scope, EndsAt: c.At + r.action.For.Milliseconds()}
		id, err := a.opts.Controls.Control(ctx, c)
		if err != nil {
			return nil, err
		}
		return a.silenced(id, scope, c.Silence.EndsAt), nil
	}
	judged := in.Alarms[:min(len(in.Alarms), alerting.MaxAlarmViews)]
	f := &alerting.Feedback{Verdict: alerting.FeedbackVerdict(r.action.Deed), Matchers: scope, Incident: in.Key}
	f.ExpiresAt = alerting.FeedbackExpiry(f.Verdict, c.At)
	if f.Judged, err = a.opts.Controls.Judge(ctx, judged); err != nil {
		return nil, fmt.Errorf("reading what is judged: %w", err)
	}
	c.Kind, c.Feedback = alerting.ControlFeedback, f
	id, err := a.opts.Controls.Control(ctx, c)
	if err != nil {
		return nil, err
	}
	text := a.verdictText(f, in.EndedAt != 0)
	if left := len(in.Alarms) - len(judged); left > 0 {
		text += fmt.Sprintf(" It is kept with the data of the %d most severe alarms; %d more were not looked at.", len(judged), left)
	}
	return &reply{Type: "ephemeral", Text: text, Blocks: notify.UndoButton(text, notify.DeedUndoFeedback, id)}, nil
}

// verdictText confirms a verdict; over is whether the incident had ended.
func (a *App) verdictText(f *alerting.Feedback, over bool) string {
	switch f.Verdict {
	case alerting.FeedbackExpected:
		if over {
			return "Noted as expected. The incident is over, so there is no level left for the models to accept."
		}
		return "Noted as expected: the models accept what they see as the new normal at their next point."
	case alerting.FeedbackNotAnomaly:
		return fmt.Sprintf("Noted as not an anomaly: alarms with %s are not told until %s.", a.code(f.Matchers), a.when(f.ExpiresAt))
	default:
		return "Noted as an anomaly. Nothing is hidden."
	}
}

// silenced confirms a silence.
func (a *App) silenced(id string, ms alerting.Matchers, until int64) *reply {
	text := fmt.Sprintf("Silenced until %s: %s.", a.when(until), a.code(ms))
	return &reply{Type: "ephemeral", Text: text, Blocks: notify.UndoButton(text, notify.DeedUndoSilence, id)}
}

func (a *App) incident(ctx context.Context, key string) (alerting.Incident, error) {
	all, err := a.opts.Controls.Incidents(ctx)
	if err != nil {
		return alerting.Incident{}, fmt.Errorf("reading incidents: %w", err)
	}
	for _, in := range all {
		if in.Key == key {
			return in, nil
		}
	}
	if in, ok := a.opts.Controls.EndedIncident(ctx, key); ok {
		return in, nil
	}
	return alerting.Incident{}, errLongOver
}

// matchersOf match exactly these labels.
func matchersOf(ls labels.Labels) (ms alerting.Matchers) {
	ls.Range(func(l labels.Label) {
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value))
	})
	return ms
}

// maxCode is how many characters of matchers are shown.
const maxCode = 1000

// code shows matchers as they are, but for labels that must not leave.
func (a *App) code(ms alerting.Matchers) string {
	s := []rune(strings.Join(strings.Fields(strings.ReplaceAll(a.opts.Visible().Matchers(ms), "`", "'")), " "))
	if left := len(s) - maxCode; left > 0 {
		return fmt.Sprintf("`%s…` (%d characters left out)", notify.EscapeSlack(string(s[:maxCode])), left)
	}
	return "`" + notify.EscapeSlack(string(s)) + "`"
}

// labels shows those that may leave.
func (a *App) labels(ls labels.Labels) string {
	shown, _ := a.opts.Visible().Labels(ls)
	return shown.String()
}

// when writes a time as people around the service do.
func (a *App) when(t int64) string {
	return time.UnixMilli(t).In(a.opts.Location()).Format("2 Jan 15:04 MST")
}
