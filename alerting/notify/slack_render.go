package notify

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/tidewatch/tidewatch/alerting"
)

// rendered is what Render shows of a message.
type rendered struct {
	Channel  string        `json:"channel,omitempty"`
	Text     string        `json:"text"`
	Blocks   []slack.Block `json:"blocks"`
	Metadata any           `json:"metadata,omitempty"`
	Reply    string        `json:"thread_reply,omitempty"`
}

// placeholderFile stands for the upload that a rendered message does not make.
const placeholderFile = "F00000CHART"

// Render implements alerting.Renderer.
func (b *bot) Render(n *alerting.Notice) ([]byte, error) {
	var ref chartRef
	if c, _ := chartOf(n); c != nil {
		ref = chartRef{FileID: placeholderFile, Alt: AltText(c)}
	}
	m := compose(b.cfg.dress(n), ref, b.style())
	out := rendered{
		Channel: b.cfg.Channel, Text: m.Text, Blocks: m.Blocks,
		Metadata: slack.SlackMetadata{EventType: metadataEvent, EventPayload: map[string]any{"key": n.Key, "version": n.Version}},
	}
	if n.Reply != "" {
		out.Reply = composeReply(n).Text
	}
	return indented(out)
}

// Render implements alerting.Renderer.
func (w *webhook) Render(n *alerting.Notice) ([]byte, error) {
	m := compose(w.cfg.dress(n), w.chart(n, alerting.Delivery{}), webhookStyle)
	return indented(rendered{Text: m.Text, Blocks: m.Blocks})
}

func indented(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("rendering the message: %w", err)
	}
	return buf.Bytes(), nil
}
