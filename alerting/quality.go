package alerting

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// QualityFacts is a verdict on the data of a detector, as its message needs it.
type QualityFacts struct {
	Detector string
	Reason   string // for example unit_jump
	Text     string // the reason with its numbers
	Series   int    // how many series have it; 0 where it is the detector's as a whole
	Of       int    // of how many
	Withheld bool   // their values are neither judged nor learnt
	Since    int64  // grid time, Unix milliseconds
	End      int64  // 0 while it lasts
	At       int64  // decided at
	Labels   labels.Labels
	Location *time.Location
}

// QualityNotice is the message about a verdict on data: posted when it begins, edited when it is over.
func QualityNotice(receiver string, f QualityFacts) Notice {
	loc := f.Location
	if loc == nil {
		loc = time.UTC
	}
	begun := time.UnixMilli(f.Since).In(loc)
	headline := fmt.Sprintf("Data quality · %s · %s · since %s", HumanName(f.Detector), words(f.Reason), begun.Format("15:04 MST"))
	if f.End != 0 {
		headline = fmt.Sprintf("Data is good again · %s · %s was over %s after %s", HumanName(f.Detector), words(f.Reason),
			time.UnixMilli(f.End).In(loc).Format("15:04 MST"), FormatSpan(f.End-f.Since))
	}
	n := ServiceNotice(receiver, fmt.Sprintf("data-quality/%s/%s/%d", f.Detector, f.Reason, f.Since), f.At, f.End != 0, headline, nil)
	n.Body = nonEmpty(f.Text, consequence(f))
	n.StartsAt, n.Timezone = f.Since, loc.String()
	n.GroupLabels, n.CommonLabels = f.Labels.Map(), f.Labels.Map()
	return n
}

// consequence says what the verdict does to alarms.
func consequence(f QualityFacts) string {
	on := ""
	if f.Series > 0 {
		on = fmt.Sprintf(" (%d of %d)", f.Series, f.Of)
	}
	switch {
	case f.End != 0:
		return ""
	case f.Withheld:
		return "These series" + on + " are neither judged nor learnt while it lasts; no alarm comes of them."
	}
	return "What comes is judged as always."
}

// words is a reason as a sentence has it: "unit jump".
func words(reason string) string { return HumanName(reason) }

// Asking are the receivers of the routes that take these labels and name the given one in their matchers, or stand below such a
// route: what nobody asked for goes to nobody.
func (d *Dispatcher) Asking(ls labels.Labels, name string) []string {
	out := d.root.asking(ls, Route{}, name, false)
	slices.Sort(out)
	return slices.Compact(out)
}

func (r *Route) asking(ls labels.Labels, parent Route, name string, asked bool) (found []string) {
	asked = asked || slices.ContainsFunc(r.Matchers, func(m *labels.Matcher) bool { return m.Name == name })
	node, below := r.Inherit(parent), false
	for _, child := range r.Routes {
		if slices.ContainsFunc(child.Matchers, func(m *labels.Matcher) bool { return !m.Matches(ls.Get(m.Name)) }) {
			continue
		}
		below = true
		found = append(found, child.asking(ls, node, name, asked)...)
		if !child.Continue {
			break
		}
	}
	if asked && !below {
		found = append(found, node.Receiver)
	}
	return found
}
