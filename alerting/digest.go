package alerting

import (
	"cmp"
	"slices"
	"strconv"
)

// digestLines is how many incidents a digest names.
const digestLines = 20

// DigestNotice is one message in the place of those of several incidents, which have not been sent; there is at least one. It names
// the most severe and counts the others, and it stays as it is.
func DigestNotice(ns []*Notice) Notice {
	sorted := slices.SortedStableFunc(slices.Values(ns), func(a, b *Notice) int {
		return cmp.Or(cmp.Compare(b.digestRank(), a.digestRank()), cmp.Compare(b.digestScore(), a.digestScore()), cmp.Compare(a.StartsAt, b.StartsAt), cmp.Compare(a.Key, b.Key))
	})
	parts := []string{"digest"}
	first := sorted[0]
	n := Notice{
		Version: 1, Kind: KindDigest, Receiver: first.Receiver, Status: "firing", At: first.At, StartsAt: first.StartsAt, Timezone: first.Timezone,
		GroupLabels: map[string]string{}, CommonLabels: map[string]string{},
	}
	over, alarms := 0, 0
	for _, x := range ns {
		parts = append(parts, x.Key, strconv.Itoa(x.Version))
		n.At, n.StartsAt = max(n.At, x.At), min(n.StartsAt, x.StartsAt)
		alarms += len(x.Alarms) + x.Omitted
		if x.Status == "resolved" {
			over++
		}
	}
	n.Key = hash(24, parts...)
	n.Headline = plural(len(ns), "incident") + " with " + plural(alarms, "alarm") + " at once, in one message"
	if over > 0 {
		n.Headline += " · " + Thousands(over) + " over already"
	}
	for _, x := range sorted[:min(len(sorted), digestLines)] {
		n.Body = append(n.Body, "• "+x.Headline)
	}
	if left := len(sorted) - digestLines; left > 0 {
		n.Body = append(n.Body, "and "+Thousands(left)+" more")
	}
	n.Body = append(n.Body, "Each has a message of its own from its next change on, unless that is its end.")
	return n
}

// digestRank orders incidents: what goes on before what is over, then by severity.
func (n *Notice) digestRank() int {
	rank := map[Level]int{LevelInfo: 1, LevelWarning: 2, LevelCritical: 3}
	level, _ := n.Severity()
	if n.Status == "resolved" {
		return 0
	}
	return rank[level]
}

func (n *Notice) digestScore() float64 {
	if len(n.Alarms) == 0 {
		return 0
	}
	return n.Alarms[0].Score
}
