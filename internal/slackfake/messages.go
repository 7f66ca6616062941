package slackfake

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Metadata is a message's metadata.
type Metadata struct {
	EventType    string         `json:"event_type"`
	EventPayload map[string]any `json:"event_payload"`
}

// Message is one message of a channel as it stands now.
type Message struct {
	TS       string          `json:"ts"`
	ThreadTS string          `json:"thread_ts,omitempty"` // set on replies, and on a parent that has replies
	Text     string          `json:"text"`
	Username string          `json:"username,omitempty"`
	Blocks   json.RawMessage `json:"blocks,omitempty"`
	Metadata *Metadata       `json:"metadata,omitempty"`
	Webhook  bool            `json:"-"` // came through an incoming webhook
	Edits    int             `json:"-"` // how often chat.update has changed it
	Posted   time.Time       `json:"-"`
	EditedTS string          `json:"-"`
	Replies  []Message       `json:"-"` // oldest first
}

// channelLog is a channel and its messages, oldest first; replies hang on their parents.
type channelLog struct {
	Channel
	messages []*Message
	lastPost time.Time
}

func (c *channelLog) hook() string {
	if c.Hook != "" {
		return c.Hook
	}
	return "hook" + strings.ToLower(c.ID)
}

// at finds a message by its ts; parent is nil unless it is a reply.
func (c *channelLog) at(ts string) (m, parent *Message) {
	for _, m := range c.messages {
		if m.TS == ts {
			return m, nil
		}
		for i := range m.Replies {
			if m.Replies[i].TS == ts {
				return &m.Replies[i], m
			}
		}
	}
	return nil, nil
}

// Messages returns a copy of a channel's messages, oldest first, each with its replies. The channel is named by its ID or
// name; an unknown one has none.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.find(channel)
	if c == nil {
		return nil
	}
	out := make([]Message, len(c.messages))
	for i, m := range c.messages {
		out[i] = *m
		out[i].Replies = append([]Message(nil), m.Replies...)
	}
	return out
}

// find looks a channel up by ID, name or #name; nil if there is none.
func (s *Server) find(channel string) *channelLog {
	if c := s.chans[channel]; c != nil {
		return c
	}
	name := strings.TrimPrefix(channel, "#")
	for _, id := range s.order {
		if s.chans[id].Name == name {
			return s.chans[id]
		}
	}
	return nil
}

// stamp makes a time stamp that no message has yet, and that is later than all before.
func (s *Server) stamp() (string, time.Time) {
	now := s.opts.Clock()
	us := max(now.UnixMicro(), s.lastTS+1)
	s.lastTS = us
	return fmt.Sprintf("%d.%06d", us/1e6, us%1e6), time.UnixMicro(us)
}

// postMessage is chat.postMessage.
func (s *Server) postMessage(a args) (map[string]any, *apiError) {
	c, e := s.postable(a["channel"])
	if e != nil {
		return nil, e
	}
	m, e := s.compose(a)
	if e != nil {
		return nil, e
	}
	if over := s.limit(c); over != nil {
		return nil, over
	}
	m, e = c.add(s, m, a["thread_ts"])
	if e != nil {
		return nil, e
	}
	return map[string]any{"channel": c.ID, "ts": m.TS, "message": wire(m, true)}, nil
}

// postable is the channel that the bot may post to.
func (s *Server) postable(channel string) (*channelLog, *apiError) {
	c := s.find(channel)
	switch {
	case c == nil, c.Private && c.NotMember:
		return nil, fail("channel_not_found")
	case c.NotMember:
		return nil, fail("not_in_channel")
	case c.Archived:
		return nil, fail("is_archived")
	}
	return c, nil
}

// limited is the error that leaves the server as a 429.
const limited = "ratelimited"

// limit enforces one message a second and channel.
func (s *Server) limit(c *channelLog) *apiError {
	now := s.opts.Clock()
	if s.opts.RateLimit && now.Sub(c.lastPost) < time.Second {
		return fail(limited)
	}
	c.lastPost = now
	return nil
}

// compose checks what a message is to hold.
func (s *Server) compose(a args) (*Message, *apiError) {
	m := &Message{Text: a["text"], Username: a["username"]}
	if length(m.Text) > maxText {
		return nil, fail("msg_too_long")
	}
	if raw := a["blocks"]; raw != "" {
		if e := s.checkBlocks(json.RawMessage(raw)); e != nil {
			return nil, e
		}
		m.Blocks = json.RawMessage(raw)
	}
	if m.Text == "" && (len(m.Blocks) == 0 || string(m.Blocks) == "[]") && a["attachments"] == "" {
		return nil, fail("no_text")
	}
	md, e := parseMetadata(a["metadata"])
	m.Metadata = md
	return m, e
}

func parseMetadata(raw string) (*Metadata, *apiError) {
	if raw == "" {
		return nil, nil
	}
	if len(raw) > maxMetadata {
		return nil, fail("metadata_too_large")
	}
	var md Metadata
	if json.Unmarshal([]byte(raw), &md) != nil {
		return nil, fail("invalid_metadata_format")
	}
	if md.EventType == "" || md.EventPayload == nil {
		return nil, fail("invalid_metadata_schema")
	}
	return &md, nil
}

// add puts a message into the channel, or into a thread of it.
func (c *channelLog) add(s *Server, m *Message, thread string) (*Message, *apiError) {
	if thread == "" {
		m.TS, m.Posted = s.stamp()
		c.messages = append(c.messages, m)
		return m, nil
	}
	parent, above := c.at(thread)
	if parent == nil {
		return nil, fail("thread_not_found")
	}
	if above != nil {
		parent = above
	}
	m.TS, m.Posted = s.stamp()
	parent.ThreadTS, m.ThreadTS = parent.TS, parent.TS
	parent.Replies = append(parent.Replies, *m)
	return m, nil
}

// updateMessage is chat.update: text and blocks are replaced together, metadata is kept unless given.
func (s *Server) updateMessage(a args) (map[string]any, *apiError) {
	c := s.chans[a["channel"]]
	if c == nil {
		return nil, fail("channel_not_found")
	}
	m, _ := c.at(a["ts"])
	switch {
	case m == nil:
		return nil, fail("message_not_found")
	case m.Webhook:
		return nil, fail("cant_update_message")
	}
	next, e := s.compose(a)
	if e != nil {
		return nil, e
	}
	m.Text, m.Blocks = next.Text, next.Blocks
	if next.Metadata != nil {
		m.Metadata = next.Metadata
	}
	m.Edits++
	m.EditedTS, _ = s.stamp()
	return map[string]any{"channel": c.ID, "ts": m.TS, "text": m.Text, "message": wire(m, true)}, nil
}

// permalink is chat.getPermalink.
func (s *Server) permalink(a args) (map[string]any, *apiError) {
	c := s.chans[a["channel"]]
	if c == nil {
		return nil, fail("channel_not_found")
	}
	m, _ := c.at(a["message_ts"])
	if m == nil {
		return nil, fail("message_not_found")
	}
	link := s.URL() + "/?channel=" + c.ID + "#" + m.TS
	return map[string]any{"channel": c.ID, "permalink": link}, nil
}

// wire is a message as the API returns it.
func wire(m *Message, metadata bool) map[string]any {
	out := map[string]any{
		"type": "message", "ts": m.TS, "text": m.Text, "user": "U0000FAKE", "bot_id": "B0000FAKE", "app_id": "A0000FAKE", "team": "T0000FAKE",
	}
	if m.ThreadTS != "" {
		out["thread_ts"] = m.ThreadTS
	}
	if n := len(m.Replies); n > 0 {
		out["reply_count"], out["latest_reply"] = n, m.Replies[n-1].TS
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if m.EditedTS != "" {
		out["edited"] = map[string]any{"user": "B0000FAKE", "ts": m.EditedTS}
	}
	if metadata && m.Metadata != nil {
		out["metadata"] = m.Metadata
	}
	return out
}
