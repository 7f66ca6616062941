package alerting

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Route is a node of the routing tree, with Alertmanager's semantics: an alarm goes down the first matching child (or several
// with Continue), and a node inherits from its parent whatever it leaves unset. The zero durations and a nil GroupBy mean
// "inherit"; the root's fall back to the Default constants.
type Route struct {
	Receiver       string
	Matchers       []*labels.Matcher
	GroupBy        []string // label names; empty, not nil: one group; "..." alone: every label
	GroupByCause   *bool    // groups whose alarms have one cause are one incident, too; nil: inherit, at the root false
	GroupWait      time.Duration
	GroupInterval  time.Duration
	RepeatInterval time.Duration
	Continue       bool
	// Names of DispatcherOptions.Intervals. While one of MuteIntervals holds, or none of ActiveIntervals does, the route tells nothing;
	// states go on. They are not inherited.
	MuteIntervals, ActiveIntervals []string
	Routes                         []*Route

	WaitGiven bool // of a node that has inherited: GroupWait was set by somebody
}
