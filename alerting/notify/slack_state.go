package notify

import (
	"encoding/json"
	"fmt"
	"sync"
)

// slackState is what a bot remembers about one message: alerting.Delivery.State.
type slackState struct {
	Channel string `json:"channel,omitempty"` // ID
	TS      string `json:"ts,omitempty"`
	Posted  int    `json:"posted,omitempty"`  // the version that the message shows
	Replied int    `json:"replied,omitempty"` // the newest version whose thread reply is there
	// File is the uploaded chart of version FileOf. NotReady counts the attempts at which Slack had not yet processed it;
	// FileAlt is its text for those who do not see it; FileError is why the chart of version FileOf is missing for good.
	File      string `json:"file,omitempty"`
	FileOf    int    `json:"file_of,omitempty"`
	FileAlt   string `json:"file_alt,omitempty"`
	FileError string `json:"file_error,omitempty"`
	NotReady  int    `json:"not_ready,omitempty"`
	// Digest says that a digest told of the message, which is not there itself.
	Digest bool `json:"digest,omitempty"`
}

// Digested implements outbox.Digested.
func (*bot) Digested() json.RawMessage { return (&slackState{Digest: true}).json() }

// Digested implements outbox.Digested.
func (*webhook) Digested() json.RawMessage { return (&slackState{Digest: true}).json() }

func readState(raw json.RawMessage) (slackState, error) {
	var st slackState
	if len(raw) == 0 {
		return st, nil
	}
	if err := json.Unmarshal(raw, &st); err != nil {
		return st, fmt.Errorf("reading what was remembered of the message: %w", err)
	}
	return st, nil
}

func (st *slackState) json() json.RawMessage {
	if *st == (slackState{}) {
		return nil
	}
	raw, err := json.Marshal(st)
	if err != nil {
		panic(err) // strings and integers always marshal
	}
	return raw
}

// channelIDs remembers the ID behind a channel's name.
type channelIDs struct {
	mu sync.Mutex
	id string
}

func (c *channelIDs) get() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id
}

func (c *channelIDs) set(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id = id
}
