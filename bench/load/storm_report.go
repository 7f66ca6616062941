package load

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// StormReport is what came of a storm.
type StormReport struct {
	Series   int `json:"series"`
	Broken   int `json:"broken"`
	Groups   int `json:"storm_groups"`
	Refusals int `json:"refusals"`
	Alarms   int `json:"alarms"` // that were raised, each counted once
	Told     int `json:"told"`   // alarms that the messages in Slack count at the end

	// First is from when the evaluation that raised the first alarms began until Slack had the first message: Wait of it was group_wait,
	// the rest is reading, deciding, storing and sending on the wall's clock.
	First    time.Duration `json:"first_ns"`
	Wait     time.Duration `json:"wait_ns"`
	FirstCPU time.Duration `json:"first_cpu_ns"` // the processor time of that until the message was decided

	Messages int `json:"messages"`
	Replies  int `json:"replies"`
	Edits    int `json:"edits"`
	Digested int `json:"digested"` // incidents that messages about many incidents stand for

	Ticks  []StormTick `json:"ticks"`
	Send   Cost        `json:"send"` // after the last tick, until all was sent
	Before Memory      `json:"before"`
	After  Memory      `json:"after"`
}

// StormTick is what one minute cost.
type StormTick struct {
	Raised int `json:"raised"` // alarms
	Cost
	Memory
}

// StormGoal is something that must hold in a storm, and what was measured.
type StormGoal struct {
	Name, Want, Got string
	Met             bool
}

// The goals of a storm.
const (
	stormFirst    = 5 * time.Second // from the evaluation until Slack has the first message
	stormMessages = 20              // in the channel and in its threads
	stormMemory   = 4 << 10         // bytes for each alarm that memory may grow by at its peak, without files, above that of quiet minutes …
	stormSpare    = 64 << 20        // … and besides
)

// Goals says which goals are met. For the first message there is none where Slack refuses some, or storms wait as other groups do.
func (r StormReport) Goals() []StormGoal {
	out := []StormGoal{
		{"alarms that the messages count", "all " + strconv.Itoa(r.Alarms), strconv.Itoa(r.Told), r.Told == r.Alarms},
		{"messages and replies", fmt.Sprintf("≤ %d", stormMessages), strconv.Itoa(r.Messages + r.Replies), r.Messages+r.Replies <= stormMessages},
	}
	if r.Refusals == 0 && r.Groups > 0 {
		out = append(out, StormGoal{"first message, from the beginning of its evaluation", "≤ " + stormFirst.String(), round(r.First).String(), r.First <= stormFirst})
	}
	if before, most := r.Before.Anonymous, r.anonymous(); before > 0 {
		room := int64(stormSpare + stormMemory*r.Alarms)
		out = append(out, StormGoal{"memory without files at its peak, above that of quiet minutes", "≤ " + mebibytes(room), mebibytes(max(0, most-before)), most-before <= room})
	}
	return out
}

// Met reports whether all goals are.
func (r StormReport) Met() bool {
	for _, g := range r.Goals() {
		if !g.Met {
			return false
		}
	}
	return true
}

// anonymous is the most memory without files in the storm.
func (r StormReport) anonymous() (most int64) {
	for _, t := range r.Ticks {
		most = max(most, t.Anonymous)
	}
	return max(most, r.After.Anonymous)
}

// peak is the largest resident set of the storm.
func (r StormReport) peak() (rss int64) {
	for _, t := range r.Ticks {
		rss = max(rss, t.Peak)
	}
	return max(rss, r.After.Peak)
}

var digestHead = regexp.MustCompile(`(\S+) incidents? with \S+ alarms? at once, in one message`)

// count reads what Slack has. An incident is told by its own message in its newest version or by a message about many.
func (s *storm) count() {
	has := map[string]int{} // version by key
	for _, m := range s.slack.Messages("#oncall") {
		if s.rep.First == 0 && !m.Posted.Before(s.began) {
			s.rep.First = s.rep.Wait + m.Posted.Sub(s.began)
		}
		s.rep.Messages++
		s.rep.Replies += len(m.Replies)
		s.rep.Edits += m.Edits
		if d := digestHead.FindStringSubmatch(m.Text); d != nil {
			n, _ := strconv.Atoi(strings.ReplaceAll(d[1], ",", "")) // 0 tells nothing
			s.rep.Digested += n
			continue
		}
		key, version := identity(m)
		has[key] = version
	}
	missing, theirs := 0, 0
	seen := map[string]bool{} // an alarm that came twice counts once
	for _, key := range slices.Sorted(maps.Keys(s.newest)) {
		n := s.newest[key]
		alarms := n.Omitted
		for _, a := range n.Alarms {
			if !seen[a.ID] {
				seen[a.ID] = true
				alarms++
			}
		}
		switch version, ok := has[key]; {
		case !ok: // a message about many stands for it
			missing, theirs = missing+1, theirs+alarms
		case version == n.Version:
			s.rep.Told += alarms
		}
	}
	if missing <= s.rep.Digested {
		s.rep.Told += theirs
	}
}

// identity is the key and version that a message bears.
func identity(m slackfake.Message) (key string, version int) {
	if m.Metadata == nil {
		return "", 0
	}
	key, _ = m.Metadata.EventPayload["key"].(string)
	v, _ := m.Metadata.EventPayload["version"].(float64)
	return key, int(v)
}

// Print writes the report.
func (r StormReport) Print(out io.Writer) error {
	_, err := fmt.Fprintf(out, "%d of %d series went wrong within a minute: %d alarms, of which the messages count %d; Slack refused the first %d messages\n"+
		"%d messages, %d replies in their threads, %d edits, %d incidents told together\n"+
		"the first message %s after its evaluation began, group_wait included (%s), %s of CPU until it was decided\n"+
		"memory: without files at most %s in quiet minutes and %s in the storm, RSS %s before, %s at its peak, %s after, live heap %s before, %s after; sending the rest took %s CPU\n",
		r.Broken, r.Series, r.Alarms, r.Told, r.Refusals, r.Messages, r.Replies, r.Edits, r.Digested, round(r.First), r.Wait, round(r.FirstCPU),
		mebibytes(r.Before.Anonymous), mebibytes(r.anonymous()), mebibytes(r.Before.RSS), mebibytes(r.peak()), mebibytes(r.After.RSS), mebibytes(r.Before.Live), mebibytes(r.After.Live), round(r.Send.CPU))
	for i, t := range r.Ticks {
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "minute %d: %d alarms raised, %s CPU, %s wall, peak RSS %s, without files %s, live heap %s\n",
			i+1, t.Raised, round(t.CPU), round(t.Wall), mebibytes(t.Peak), mebibytes(t.Anonymous), mebibytes(t.Live))
	}
	for _, g := range r.Goals() {
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "goal %s: %s %s, want %s\n", map[bool]string{true: "met", false: "missed"}[g.Met], g.Name, g.Got, g.Want)
	}
	return err
}
