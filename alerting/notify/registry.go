package notify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidewatch/tidewatch/alerting"
)

// Spec describes a kind of receiver. Docs, `tidewatch check` and the contract tests go through all of them.
type Spec struct {
	Kind    string // the key in a receiver's configuration and the mode, for example "slack_configs (bot token)"
	Summary string // one sentence
	Can     Capabilities
}

// Capabilities is what a kind of receiver can do beyond posting a message.
type Capabilities struct {
	Edits     bool // a newer version replaces the message in place
	Threads   bool // replies go into the message's thread
	Charts    bool // the chart is shown in the message
	LooksBack bool // a post without an answer is looked up before a second attempt, so a message never comes twice
}

// Lacks names what the kind cannot do, nil if it can do everything.
func (c Capabilities) Lacks() []string {
	var lacks []string
	for _, f := range []struct {
		can  bool
		text string
	}{
		{c.Edits, "no edits: an update or resolve is a message of its own"},
		{c.Threads, "no threads"},
		{c.Charts, "no chart upload"},
		{c.LooksBack, "no read-back: a message whose answer was lost may come twice"},
	} {
		if !f.can {
			lacks = append(lacks, f.text)
		}
	}
	return lacks
}

// Queued is implemented by notifiers whose receiver takes messages one at a time.
type Queued interface {
	alerting.Notifier
	// QueueKey is the same for notifiers that send to the same place. It holds no secret.
	QueueKey() string
}

var specs []Spec

// register adds a kind; it panics if the kind is there already. What it returns serves only to call it from a declaration.
//
//nolint:unparam // see above
func register(s Spec) struct{} {
	for _, o := range specs {
		if o.Kind == s.Kind {
			panic(fmt.Sprintf("notifier kind %q registered twice", s.Kind)) // two files of this package claim one name
		}
	}
	specs = append(specs, s)
	return struct{}{}
}

// Kinds lists every kind of receiver by name.
func Kinds() []Spec {
	out := slices.Clone(specs)
	slices.SortFunc(out, func(a, b Spec) int { return strings.Compare(a.Kind, b.Kind) })
	return out
}
