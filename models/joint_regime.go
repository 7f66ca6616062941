package models

import (
	"math"

	"github.com/tidewatch/tidewatch"
)

// jointEpisode is a group's quarantine; what each series did in it is kept by the series.
type jointEpisode struct {
	start   int64 // time of the first point, if points > 0
	points  int32 // quarantined
	calm    int32 // calm points since the last one
	until   int64 // a former regime is remembered until then; 0: none
	matches int32 // points in a row at which most series that had moved were back
}

// regimes keeps the account of an episode of the whole group and decides whether it has entered a new regime or gone back.
func (m *joint) regimes(t int64, v tidewatch.Verdict, j *jointJudgement) tidewatch.Event {
	p := &m.episode
	if p.until != 0 && t >= p.until {
		p.until, p.matches = 0, 0
	}
	if p.until != 0 && m.returns(j) {
		m.each(j, func(w *jointChannel, c *channelJudgement) {
			if f := w.former(); f != nil {
				w.exchange(t, f.level, f.dev, f.noise, c)
			}
		})
		m.settle(t)
		return tidewatch.RegimeReturned
	}
	switch v {
	case tidewatch.Expected:
		if p.points == 0 && j.surprise < notWorthAccepting {
			return tidewatch.NoEvent // nothing is unusual: it is learnt like any calm point
		}
		m.keep(t, j)
		m.accept(t, j)
		return tidewatch.RegimeAccepted
	case tidewatch.Quarantined:
		m.keep(t, j)
		if t-p.start >= m.settings.acceptAfter {
			m.accept(t, j)
			return tidewatch.RegimeAccepted
		}
	default:
		if p.points == 0 {
			break
		}
		if p.calm++; int(p.calm) >= m.settings.calmRun {
			p.points, p.calm = 0, 0
		}
	}
	return tidewatch.NoEvent
}

// each calls f for every series with an estimate and a value.
func (m *joint) each(j *jointJudgement, f func(*jointChannel, *channelJudgement)) {
	for i := range m.channels {
		if c := &j.channels[i]; c.warm && !c.missing {
			f(&m.channels[i], c)
		}
	}
}

// keep adds a quarantined point to the episode.
func (m *joint) keep(t int64, j *jointJudgement) {
	p := &m.episode
	if p.points == 0 {
		p.start = t
		for i := range m.channels {
			m.channels[i].episode = episode{}
		}
	}
	p.points = min(p.points+1, math.MaxInt32-1)
	p.calm = 0
	m.each(j, func(w *jointChannel, c *channelJudgement) { w.keep(m.settings, t, c) })
}

// accept makes the episode's levels the new normal of the series that moved.
func (m *joint) accept(t int64, j *jointJudgement) {
	m.each(j, func(w *jointChannel, c *channelJudgement) { w.accept(t, c) })
	m.settle(t)
}

// settle ends the episode in a regime that has just been entered; the one before is remembered.
func (m *joint) settle(t int64) {
	m.episode, m.habit = jointEpisode{until: t + rememberFor.Milliseconds()}, 0
	for i := range m.channels {
		m.channels[i].fast, m.channels[i].slow = 0, 0
		m.now.channels[i].fast, m.now.channels[i].slow = 0, 0
	}
}

// returns counts the points at which most of the series that had moved fit their former regime and not the present one.
func (m *joint) returns(j *jointJudgement) bool {
	moved, back := 0, 0
	m.each(j, func(w *jointChannel, c *channelJudgement) {
		former := w.former()
		if former == nil {
			return
		}
		moved++
		near := math.Abs(c.x - former.level - c.season())
		size := max(former.dev, w.noise.floor(w.level))
		if near <= 4*size && math.Abs(c.e) >= 4*max(near, size, c.dev) {
			back++
		}
	})
	if moved == 0 || 2*back <= moved {
		m.episode.matches = 0
		return false
	}
	m.episode.matches++
	return m.episode.matches >= matchesToReturn
}

// keep adds a quarantined value to what is known of the series' episode.
func (w *jointChannel) keep(s *settings, t int64, c *channelJudgement) {
	p := &w.episode
	if p.points == 0 {
		*p = episode{start: t}
	}
	p.points = min(p.points+1, math.MaxInt32-1)
	rate := max(1/float64(p.points), s.rateRegime)
	e := c.e
	if p.points > 3 { // one absurd value does not decide where a regime lies
		limit := 8 * max(p.size, c.dev)
		e = min(max(e, p.dev-limit), p.dev+limit)
	}
	p.dev += float64(rate * (e - p.dev))
	p.size += float64(rate * (math.Abs(e-p.dev) - p.size))
}

// accept takes the level, and the noise where it is another, of a series that has moved.
func (w *jointChannel) accept(t int64, c *channelJudgement) {
	p := w.episode
	moved := math.Abs(p.dev) > 2*c.dev
	dev, noise := w.noise.dev, w.noise.long
	if p.points >= pointsToJudge && (p.size > 2*dev || 2*p.size < dev) {
		ratio := min(max(p.size/max(dev, w.noise.floor(w.level)), 0.05), 1e6)
		dev, noise = dev*ratio, noise*ratio
		if dev == 0 {
			dev, noise = p.size, p.size
		}
		moved = true
	}
	if !moved {
		if w.seldom != nil {
			w.seldom.former = nil
		}
		return
	}
	w.exchange(t, w.level+p.dev, dev, noise, c)
}

// exchange remembers the present regime and enters another.
func (w *jointChannel) exchange(t int64, level, dev, noise float64, c *channelJudgement) {
	w.rarely().former = &regime{until: t + rememberFor.Milliseconds(), level: w.level, dev: w.noise.dev, noise: w.noise.long}
	w.level, w.trend = level, 0
	w.noise.dev, w.noise.long = dev, noise
	w.episode = episode{}
	for i := range w.short.lags {
		w.short.lags[i] = 0
	}
	c.e, c.recent = c.x-w.level-c.season(), 0
}
