package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Stretch is a time range that a chart shades, with a word on why: its points were not judged, or were not told.
type Stretch struct {
	From, To int64 // Unix milliseconds
	Text     string
}

// StretchExcluded is the word for points that the configuration excludes: they are neither judged nor learnt.
const StretchExcluded = "excluded"

// Stretches are the ranges of ascending points during which on holds. on is asked at points only, and not before the time until
// that it gives with its answer.
func Stretches(points []int64, text string, on func(t int64) (holds bool, until int64)) (out []Stretch) {
	var asked int64
	open := false
	for i, t := range points {
		if i > 0 && t < asked {
			if open {
				out[len(out)-1].To = t
			}
			continue
		}
		var holds bool
		holds, asked = on(t)
		switch {
		case holds && open:
			out[len(out)-1].To = t
		case holds:
			out = append(out, Stretch{From: t, To: t, Text: text})
		}
		open = holds
	}
	return out
}

// hiddenStretches is when a member of an incident was hidden by silences, verdicts, mute rules and its route's time intervals,
// among the points of a chart. Inhibition depends on other alarms' past, which is not kept.
func (d *Dispatcher) hiddenStretches(in *incident, m *member, points []int64) (out []Stretch) {
	if len(points) == 0 {
		return nil
	}
	span := func(text string, from, to int64) {
		if from <= points[len(points)-1] && to > points[0] && from < to {
			out = append(out, Stretch{max(from, points[0]), min(to, points[len(points)-1]), text})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.silences)) {
		if s := d.silences[id]; s.Matchers.Match(m.sig.Labels) {
			span("silenced by "+s.Author.Name, s.StartsAt, s.EndsAt)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.feedback)) {
		if f := d.feedback[id]; f.Verdict == FeedbackNotAnomaly && f.Matchers.Match(m.sig.Labels) {
			span(fmt.Sprintf("not an anomaly, says %s", f.By.Name), f.At, min(f.ExpiresAt, cmp.Or(f.RetractAt, f.ExpiresAt)))
		}
	}
	for i := range d.opts.Mutes {
		if r := &d.opts.Mutes[i]; r.Matchers.Match(m.sig.Labels) {
			out = append(out, Stretches(points, "muted by "+r.Name, r.Active)...)
		}
	}
	if names := slices.Concat(in.muteIntervals, in.activeIntervals); len(names) > 0 {
		out = append(out, Stretches(points, "muted by "+strings.Join(names, ", "), func(t int64) (bool, int64) {
			holding, until := d.routeMuted(in.muteIntervals, in.activeIntervals, t, false)
			return len(holding) > 0, until
		})...)
	}
	return out
}

// shadeHidden gives a chart the stretches in which its alarm was hidden; the chart that came stays as it was.
func (d *Dispatcher) shadeHidden(in *incident, m *member, c *Chart) *Chart {
	if c == nil {
		return nil
	}
	hidden := d.hiddenStretches(in, m, c.T)
	if len(hidden) == 0 {
		return c
	}
	shaded := *c
	shaded.Stretches = slices.Concat(c.Stretches, hidden)
	return &shaded
}
