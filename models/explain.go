package models

import (
	"fmt"
	"math"
	"time"

	"github.com/tidewatch/tidewatch"
)

// units of the channels' statistics.
var units = [tidewatch.NumChannels]string{
	tidewatch.ChannelNone: "", tidewatch.ChannelBand: "× usual", tidewatch.ChannelSustained: "× usual",
	tidewatch.ChannelShift: "× usual", tidewatch.ChannelVariance: "× usual",
	tidewatch.ChannelIsolation: "splits saved", tidewatch.ChannelFlat: "equal points in a row", tidewatch.ChannelMissing: "missing points in a row",
}

// Explain implements Model.
func (m *rows) Explain(t int64, x []float64, r int, surprise float64) tidewatch.Explanation {
	w, s := &m.all()[r], m.settings
	if !w.ready(s) {
		return tidewatch.Explanation{History: w.history(s)}
	}
	out := tidewatch.Explanation{Terms: w.terms(s, t), Seasons: w.profile.seasons(), History: w.history(s)}
	v := clean(x[r])
	if math.IsNaN(v) {
		own := w.ownOf(surprise)
		out.Unit = units[tidewatch.ChannelMissing]
		out.Statistic = float64(w.evidence.gap + 1)
		out.Limit = w.tails.at(tailMissing).value(power10(-own)) + 1
		return out
	}
	j := w.judged(s, m.forest, t, v)
	out.Unit = units[j.channel]
	out.Statistic, out.Limit = w.limit(s, j, surprise)
	switch {
	case w.byShape(j):
		out.Unit = shapeUnit
		out.Features = []tidewatch.Term{{Name: "shape", Value: out.Statistic}}
	case s.on.has(tidewatch.ChannelIsolation) && m.forest != nil:
		x := bent(w.shape(j))
		for i, part := range m.forest.share(&x) {
			out.Features = append(out.Features, tidewatch.Term{Name: featureNames[i], Value: part})
		}
	}
	return out
}

// byShape reports whether it is the library of shapes that speaks for ChannelIsolation, and not the forest.
func (w *row) byShape(j *judgement) bool {
	return j.channel == tidewatch.ChannelIsolation && w.shapeSpeaks(j)
}

// shapeSpeaks reports whether the library of shapes is more surprised than the forest.
func (w *row) shapeSpeaks(j *judgement) bool {
	return w.library() != nil && w.library().surprise(&j.shaped) > w.forestOwn(j)
}

// ownOf is a channel's own surprise that makes the combined one.
func (w *row) ownOf(surprise float64) float64 {
	return min(w.tails.at(tailAll).value(power10(-surprise)), maxSurprise)
}

// limit is the deciding channel's statistic in its unit, and where it would have the surprise.
func (w *row) limit(s *settings, j *judgement, surprise float64) (statistic, limit float64) {
	wanted := surprise
	if w.sized(j, j.channel) {
		wanted = wants(surprise, j.record)
	}
	own := w.ownOf(wanted)
	k, q := tailOf[j.channel], power10(-own/max(trust[j.channel], 0.1))
	switch j.channel {
	case tidewatch.ChannelNone:
		return 0, 0
	case tidewatch.ChannelBand:
		if j.r < 0 {
			k = tailBelow
		}
		e := w.edgesOf(s, surprise, &j.expectation)
		return math.Abs(j.r) / j.residual, e.at(k)
	case tidewatch.ChannelIsolation:
		if w.byShape(j) {
			a := w.library().tail.with(shapePrior)
			return j.shaped.statistic, a.value(power10(-own))
		}
		return splits(j.statistic[k]), splits(w.tails.at(k).value(q))
	case tidewatch.ChannelFlat:
		return j.statistic[k] + flatFree, w.tails.at(k).value(q) + flatFree
	}
	return j.statistic[k], w.tails.at(k).value(q)
}

// terms are the summands of the expectation at t.
func (w *row) terms(s *settings, t int64) []tidewatch.Term {
	e := w.expect(s, s.clock.at(t))
	terms := []tidewatch.Term{{Name: "level", Value: w.level}, {Name: "trend", Value: w.trend}}
	hour := fmt.Sprintf("%02d:00", e.ph.main%hoursADay)
	switch {
	case w.profile.useWeek:
		name := time.Weekday(e.ph.main/hoursADay).String() + " " + hour
		terms = append(terms, tidewatch.Term{Name: name, Value: e.day + e.week})
	case w.profile.useDay:
		terms = append(terms, tidewatch.Term{Name: hour, Value: e.day})
	}
	if !w.profile.useWeek && e.week != 0 {
		terms = append(terms, tidewatch.Term{Name: "weekly job", Value: e.week})
	}
	if w.profile.usePart {
		terms = append(terms, tidewatch.Term{Name: fmt.Sprintf("minute %02d", 5*e.ph.part), Value: e.part})
	}
	if w.short.use {
		terms = append(terms, tidewatch.Term{Name: "recent", Value: e.recent})
	}
	if e.bound != 0 {
		terms = append(terms, tidewatch.Term{Name: "valid range", Value: e.bound})
	}
	return terms
}

// history is the learnt span in milliseconds.
func (w *row) history(s *settings) int64 { return int64(w.learnt) * s.step }

// seasons are the seasons in use.
func (p *profile) seasons() (names []string) {
	if p.usePart {
		names = append(names, "1h")
	}
	if p.useDay {
		names = append(names, "1d")
	}
	if p.useWeek {
		names = append(names, "1w")
	}
	return names
}

// splits is the inverse of isolationStatistic.
func splits(statistic float64) float64 { return statistic/0.75 - 2 }
