package models

import (
	"math"
	"time"

	"github.com/tidewatch/tidewatch"
)

// episode is what is kept aside of the points that were quarantined since the series was last calm: bounded, however long.
type episode struct {
	start  int64   // time of the first one
	points int32   // quarantined
	calm   int32   // calm points since the last one
	dev    float64 // recent mean of e
	size   float64 // recent mean |e - dev|
	noise  float64 // recent mean |r| over the hour's noise

	quiet           int16   // calm-looking points in a row
	extreme, recurs bool    // it has held an extreme point, and so did the same time a day or a week ago
	band, largest   float32 // z and surprise of the first extreme point

	leap         float32 // that the newest point has not come back from
	until        int64   // the end of the newest point that was as far away as the others
	away, uneven float32 // dev and size then
}

// believes reports whether the episode's head may shape the tails at once: an extreme does where it recurs, as a job does, and while the
// series is young, so that what is merely new to it does not alarm again and again. Others wait for their end: a point or two are noise
// with a heavy tail, more are an incident, from which nothing is to be learnt.
func (w *row) believes(s *settings) bool {
	p := w.episode()
	return p == nil || !p.extreme || p.recurs || (p.start-w.born)/s.step < int64(s.weekPoints)
}

// certainly is how many decades the record must give a point that is certainly no noise, however heavy the tail of that: it lies 25 times as far
// off as the record. An episode that begins with it leaves no trace, as if it were missing. With 8, ten times as far, nab lost an event.
const certainly = 10

// certain reports whether the first extreme of the episode was certainly no noise.
func (w *row) certain(s *settings) bool {
	p := w.episode()
	return p != nil && p.extreme && w.speaks(s) && w.recordDecades(s, math.Abs(float64(p.band)), w.recordUnit(1)) >= certainly
}

// extremes are the times of the newest extreme episodes, in units of five minutes.
type extremes struct {
	at   [8]int32
	next uint8
}

// recur notes an extreme at t and reports whether there was one a day or a week before, to ten minutes or two steps: a job, and no
// incident.
func (x *extremes) recur(s *settings, t int64) (found bool) {
	const day, week = int32(daily / (5 * time.Minute)), int32(weekly / (5 * time.Minute))
	now, near := int32(t/fiveMinutes), int32(2*max(s.step, fiveMinutes)/fiveMinutes)
	for _, at := range x.at {
		for _, season := range [2]int32{day, week} {
			if off := now - at - season; -near <= off && off <= near {
				found = true
			}
		}
	}
	x.at[x.next] = now
	x.next = (x.next + 1) % uint8(len(x.at))
	return found
}

// longestNoise is how many points of an unusual episode may still be noise.
const longestNoise = 2

// close counts an extreme that was only noise, and forgets the episode.
func (w *row) close(s *settings) {
	p := w.episode()
	if !w.believes(s) && !w.certain(s) && p.points <= longestNoise {
		w.countExtreme(float64(p.band))
		w.tails.learn(tailAll, min(float64(p.largest), w.tails.at(tailAll).value(power10(-headSurprise))))
	}
	w.noteJob(s)
	w.seldom.episode = nil
}

// regime is a normal that the series has left: it may come back.
type regime struct {
	until      int64
	level      float64
	dev, noise float64
	matches    int32 // points in a row that fit it and not the present one
}

const (
	matchesToReturn   = 2  // an alarm of 3 points has not begun by then
	notWorthAccepting = 2  // decades: a point below it belongs to the present regime
	pointsToJudge     = 24 // an episode must have as many for its noise to be believed
)

// regimes keeps the account of an episode and decides whether the series has entered a new regime or gone back to an old one.
func (w *row) regimes(s *settings, t int64, v tidewatch.Verdict, j *judgement) tidewatch.Event {
	if f := w.former(); f != nil && t >= f.until {
		w.seldom.former = nil
	}
	if w.returns(j) {
		f := w.former()
		w.exchange(t, f.level, f.dev, f.noise)
		return tidewatch.RegimeReturned
	}
	switch v {
	case tidewatch.Expected:
		if w.episode() == nil && j.largest < notWorthAccepting {
			return tidewatch.NoEvent // nothing is unusual: it is learnt like any calm point
		}
		w.keep(s, t, j)
		w.accept(t)
		return tidewatch.RegimeAccepted
	case tidewatch.Quarantined:
		w.keep(s, t, j)
		if t-w.episode().start >= s.acceptAfter {
			w.accept(t)
			return tidewatch.RegimeAccepted
		}
	default:
		p := w.episode()
		if p == nil {
			break
		}
		if p.calm++; int(p.calm) >= s.calmRun {
			w.close(s)
		}
	}
	return tidewatch.NoEvent
}

// keep adds a quarantined point to the episode.
func (w *row) keep(s *settings, t int64, j *judgement) {
	k := w.rarely()
	if k.episode == nil {
		k.episode = &episode{start: t}
	}
	p := k.episode
	p.points = min(p.points+1, math.MaxInt32-1)
	p.calm = 0
	if !p.extreme && j.band >= QuarantineSurprise {
		if k.extremes == nil {
			k.extremes = &extremes{}
		}
		p.extreme, p.recurs = true, k.extremes.recur(s, t)
		p.band, p.largest = raw(j.r/j.residual), float32(j.largest)
	}
	rate := max(1/float64(p.points), s.rateRegime)
	e := j.e
	if p.points > 3 { // one absurd value does not decide where a regime lies
		limit := 8 * max(p.size, j.dev)
		e = min(max(e, p.dev-limit), p.dev+limit)
	}
	p.dev += rate * (e - p.dev)
	p.size += rate * (math.Abs(e-p.dev) - p.size)
	r := math.Abs(j.r-p.dev) / j.hour
	if e := j.e / p.dev; e >= 0.5 {
		p.until, p.away, p.uneven = t+s.step, single(p.dev), single(p.size)
	}
	p.noise += rate * (min(r, math.Abs(e-p.dev)+8*w.noise.long) - p.noise)
}

// accept makes the episode's level, and its noise where it is another, the new normal.
func (w *row) accept(t int64) {
	p := w.episode()
	dev, noise := w.noise.dev, w.noise.long
	if p.points >= pointsToJudge && (p.size > 2*dev || 2*p.size < dev) {
		ratio := min(max(p.size/max(dev, w.noise.floor(w.level)), 0.05), 1e6)
		dev, noise = dev*ratio, noise*ratio
		if dev == 0 {
			dev, noise = p.size, p.size
		}
	}
	w.exchange(t, w.level+p.dev, dev, noise)
}

// exchange remembers the present regime and enters another.
func (w *row) exchange(t int64, level, dev, noise float64) {
	w.rarely().former = &regime{until: t + rememberFor.Milliseconds(), level: w.level, dev: w.noise.dev, noise: w.noise.long}
	w.level, w.trend = level, 0
	w.noise.dev, w.noise.long = dev, noise
	w.seldom.episode = nil
}

// returns counts the points that fit the former regime and not the present one.
func (w *row) returns(j *judgement) bool {
	f := w.former()
	if f == nil {
		return false
	}
	near := math.Abs(j.x - f.level - j.season())
	size := max(f.dev, w.noise.floor(w.level))
	if near > 4*size || math.Abs(j.e) < 4*max(near, size) || math.Abs(j.e) < 4*j.dev {
		f.matches = 0
		return false
	}
	f.matches++
	return f.matches >= matchesToReturn
}

// reanchor starts lags and evidence afresh at the level that was just entered.
func (w *row) reanchor(j *judgement) {
	e := j.x - w.level - j.season()
	limit := 3 * w.noise.deviation(w.level)
	for i := range w.short.lags {
		w.short.lags[i] = 0
	}
	w.short.push(min(max(e, -limit), limit))
	w.evidence.restart()
	w.evidence.lastSeason = 0
	w.noise.step(j.x)
}

// rare walks over what a row seldom has.
func rare[T any](c *codec, p **T, visit func(*T, *codec)) {
	there := *p != nil
	if c.bool(&there); !there {
		*p = nil
		return
	}
	if c.reading {
		*p = new(T)
	}
	visit(*p, c)
}

func (p *episode) visit(c *codec) {
	c.i64(&p.start)
	c.i32(&p.points, &p.calm)
	c.f64(&p.dev, &p.size, &p.noise)
	c.bool(&p.extreme)
	c.bool(&p.recurs)
	c.f32(&p.band)
	c.f32(&p.largest)
	if !c.jobless {
		c.i64(&p.until)
		c.f32(&p.away)
		c.f32(&p.uneven)
	}
	if !c.leapless {
		c.f32(&p.leap)
	}
}

func (x *extremes) visit(c *codec) {
	for i := range x.at {
		c.i32(&x.at[i])
	}
	c.u8(&x.next)
	c.within("place of the next extreme", float64(x.next), 0, float64(len(x.at)-1))
}

func (p *regime) visit(c *codec) {
	c.i64(&p.until)
	c.f64(&p.level, &p.dev, &p.noise)
	c.i32(&p.matches)
}
