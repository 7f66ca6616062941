package slackfake

import (
	"encoding/json"
	"time"
)

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
