package engine

import (
	"math"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/quality"
	"github.com/tidewatch/tidewatch/models"
)

// group is the unit of work: one model over one or several series, each with an alarm of its own. A group belongs to one
// worker at a time.
type group struct {
	kin    uint64 // kinOf its labels, where each series is a group; the same for series that can replace each other
	model  models.Model
	rows   [1]row       // its decision; of a joint group one for all members
	next   int64        // grid time of the next point, Unix milliseconds
	seldom *groupSeldom // nil: nothing
}

// row is one series of a group: its alarm and what is remembered of it besides the model.
type row struct {
	series  tidewatch.Series
	alarm   alerting.Alarm
	windows            // of surprises
	seen    int64      // grid time of the newest real point
	first   int64      // grid time of the first real point
	seldom  *rowSeldom // nil: nothing
	recent  recent
	data    quality.Series // what the data checks remember of it; of a joint group its members have that
}

// id is the series' ID; of a joint group that of the labels which its members share.
func (g *group) id() uint64 { return g.rows[0].series.ID }

// windows are a row's two windows in one piece of memory.
type windows struct {
	surprises      []float32 // those of last, then those of ranks
	of             uint8     // the size of last
	pushed, ranked uint8     // see window
	ready          bool      // the newest point had a score
	v              float32   // the alarm begins where this rises through the limit
}

// newWindows are empty windows of the given sizes, at most alerting.MaxOf each.
func newWindows(last, ranks int) windows {
	return windows{surprises: make([]float32, last+ranks), of: uint8(last)}
}

// last are the policy surprises of the last N real points.
func (w *windows) last() window { return window{w.surprises[:w.of], &w.pushed} }

// ranks are the M-th largest of them at the last points, as many as `for` asks for.
func (w *windows) ranks() window { return window{w.surprises[w.of:], &w.ranked} }

// window is a ring of the newest values.
type window struct {
	v []float32
	n *uint8 // values pushed; of a full ring its size and the place of the next value
}

// size of a full ring with the place of the next value.
func (w window) turned(n int) uint8 {
	if n >= len(w.v) {
		n = len(w.v) + n%len(w.v)
	}
	return uint8(n)
}

func (w window) push(x float32) {
	n := int(*w.n)
	w.v[n%len(w.v)] = x
	*w.n = w.turned(n + 1)
}

func (w window) len() int { return min(int(*w.n), len(w.v)) }

// newest returns the value pushed last, 0 before the first.
func (w window) newest() float32 {
	if *w.n == 0 {
		return 0
	}
	return w.v[(int(*w.n)-1)%len(w.v)]
}

// rank returns the m-th largest value, 0 while there are fewer.
func (w window) rank(m int) float32 {
	n := w.len()
	if n < m {
		return 0
	}
	var buf [64]float32
	s := buf[:n]
	copy(s, w.v[:n])
	for i := range m { // selection: m and n are small
		k := i
		for j := i + 1; j < n; j++ {
			if s[j] > s[k] {
				k = j
			}
		}
		s[i], s[k] = s[k], s[i]
	}
	return s[m-1]
}

// lowest returns the smallest value, 0 while the ring is not full.
func (w window) lowest() float32 {
	if int(*w.n) < len(w.v) {
		return 0
	}
	lo := w.v[0]
	for _, x := range w.v[1:] {
		lo = min(lo, x)
	}
	return lo
}

// episode is an anomaly under way: a run of points beyond the limit and, when it alarms, what the message needs to say.
type episode struct {
	start, lastBreach int64
	breaches          int
	peakScore         float64 // the highest, with the point that had it
	peakT             int64
	peakSurprise      float64
	peakValue         float64
	peakBand          tidewatch.Band
	channel           tidewatch.Channel
	peak              float64 // the value farthest from its expectation, which may be another's
	peakMid           float64
	alarmed           bool
	transition        alerting.Transition // into ALARM
	score             tidewatch.Score     // of the newest breaching point
	anomalyScore      float64
	explanation       tidewatch.Explanation
	breaching         []tidewatch.Point // the points that counted when it alarmed
	limit             float64
	shared            uint64
	data              TrainedOn // what had taught the models that raised the alarm
}

// observe takes a breaching point into the episode.
func (e *episode) observe(t int64, x float64, s tidewatch.Score, b tidewatch.Band, anomalyScore float64) {
	e.lastBreach = t
	e.breaches++
	e.score, e.anomalyScore = s, anomalyScore
	if e.breaches == 1 || math.Abs(x-s.Mid) > math.Abs(e.peak-e.peakMid) {
		e.peak, e.peakMid = x, s.Mid
	}
	if anomalyScore > e.peakScore {
		e.peakScore, e.peakT, e.peakSurprise, e.peakValue, e.peakBand, e.channel = anomalyScore, t, s.Surprise, x, b, s.Channel
	}
}

// from is the origin of the row's baseline; the zero one where that is its own.
func (r *row) from() Origin {
	if r.few().origin == nil {
		return Origin{}
	}
	return *r.few().origin
}

// evaluated lists the real points that the decision at t was taken on, newest first; was is the state that they were judged in.
func (r *row) evaluated(t, step int64, p alerting.Policy, was alerting.State) []alerting.Evaluated {
	set := r.alarm.Evaluated(p)
	if set == 0 {
		return nil
	}
	v := r.recent.view(step, t-int64(alerting.EvaluatedSpan(set)-1)*step, t)
	out := make([]alerting.Evaluated, 0, len(v.T))
	for i := len(v.T) - 1; i >= 0; i-- {
		age := int((t - v.T[i]) / step)
		if set>>age&1 == 0 {
			continue
		}
		out = append(out, alerting.Evaluated{
			T: v.T[i], Value: v.Y[i], Lower: v.Lower[i], Upper: v.Upper[i], Score: v.Score[i],
			Breaching: r.alarm.Breached(age) || was == alerting.Alarming && r.alarm.NearAt(age),
		})
	}
	return out
}

// episodeOf is the anomaly that a transition is about: none where a person set the state.
func (r *row) episodeOf(tr alerting.Transition) *episode {
	if tr.Rule == alerting.RuleStateSet || tr.Rule == alerting.RuleStateSetOver && tr.To != alerting.Alarming {
		return nil
	}
	return r.few().alarmed
}

// breaching lists the points of the evaluation range that breached, oldest first.
func (r *row) breaching(t, step int64, of int) []tidewatch.Point {
	var out []tidewatch.Point
	v := r.recent.view(step, t-int64(of+alerting.RangeExtra)*step, t)
	for i, at := range v.T {
		if r.alarm.Breached(int((t - at) / step)) {
			out = append(out, tidewatch.Point{T: at, V: v.Y[i]})
		}
	}
	return out
}
