package slackapp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notify"
	"github.com/tidewatch/tidewatch/internal/api"
)

// usage is the answer to what is no command.
const usage = "`/tidewatch status` · how it is now\n" +
	"`/tidewatch silence alertname=ErrorRatio job=checkout 4h rolling out 1.8.3` · matchers, how long, and why\n" +
	"`/tidewatch explain ALARM` · why an alarm is in its state; the id is in the message\n" +
	"`/tidewatch last` · the newest anomalies\n" +
	"`/tidewatch feedback` · what people made of alarms, to be taken back"

// listed is how many entries a list in an answer has at most.
const listed = 10

// command answers the slash command.
func (a *App) command(ctx context.Context, r *request) (*reply, error) {
	word, rest, _ := strings.Cut(strings.TrimSpace(r.text), " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(word) {
	case "status":
		return a.status(ctx)
	case "silence":
		return a.silence(ctx, r, rest)
	case "explain":
		return a.explain(ctx, rest)
	case "last":
		return a.last(ctx)
	case "feedback":
		return a.feedback(ctx)
	case "", "help":
		return ephemeral(usage), nil
	}
	return ephemeral("There is no `" + notify.EscapeSlack(oneWord(word)) + "`. There are:\n" + usage), nil
}

// silence is "MATCHER… DURATION [COMMENT…]".
func (a *App) silence(ctx context.Context, r *request, text string) (*reply, error) {
	ms, span, comment, err := parseSilence(text)
	if err != nil {
		return nil, fmt.Errorf("%w; right would be: /tidewatch silence alertname=ErrorRatio job=checkout 4h rolling out 1.8.3", err)
	}
	now := a.opts.Now().UnixMilli()
	id, err := a.opts.Controls.Control(ctx, alerting.Control{
		ID: r.id, At: now, Actor: r.by, Kind: alerting.ControlSilence, Comment: comment,
		Silence: &alerting.SilenceSpec{Matchers: ms, EndsAt: now + span.Milliseconds()},
	})
	if err != nil {
		return nil, err
	}
	return a.silenced(id, ms, now+span.Milliseconds()), nil
}

// oneWord shows what a person wrote, shortened.
func oneWord(s string) string {
	r := []rune(strings.ReplaceAll(s, "`", "'"))
	if len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return string(r)
}

func (a *App) status(ctx context.Context) (*reply, error) {
	detectors, err := a.opts.Backend.Detectors(ctx)
	if err != nil {
		return nil, err
	}
	incidents, err := a.opts.Controls.Incidents(ctx)
	if err != nil {
		return nil, err
	}
	silences, err := a.opts.Controls.Silences(ctx)
	if err != nil {
		return nil, err
	}
	now := a.opts.Now().UnixMilli()
	silences = slices.DeleteFunc(silences, func(s alerting.Silence) bool { return s.State(now) != alerting.SilenceActive })
	series, alarms := 0, 0
	var troubled []string
	for _, d := range detectors {
		series += d.Series
		alarms += d.Alarms.Alarm
		if d.State != api.DetectorRunning {
			troubled = append(troubled, fmt.Sprintf("• %s is %s %s", notify.EscapeSlack(d.Name), d.State, notify.EscapeSlack(a.opts.Visible().Text(d.LastError))))
		}
	}
	lines := []string{fmt.Sprintf("%d detectors over %d series · %d alarms · %d open incidents · %d active silences",
		len(detectors), series, alarms, len(incidents), len(silences))}
	return ephemeral(strings.Join(append(lines, shorten(troubled)...), "\n")), nil
}

// explain is about the alarm whose id begins with what was written.
func (a *App) explain(ctx context.Context, id string) (*reply, error) {
	id = strings.ToLower(strings.Trim(id, "` "))
	if len(id) < 4 || strings.ContainsAny(id, " /") {
		return nil, errors.New("which alarm? Right would be: /tidewatch explain 7f3a19c0, with the id that the message shows after \"alarm\"")
	}
	full, err := a.find(ctx, id)
	if err != nil {
		return nil, err
	}
	e, err := a.opts.Backend.Explain(ctx, full)
	if err != nil {
		return nil, err
	}
	lines := []string{"*" + notify.EscapeSlack(e.Detector) + "* " + notify.EscapeSlack(a.labels(e.Labels)) + " · " + e.State, e.Reason, e.Why}
	for i := 1; i < len(lines); i++ {
		lines[i] = notify.EscapeSlack(lines[i])
	}
	lines = append(lines, fmt.Sprintf("score %.2f (alarms at 1) · decided by %s · alarm %s", float64(e.Score), e.Channel, full))
	return ephemeral(strings.Join(lines, "\n")), nil
}

// find completes the beginning of an alarm's id.
func (a *App) find(ctx context.Context, prefix string) (string, error) {
	var found []string
	q := api.AlarmQuery{Limit: api.MaxLimit, AfterID: previous(prefix)}
	page, err := a.opts.Backend.Alarms(ctx, q)
	if err != nil {
		return "", err
	}
	for _, al := range page.Alarms {
		if strings.HasPrefix(al.ID, prefix) {
			found = append(found, al.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("there is no alarm %s; /tidewatch last lists some", oneWord(prefix))
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%d alarms begin with %s; write more of the id, for example %s", len(found), prefix, found[0])
}

// previous is a string just below s in the order of ids, which are hexadecimal digits: what comes after it begins with s or is greater.
func previous(s string) string {
	last := len(s) - 1
	return s[:last] + string(s[last]-1) + "~"
}

func (a *App) last(ctx context.Context) (*reply, error) {
	now := a.opts.Now().UnixMilli()
	page, err := a.opts.Backend.Anomalies(ctx, api.AnomalyQuery{From: now - (7 * 24 * time.Hour).Milliseconds(), To: now, MinScore: 1, Limit: listed})
	if err != nil {
		return nil, err
	}
	if len(page.Anomalies) == 0 {
		return ephemeral("No anomalies in the last seven days."), nil
	}
	var lines []string
	for _, x := range page.Anomalies {
		end := "still going on"
		if x.State == api.AnomalyEnded {
			end = "until " + a.when(int64(x.End))
		}
		lines = append(lines, fmt.Sprintf("• %s · *%s* %s · score %.1f · %s · alarm %s", a.when(int64(x.Start)), notify.EscapeSlack(x.Detector),
			notify.EscapeSlack(oneLine(a.labels(x.Labels))), float64(x.Score), end, x.AlarmID))
	}
	if page.Remaining != 0 {
		lines = append(lines, "and earlier ones")
	}
	return ephemeral(strings.Join(lines, "\n")), nil
}

func (a *App) feedback(ctx context.Context) (*reply, error) {
	all, err := a.opts.Controls.Feedback(ctx)
	if err != nil {
		return nil, err
	}
	now := a.opts.Now().UnixMilli()
	all = slices.DeleteFunc(all, func(f alerting.FeedbackEntry) bool { return !f.Active(now) })
	slices.SortFunc(all, func(x, y alerting.FeedbackEntry) int { return int(max(-1, min(1, y.At-x.At))) })
	if len(all) == 0 {
		return ephemeral("No feedback stands."), nil
	}
	rep := ephemeral(fmt.Sprintf("%d verdicts stand.", len(all)))
	for _, f := range all[:min(listed, len(all))] {
		line := fmt.Sprintf("%s · *%s* by %s · %s · until %s", a.when(f.At), strings.ReplaceAll(string(f.Verdict), "_", " "),
			notify.EscapeSlack(f.By.String()), a.code(f.Matchers), a.when(f.ExpiresAt))
		rep.Blocks = append(rep.Blocks, notify.UndoButton(line, notify.DeedUndoFeedback, f.ID)...)
	}
	if left := len(all) - listed; left > 0 {
		rep.Blocks = append(rep.Blocks, notify.TextBlock(fmt.Sprintf("and %d earlier ones", left)))
	}
	return rep, nil
}

// shorten keeps the first entries of a list and says how many more there are.
func shorten(lines []string) []string {
	if left := len(lines) - listed; left > 0 {
		return append(lines[:listed:listed], fmt.Sprintf("and %d more", left))
	}
	return lines
}

func oneLine(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > 200 {
		return string(r[:200]) + fmt.Sprintf("… (%d characters left out)", len(r)-200)
	}
	return string(r)
}
