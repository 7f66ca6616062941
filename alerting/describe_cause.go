package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	causeNames = 2 // of those that moved first, and of the labels that are shared; the others are counted
	stormNames = 4 // detectors of a storm that are named
)

// causeText is what an incident's alarms have in common, for its message: nothing unless the message shows two of them. The events
// near the first, which come last, take the place of those near the worst.
func (d *Dispatcher) causeText(in *incident, at int64, ranked []*member, view func(Signal) (AlarmView, bool)) (text, near string) {
	if in.cause == nil {
		return "", ""
	}
	shown := map[string]*member{}
	for _, m := range ranked {
		shown[m.sig.ID] = m
	}
	common := slices.DeleteFunc(slices.Clone(in.cause.Members), func(id string) bool { return shown[id] == nil })
	if len(common) < 2 {
		return "", ""
	}
	var first []string
	for _, id := range in.cause.First {
		if m := shown[id]; m != nil {
			first = append(first, d.view(m, view).Title)
		}
	}
	shared := slices.DeleteFunc(slices.Clone(in.cause.Labels), func(l SharedLabel) bool { return !d.opts.Visible.Shows(l.Name) })
	x := causeWords{SharedCause: in.cause, labels: shared, common: len(common), all: len(ranked), first: first}
	return x.sentence(clockTime(in.cause.Onset, at, d.location())), nearby(in.cause.Nearby, in.cause.Onset)
}

// causeWords words a cause.
type causeWords struct {
	*SharedCause
	labels      []SharedLabel // of the cause's, those that may leave
	common, all int           // alarms that the message shows: of the cause, and in all
	first       []string      // titles of those that moved first
}

// sentence is "One cause: checkout · latency moved first, at 02:54. All 5 alarms share zone=b, which hardly any quiet series has."
func (x causeWords) sentence(onset string) string {
	who, all := "One cause: ", "All "+plural(x.common, "alarm")
	if x.common == 2 {
		all = "Both alarms"
	}
	if x.common < x.all {
		all = "The " + plural(x.common, "alarm")
		who = Thousands(x.common) + " of " + plural(x.all, "alarm") + " have one cause: "
	}
	switch first := named(x.first, " and "); {
	case len(x.first) == 0:
		who += "what moved first, at " + onset + ", is hidden"
	case len(x.first) == 1:
		who += first + " moved first, at " + onset
	default:
		who += first + " moved first, at " + onset + ", too close to tell apart"
	}
	if x.LeftOut > 0 {
		who += "; " + plural(x.LeftOut, "more alarm") + " of that time were not compared"
	}
	if len(x.labels) == 0 {
		return who + "."
	}
	labels, quiet := make([]string, len(x.labels)), 0
	for i, l := range x.labels {
		labels[i] = l.Name + "=" + l.Value
		quiet = max(quiet, l.Quiet)
	}
	which := "which no quiet series has"
	if quiet > 0 {
		which = "which hardly any quiet series has"
	}
	return who + ". " + all + " share " + named(labels, ", ") + ", " + which + "."
}

// named joins the first causeNames and counts the others.
func named(all []string, with string) string {
	text := strings.Join(all[:min(causeNames, len(all))], with)
	if more := len(all) - causeNames; more > 0 {
		text = strings.Join(all[:causeNames], ", ") + " and " + Thousands(more) + " more"
	}
	return text
}

// detectorText says of how many alarms of a storm each detector told: "By detector: NodeCPU 30,112, LatencyP99 400".
func detectorText(ms []*member) string {
	count := map[string]int{}
	for _, m := range ms {
		count[m.sig.Detector]++
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	var parts []string
	for i, name := range names {
		if i == stormNames {
			rest := 0
			for _, other := range names[i:] {
				rest += count[other]
			}
			parts = append(parts, fmt.Sprintf("%s of %s", Thousands(rest), plural(len(names)-i, "more detector")))
			break
		}
		parts = append(parts, name+" "+Thousands(count[name]))
	}
	return "By detector: " + strings.Join(parts, ", ")
}
