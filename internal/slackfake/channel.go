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
