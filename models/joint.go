package models

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tidewatch/tidewatch"
)

// MaxJoint is the largest number of series in a group of a joint kind.
const MaxJoint = 100

var _ = register(Spec{
	Kind:  "joint",
	Doc:   "Several series judged as one: what all of them usually do together is discounted, what remains is added up over them and over time.",
	New:   newJoint,
	Joint: true,
})

// Constants of the group's statistic. They were chosen among a few on smd and services as one configuration; what others gave is in
// docs/models/joint.md.
const (
	fastMemory  = 4.5    // points of the mean over the newest residuals: as smooth as a mean of 8
	slowMemory  = 16.5   // of the deviations: as smooth as a mean of 32
	slowShare   = 0.5    // weight of the deviations beside the residuals
	usualMemory = 8192.0 // points that the usual size of the statistic is a mean of
	usualHaste  = 4.0    // how much more the newer points count while there are few
	usualEach   = 0.1    // evidence of a series that is usual in most groups
	usualLeast  = 0.1    // and of a group that never moved
	usualClip   = 5      // times the usual that a calm point may count for
)

// jointPrior is what is believed of the statistic over its usual size: heavier than independent noise has it, as firm as
// a week at five minutes, so that a group's own anomalies do not excuse the next.
var jointPrior = newPrior(200, 0.02, 4, 0, func(s float64) float64 { return min(1, 1.5*math.Exp(-s/0.45)) })

// joint is the Joiner behind the kind "joint". Each series has the expectation of the univariate kinds; what the group is judged by
// is the sum of the series' evidence.
type joint struct {
	settings *settings
	channels []jointChannel
	common   common
	points   int32   // grid times with any value
	learnt   int32   // of them, calm
	usual    float64 // mean statistic of calm points, per ready series
	tail     lone
	habit    habit
	episode  jointEpisode
	peers    *peers // where replicas are compared; nil: all are one

	now jointJudgement // the newest judgement: a cache, no part of the state
}

// jointJudgement is everything that is known of one grid time before it is learnt.
type jointJudgement struct {
	valid     bool
	t         int64
	x         []float64
	seen      []float64 // what the channels see: x, or of peers their distances
	channels  []channelJudgement
	bent      []float64 // what of the residuals is common, and what is not, is told apart in these
	present   int       // channels with a value
	ready     int       // channels that are judged
	fast      float64   // sums over the channels
	slow      float64
	statistic float64 // in the unit of size
	judged    float64 // of it, what is not familiar
	surprise  float64
}

func newJoint(c Config) (Model, error) {
	s, err := newSettings(c)
	if err != nil {
		return nil, err
	}
	if c.Rows > MaxJoint {
		return nil, fmt.Errorf("model %q: rows is %d, want at most %d", c.Kind, c.Rows, MaxJoint)
	}
	return jointOf(s, c.Rows), nil
}

func jointOf(s *settings, rows int) *joint {
	m := &joint{settings: s}
	m.tail = newLone(jointPrior)
	m.Resize(rows)
	return m
}

// Another implements Prototype. It has as many rows as the model has now.
func (m *joint) Another() Model {
	a := jointOf(m.settings, len(m.channels))
	if m.peers != nil {
		a.peers = &peers{}
		a.common.resize(0)
	}
	return a
}

// Rows implements Joiner.
func (m *joint) Rows() int { return len(m.channels) }

// Resize implements Joiner.
func (m *joint) Resize(rows int) {
	for len(m.channels) < rows {
		m.channels = append(m.channels, jointChannel{})
		m.channels[len(m.channels)-1].init()
	}
	if m.peers == nil {
		m.common.resize(rows)
	}
	m.now = jointJudgement{x: make([]float64, rows), seen: make([]float64, rows), channels: make([]channelJudgement, rows), bent: make([]float64, rows)}
}

// Clear implements Joiner.
func (m *joint) Clear(row int) {
	m.channels[row].init()
	if m.peers == nil {
		m.common.clear(row)
	}
	m.now.valid = false
}

// Succeed implements Joiner.
func (m *joint) Succeed(row int) {
	w := &m.channels[row]
	if w.warm(m.settings) {
		w.begin(m.settings, 0)
	}
	w.fast, w.slow, w.episode = 0, 0, episode{}
	m.now.valid = false
}

// Score implements Model.
func (m *joint) Score(t int64, x []float64, out []tidewatch.Score) {
	for i := range out {
		out[i] = tidewatch.Score{Mid: math.NaN(), Base: math.NaN()}
	}
	j := m.judged(t, x)
	if !m.ready() {
		return
	}
	s := &out[0]
	s.Ready, s.Mid, s.Base = true, 0, 0
	if j.surprise <= 0 {
		return
	}
	s.Surprise, s.Side, s.Channel = j.surprise, 1, tidewatch.ChannelIsolation
	s.Parts[s.Channel] = float32(j.surprise)
}

func (m *joint) ready() bool { return int(m.points) >= m.settings.slowPoints }

// judged is the judgement of x at t, worked out once for a point.
func (m *joint) judged(t int64, x []float64) *jointJudgement {
	j := &m.now
	if j.valid && j.t == t && sameValues(j.x, x) {
		return j
	}
	j.valid, j.t = true, t
	j.present, j.ready, j.fast, j.slow, j.surprise = 0, 0, 0, 0, 0
	ph := m.settings.clock.at(t)
	copy(j.x, x)
	if m.peers != nil {
		m.distances(ph, j.seen)
	} else {
		copy(j.seen, x)
	}
	for i := range m.channels {
		v := clean(j.seen[i])
		c := &j.channels[i]
		m.channels[i].judge(m.settings, ph, v, m.episode.points > 0, c)
		j.bent[i] = c.bent
		if !math.IsNaN(v) {
			j.present++
		}
		if c.judged {
			j.ready++
		}
	}
	if m.peers != nil {
		m.compare(j)
	} else {
		m.add(j)
	}
	if j.present > 0 {
		j.judged = m.habit.judge(j.statistic)
		j.surprise = m.surpriseOf(j.judged)
	}
	return j
}

// add makes the group's statistic of its members': the sum, without what they usually do together.
func (m *joint) add(j *jointJudgement) {
	for i := range m.channels {
		w, c := &m.channels[i], &j.channels[i]
		c.fast = w.fast + float64((m.common.part(i, j.bent)-w.fast)/fastMemory)
		c.slow = w.slow + float64((c.apart-w.slow)/slowMemory)
		j.fast += c.fast
		j.slow += c.slow
	}
	j.statistic = max(0, j.fast+float64(slowShare*j.slow)) / m.size(j)
}

// size is what the statistic is counted in, with so many series judged: half way, in logarithms, between what is usual in this group and
// one amount for all. Groups that are noisier than others are a little less surprising, not as much as their noise alone would say.
func (m *joint) size(j *jointJudgement) float64 {
	return max(math.Sqrt(m.usual*usualEach)*float64(max(j.ready, 1)), usualLeast)
}

// sameValues reports whether a and b have the same bits.
func sameValues(a, b []float64) bool {
	for i, v := range a {
		if math.Float64bits(v) != math.Float64bits(b[i]) {
			return false
		}
	}
	return true
}

// Band implements Model: the group's own value is its surprise, whose band ends at the limit.
func (m *joint) Band(_ int64, surprise float64, out []tidewatch.Band) {
	for i := range out {
		out[i] = tidewatch.Band{Lower: math.NaN(), Mid: math.NaN(), Upper: math.NaN()}
	}
	if m.ready() {
		out[0] = tidewatch.Band{Upper: surprise}
	}
}

// Explain implements Model. The Features are the rows' shares, named by their index; they sum to the Statistic.
func (m *joint) Explain(t int64, x []float64, _ int, surprise float64) tidewatch.Explanation {
	out := tidewatch.Explanation{History: int64(m.learnt) * m.settings.step}
	if !m.ready() {
		return out
	}
	j := m.judged(t, x)
	if m.peers != nil {
		m.explainPeers(j, &out)
	} else {
		m.explainSum(j, &out)
	}
	out.Unit = "× usual"
	if m.peers != nil {
		out.Unit = "× usual distance from its peers"
	}
	out.Limit = m.limit(surprise) + float64(m.habit)
	return out
}

// explainSum shares the statistic out.
func (m *joint) explainSum(j *jointJudgement, out *tidewatch.Explanation) {
	size := m.size(j)
	for i := range m.channels {
		c := &j.channels[i]
		share := c.own() / size
		out.Statistic += share
		out.Features = append(out.Features, tidewatch.Term{Name: strconv.Itoa(i), Value: share})
	}
}

// Advance implements Model. The first verdict is the group's, the first event tells what happened to it.
func (m *joint) Advance(t int64, x []float64, v []tidewatch.Verdict, ev []tidewatch.Event) {
	for i := range ev {
		ev[i] = tidewatch.NoEvent
	}
	j := m.judged(t, x)
	defer func() { j.valid = false }()
	if j.present > 0 {
		m.points = min(m.points+1, math.MaxInt32-1)
	}
	counted, learnt := v[0], m.unhabituated(v[0], j)
	if j.present > 0 && learnt != tidewatch.Excluded {
		ev[0] = m.regimes(t, learnt, j)
	}
	switch {
	case ev[0] != tidewatch.NoEvent:
		counted, learnt = tidewatch.Excluded, tidewatch.Excluded // what was judged belongs to the regime before
	case learnt == tidewatch.Expected:
		counted, learnt = tidewatch.Calm, tidewatch.Calm
	}
	m.count(counted, j)
	if learnt != tidewatch.Excluded && j.present > 0 && m.ready() {
		m.habit.follow(j.statistic, m.habitMemory(), learnt == tidewatch.Quarantined)
	}
	switch {
	case learnt != tidewatch.Calm:
	case m.peers != nil:
		m.peers.learn()
	default:
		m.common.learn(j.bent)
	}
	for i := range m.channels {
		m.channels[i].advance(m.settings, t, learnt, &j.channels[i])
	}
}

// count learns how large the statistic is.
func (m *joint) count(v tidewatch.Verdict, j *jointJudgement) {
	if j.ready == 0 || j.present == 0 {
		return
	}
	tail := m.tail.with(jointPrior)
	switch v {
	case tidewatch.Excluded:
		return
	case tidewatch.Quarantined:
		if m.episode.points <= episodeHead {
			tail.learn(min(j.judged, tail.value(power10(-headSurprise))))
		}
		return
	}
	m.learnt = min(m.learnt+1, math.MaxInt32-1)
	each := max(0, j.fast+float64(slowShare*j.slow)) / float64(j.ready)
	if m.peers != nil {
		each = j.fast
	}
	if m.ready() {
		tail.learn(j.judged)
		each = min(each, usualClip*max(m.usual, usualLeast/float64(j.ready)))
	}
	m.usual += float64(max(usualHaste/(float64(m.learnt)+usualHaste), 1/usualMemory) * (each - m.usual))
	if m.learnt%tailEvery == 0 {
		tail.forget(float32(1 - tailEvery/m.settings.tailMemory))
		tail.fit()
	}
}
