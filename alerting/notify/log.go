package notify

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/tidewatch/tidewatch/alerting"
)

var _ = register(Spec{
	Kind:    "log",
	Summary: "Writes each version of a notice as one structured log record.",
	Can:     Capabilities{Edits: false},
})

// NewLog builds the notifier that writes each notice as one record of the logger: level Warn while firing, Info otherwise. It
// also implements alerting.Renderer and Queued.
func NewLog(name string, logger *slog.Logger) alerting.Notifier {
	if logger == nil {
		logger = slog.Default()
	}
	if name == "" {
		name = "log"
	}
	return &logNotifier{name: name, logger: logger}
}

type logNotifier struct {
	name   string
	logger *slog.Logger
}

// QueueKey implements Queued.
func (l *logNotifier) QueueKey() string { return "log " + l.name }

// Notify implements alerting.Notifier. A version that was written is not written again.
func (l *logNotifier) Notify(ctx context.Context, n *alerting.Notice, d alerting.Delivery) (alerting.Delivery, error) {
	if err := ctx.Err(); err != nil {
		return d, fmt.Errorf("log receiver %q: %w", l.name, err)
	}
	if d.Sent >= n.Version && !d.Unknown {
		return d, nil
	}
	level := slog.LevelInfo
	if n.Status == "firing" && n.Kind == alerting.KindIncident {
		level = slog.LevelWarn
	}
	l.logger.LogAttrs(ctx, level, fit(clean(n.Headline), slackHeadline), logAttrs(n)...)
	return alerting.Delivery{Sent: n.Version}, nil
}

func logAttrs(n *alerting.Notice) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("receiver", n.Receiver), slog.String("kind", string(n.Kind)), slog.String("status", n.Status),
		slog.String("key", n.Key), slog.Int("version", n.Version),
	}
	if total := len(n.Alarms) + n.Omitted; total > 0 {
		attrs = append(attrs, slog.Int("alarms", total))
	}
	if len(n.Alarms) > 0 {
		a := &n.Alarms[0]
		attrs = append(attrs, slog.String("detector", a.Detector), slog.String("alarm", a.ID),
			slog.String("reason", fit(clean(a.Reason), slackSection)), slog.Float64("score", a.Score))
	}
	if len(n.Body) > 0 {
		attrs = append(attrs, slog.String("body", fit(clean(strings.Join(n.Body, " | ")), slackSection)))
	}
	if n.Reply != "" {
		attrs = append(attrs, slog.String("reply", fit(clean(n.Reply), slackReply)))
	}
	return attrs
}

// Render implements alerting.Renderer: the notice as plain text, one line each, as replay and check print it.
func (*logNotifier) Render(n *alerting.Notice) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", emoji(n), fit(strings.Join(strings.Fields(clean(n.Headline)), " "), slackHeadline))
	for _, line := range textLines(n) {
		fmt.Fprintf(&b, "   %s\n", line)
	}
	return b.Bytes(), nil
}

// textLines are the lines below the headline, without Slack's markup.
func textLines(n *alerting.Notice) []string {
	plain := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
	var lines []string
	for _, s := range bodySections(bodyLines(n)) {
		if s != "" {
			lines = append(lines, strings.Split(plain.Replace(s), "\n")...)
		}
	}
	if list := alarmList(n); list != "" {
		lines = append(lines, strings.Split(strings.ReplaceAll(plain.Replace(list), "*", ""), "\n")...)
	}
	for _, l := range n.Links {
		lines = append(lines, clean(l.Text)+": "+clean(l.URL))
	}
	for _, s := range smallPrint(n, chartRef{}, style{}) {
		lines = append(lines, plain.Replace(s))
	}
	if n.Reply != "" {
		lines = append(lines, "↳ "+fit(clean(n.Reply), slackReply))
	}
	return lines
}
