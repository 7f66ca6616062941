package slackfake

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

//go:embed page.html.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"mrkdwn": mrkdwn,
	"clock":  func(t time.Time) string { return t.UTC().Format("15:04:05") },
	"initial": func(name string) string {
		first, _ := utf8.DecodeRuneInString(name + "T")
		return strings.ToUpper(string(first))
	},
}).Parse(pageText))

// pageData is what the page shows.
type pageData struct {
	Channels []pageChannel
	Current  Channel
	Messages []pageMessage // the newest first, at most maxShown
	Older    int           // how many more there are
}

// maxShown keeps the page light however long the demo runs.
const maxShown = 100

type pageChannel struct {
	ID, Name string
	Private  bool
	Count    int
	Current  bool
}

type pageMessage struct {
	TS, From string
	Posted   time.Time
	Edited   bool
	Webhook  bool
	Blocks   []pageBlock
	Replies  []pageMessage
}

// pageBlock is a block in the few shapes that the template draws.
type pageBlock struct {
	Kind    string // header, section, context, image, divider, actions
	Text    string // mrkdwn of header and section
	Parts   []string
	Image   template.URL
	Alt     string
	Buttons []pageButton
}

type pageButton struct {
	Text  string
	URL   string
	Style string
}

// servePage draws one channel. It refreshes itself every few seconds.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	data := s.pageData(r.URL.Query().Get("channel"))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src *; style-src 'unsafe-inline'")
	if err := pageTemplate.Execute(w, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (s *Server) pageData(channel string) pageData {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.find(channel)
	if c == nil {
		c = s.chans[s.order[0]]
	}
	data := pageData{Current: c.Channel}
	for _, id := range s.order {
		o := s.chans[id]
		data.Channels = append(data.Channels, pageChannel{o.ID, o.Name, o.Private, len(o.messages), o == c})
	}
	data.Older = max(0, len(c.messages)-maxShown)
	for i := len(c.messages) - 1; i >= data.Older; i-- {
		data.Messages = append(data.Messages, drawn(c.messages[i]))
	}
	return data
}

func drawn(m *Message) pageMessage {
	out := pageMessage{TS: m.TS, From: m.Username, Posted: m.Posted, Edited: m.Edits > 0, Webhook: m.Webhook}
	if out.From == "" {
		out.From = "Tidewatch"
	}
	var blocks []map[string]any
	if len(m.Blocks) > 0 && json.Unmarshal(m.Blocks, &blocks) == nil && len(blocks) > 0 {
		for _, b := range blocks {
			out.Blocks = append(out.Blocks, drawnBlock(b))
		}
	} else {
		out.Blocks = []pageBlock{{Kind: "section", Text: m.Text}}
	}
	for i := range m.Replies {
		out.Replies = append(out.Replies, drawn(&m.Replies[i]))
	}
	return out
}

func drawnBlock(b map[string]any) pageBlock {
	out := pageBlock{}
	out.Kind, _ = b["type"].(string)
	out.Text = textOf(b["text"])
	switch out.Kind {
	case "image":
		out.Alt, _ = b["alt_text"].(string)
		if f, ok := b["slack_file"].(map[string]any); ok {
			id, _ := f["id"].(string)
			if fileID.MatchString(id) {
				out.Image = template.URL("/files/" + id) //nolint:gosec // the pattern allows letters and digits only
			}
		}
		if link, ok := b["image_url"].(string); ok && strings.HasPrefix(link, "http") {
			out.Image = template.URL(link) //nolint:gosec // an image of an http URL runs nothing
		}
	case "section":
		fields, _ := b["fields"].([]any)
		for _, f := range fields {
			out.Parts = append(out.Parts, textOf(f))
		}
	case "context", "actions":
		elements, _ := b["elements"].([]any)
		for _, v := range elements {
			e, _ := v.(map[string]any)
			if e["type"] == "button" {
				link, _ := e["url"].(string)
				style, _ := e["style"].(string)
				out.Buttons = append(out.Buttons, pageButton{textOf(e["text"]), link, style})
				continue
			}
			out.Parts = append(out.Parts, textOf(e))
		}
	}
	return out
}

// textOf is the text of a text object, "" if it is none.
func textOf(v any) string {
	t, _ := v.(map[string]any)
	text, _ := t["text"].(string)
	return text
}
