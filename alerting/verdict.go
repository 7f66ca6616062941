package alerting

import (
	"cmp"
	"fmt"
	"slices"
)

// Verdict is standing feedback on alarms of an incident, as its message shows it.
type Verdict struct {
	ID      string          `json:"id"` // of the feedback
	Verdict FeedbackVerdict `json:"verdict"`
	By      Actor           `json:"by"`
	At      int64           `json:"at"` // Unix milliseconds
	Comment string          `json:"comment,omitempty"`
}

// verdictsOn is the standing feedback that was given on the incident's alarms as they are now, oldest first.
func (d *Dispatcher) verdictsOn(in *incident, at int64) (out []Verdict) {
	for _, f := range d.feedback {
		judges := func(j Judged) bool {
			m := in.members[j.Alarm]
			return m != nil && m.shown() && m.startsAt <= f.At
		}
		if f.Active(at) && slices.ContainsFunc(f.Judged, judges) {
			out = append(out, f.verdict())
		}
	}
	slices.SortFunc(out, func(a, b Verdict) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID)) })
	return out
}

// touchJudged makes the messages about judged alarms tell at t what was made of them.
func (d *Dispatcher) touchJudged(js []Judged, t int64) {
	for i := range js {
		for _, in := range d.where[js[i].Alarm] {
			in.ackChanged = true
			d.touch(in, t)
		}
	}
}

// maxVerdictLines is how many verdicts a message shows; the newest, as they are what people look for.
const maxVerdictLines = 3

// verdicts are the lines about what people made of the alarms.
func (x incidentText) verdicts() (lines []string) {
	vs := x.n.Verdicts
	if left := len(vs) - maxVerdictLines; left > 0 {
		lines, vs = append(lines, plural(left, "earlier verdict")+" not shown"), vs[left:]
	}
	words := map[FeedbackVerdict]string{FeedbackExpected: "expected", FeedbackNotAnomaly: "not an anomaly", FeedbackAnomaly: "an anomaly"}
	for _, v := range vs {
		line := fmt.Sprintf("Called %s by %s at %s", words[v.Verdict], v.By, x.when(v.At, false))
		if v.Comment != "" {
			line += ": " + v.Comment
		}
		lines = append(lines, line)
	}
	return lines
}
