package models

import "math"

// Constants of the profiles.
const (
	dayRate    = 0.12 // weight of a new visit to an hour of the day
	weekRate   = 0.3  // of a visit to an hour of the week
	partRate   = 0.02 // of a visit to a part of the hour
	gainToUse  = 0.9  // a season is taken into use when it brings the loss below this share
	gainToKeep = 1.02 // and given up above this one
	lossVisits = 72   // visits after which an error has faded to 1/e of its weight in a loss
)

// half is a bfloat16: enough for a deviation of one hour of the week, which is written once a week.
type half uint16

func toHalf(v float32) half {
	b := math.Float32bits(v)
	b += 0x7fff + b>>16&1 // round to nearest, ties to even
	return half(b >> 16)
}

func (h half) float() float64 { return float64(math.Float32frombits(uint32(h) << 16)) }

// spread is a noise relative to the mean one, from leastSpread to mostSpread, in units of 1/8192.
type spread uint16

const (
	leastSpread = 0.2
	mostSpread  = 5
	spreadUnit  = 1.0 / 8192
)

func toSpread(v float64) spread {
	return spread(float64(min(max(v, leastSpread), mostSpread)/spreadUnit) + 0.5)
}

func (s spread) float() float64 { return float64(s) * spreadUnit }

// profile is the season by wall-clock phase: hour of the day, deviation of the hour of the week from it, deviation of the
// five-minute part of the hour. Each is learnt in the shadow from the start, and used while it lowers the prequential loss
// (mean absolute error of the visits' means, judged before they are learnt).
type profile struct {
	day    [hoursADay]float32 // before centred: visit means relative to the start's anchor
	spread [hoursADay]spread  // noise of the hour relative to the mean noise
	week   [hoursAWeek]half
	part   [partsAnHour]float32
	// mean absolute errors without and with each season
	dayLoss, weekLoss, partLoss [2]float32
	visits                      int32 // visits committed
	useDay, useWeek, usePart    bool
	centred                     bool

	// the visit under way
	at             int16   // hour of the week, -1 before the first
	count          int16   // points
	sumFree        float32 // x - level
	sumDay, sumAbs float32 // the day profile's values; |r| over the mean |r|
	sumWeek        float32
}

func (p *profile) init() {
	*p = profile{at: -1}
	for i := range p.spread {
		p.spread[i] = toSpread(1)
	}
}

// values are the three profiles' values at ph, whether used or not.
func (p *profile) values(ph phase) (v [3]float64) {
	own, next := 1-ph.share, ph.share
	if p.centred {
		v[0] = float64(own*float64(p.day[ph.main%hoursADay])) + float64(next*float64(p.day[ph.next%hoursADay]))
	}
	v[1] = float64(own*p.week[ph.main].float()) + float64(next*p.week[ph.next].float())
	v[2] = float64(p.part[ph.part])
	return v
}

// used are, of the three values, those that enter the expectation.
func (p *profile) used(v *[3]float64) (day, week, part float64) {
	return usedOf(p.useDay, v[0]), usedOf(p.useWeek, v[1]), usedOf(p.usePart, v[2])
}

// noise is the noise at ph relative to the mean noise.
func (p *profile) noise(ph phase) float64 {
	if !p.centred {
		return 1
	}
	return float64((1-ph.share)*p.spread[ph.main%hoursADay].float()) + float64(ph.share*p.spread[ph.next%hoursADay].float())
}

// change is what taking up or giving up a season does: the loss changes by the factor ratio, and the level has to move by lift for
// the expectation to stay, on average, where it is.
type change struct {
	ratio, lift float64
	any         bool
}

func (c change) and(d change) change {
	return change{c.ratio * d.ratio, c.lift + d.lift, c.any || d.any}
}

// span is how much a row has seen: points learnt, and points of the grid since the first one.
type span struct{ learnt, elapsed int }

// learn takes a point into the visit under way; free is x - level, winsorised, and noise |r| over the mean |r|. A new hour
// first commits the last visit. few has the start of a profile that is not centred.
func (p *profile) learn(s *settings, few *seldom, n span, x *expectation, free, noise float64) change {
	made, ph, v := change{ratio: 1}, x.ph, x.shadow
	if int16(ph.main) != p.at {
		if p.count > 0 {
			made = p.commit(s, few, n)
			free -= made.lift
			v = p.values(ph)
		}
		p.at, p.count, p.sumFree, p.sumDay, p.sumWeek, p.sumAbs = int16(ph.main), 0, 0, 0, 0, 0
	}
	p.count = min(p.count+1, math.MaxInt16-1)
	p.sumFree += float32(free)
	p.sumDay += float32(v[0])
	p.sumWeek += float32(v[1])
	p.sumAbs += float32(min(noise, mostNoise))
	if s.hour != seasonOff {
		made = made.and(p.learnPart(s, n, ph, free-usedOf(p.useDay, v[0])-usedOf(p.useWeek, v[1]), v[2]))
	}
	return made
}

func usedOf(use bool, v float64) float64 {
	if use {
		return v
	}
	return 0
}

func (p *profile) learnPart(s *settings, n span, ph phase, e, part float64) change {
	rate := max(partRate, float64(partsAnHour)/float64(n.learnt))
	blend(&p.partLoss[0], math.Abs(e), 0.004)
	blend(&p.partLoss[1], math.Abs(e-part), 0.004)
	p.part[ph.part] += float32(min(rate, 0.5) * (e - part))
	if ph.main%hoursADay != 0 || ph.part != 0 {
		return change{ratio: 1}
	}
	return p.decide(s.hour, n.learnt >= s.hourPoints, &p.usePart, p.partLoss)
}

// blend moves an exponentially weighted mean towards v.
func blend(mean *float32, v, rate float64) {
	m := float64(*mean)
	*mean = float32(m + float64(rate*(v-m)))
}

// commit learns the mean of a visit to one hour.
func (p *profile) commit(s *settings, few *seldom, n span) change {
	h, c := int(p.at)%hoursADay, float32(p.count)
	p.visits++
	if s.day == seasonOff && s.week == seasonOff {
		return change{ratio: 1}
	}
	if !p.centred {
		p.gather(&few.start.seen, h, float64(p.sumFree/c))
		return change{ratio: 1}
	}
	free, day, week := float64(p.sumFree/c), float64(p.sumDay/c), float64(p.sumWeek/c)
	p.judgeVisit(free, free-day, free-day-week)
	rate := max(dayRate, float64(hoursADay)/float64(p.visits))
	p.day[h] += float32(rate * (free - day - usedOf(p.useWeek, week)))
	if s.week != seasonOff {
		w := &p.week[p.at]
		rate = max(weekRate, min(1, float64(hoursAWeek)/float64(p.visits)))
		*w = toHalf(float32(w.float() + float64(rate*(free-day-week))))
	}
	f := p.spread[h].float()
	p.spread[h] = toSpread(f + float64(0.1*(float64(p.sumAbs/c)*f-f)))
	return p.choose(s, n)
}

// gather averages an hour's visits before the profile is ready. seen are the hours visited.
func (p *profile) gather(seen *uint32, h int, free float64) {
	bit := uint32(1) << h
	if *seen&bit == 0 {
		*seen |= bit
		p.day[h] = float32(free)
		return
	}
	mean := p.center(*seen)
	blendOrSet(&p.dayLoss[0], math.Abs(free-mean))
	blendOrSet(&p.dayLoss[1], math.Abs(free-float64(p.day[h])))
	p.day[h] += float32(0.5 * (free - float64(p.day[h])))
}

func blendOrSet(mean *float32, v float64) {
	if *mean == 0 {
		*mean = float32(v)
		return
	}
	blend(mean, v, 1.0/hoursADay)
}

// center is the mean of the hours that were visited.
func (p *profile) center(seen uint32) (mean float64) {
	hours := 0
	for h, v := range p.day {
		if seen>>h&1 == 1 {
			mean += float64(v)
			hours++
		}
	}
	if hours == 0 {
		return 0
	}
	return mean / float64(hours)
}

// settle turns the means gathered since the start into a profile around a level, which it returns.
func (p *profile) settle(from start) (level float64) {
	mean := p.center(from.seen)
	for h := range p.day {
		if from.seen>>h&1 == 1 {
			p.day[h] -= float32(mean)
		} else {
			p.day[h] = 0
		}
	}
	p.centred = true
	return float64(from.anchor) + mean
}

// judgeVisit blends the errors of a visit's mean without a season, with the day, and with the week, into the losses.
func (p *profile) judgeVisit(free, day, week float64) {
	blend(&p.dayLoss[0], math.Abs(free), 1.0/lossVisits)
	blend(&p.dayLoss[1], math.Abs(day), 1.0/lossVisits)
	seen := p.visits - hoursAWeek
	if seen <= 0 {
		return // the week's bins are being seen for the first time
	}
	rate := 1 / float64(min(seen, lossVisits))
	blend(&p.weekLoss[0], math.Abs(day), rate)
	blend(&p.weekLoss[1], math.Abs(week), rate)
}

// choose decides once a day which seasons are used.
func (p *profile) choose(s *settings, n span) change {
	if p.visits%hoursADay != 0 {
		return change{ratio: 1}
	}
	made := p.decide(s.day, n.learnt >= s.dayPoints, &p.useDay, p.dayLoss)
	if made.any {
		made.lift = p.centerDay(p.useDay)
	}
	week := p.decide(s.week, n.elapsed >= s.weekPoints && p.useDay, &p.useWeek, p.weekLoss)
	if week.any {
		week.lift = p.centerWeek(p.useWeek)
	}
	return made.and(week)
}

// centerDay takes the mean out of the day profile, which has just been taken up or given up, and returns what the level gets: what
// is taken out of a profile that is in use was never in the level's account, and what was in use goes over to it. Without it the
// expectation would jump by a mean that level and profile had shared in some other way.
func (p *profile) centerDay(use bool) (lift float64) {
	mean := 0.0
	for _, v := range p.day {
		mean += float64(v) / hoursADay
	}
	for h := range p.day {
		p.day[h] -= float32(mean)
	}
	if use {
		return 0
	}
	return mean
}

// centerWeek is centerDay for the week.
func (p *profile) centerWeek(use bool) (lift float64) {
	mean := 0.0
	for _, v := range p.week {
		mean += v.float() / hoursAWeek
	}
	for h, v := range p.week {
		p.week[h] = toHalf(float32(v.float() - mean))
	}
	if use {
		return 0
	}
	return mean
}

// decide switches one season by its losses without and with it.
func (p *profile) decide(mode seasonMode, ready bool, use *bool, loss [2]float32) change {
	want := *use
	switch {
	case mode == seasonOff || !ready:
		want = false
	case mode == seasonOn:
		want = true
	case loss[1] < gainToUse*loss[0]:
		want = true
	case loss[1] > gainToKeep*loss[0]:
		want = false
	}
	if want == *use {
		return change{ratio: 1}
	}
	*use = want
	ratio := 1.0
	if loss[0] > 0 && loss[1] > 0 {
		ratio = float64(loss[1]) / float64(loss[0])
		if !want {
			ratio = 1 / ratio
		}
	}
	return change{ratio: min(max(ratio, 0.2), 5), any: true}
}

// visitProfile encodes the profile with its start, if it is not centred.
func (w *course) visitProfile(c *codec) {
	p, from := &w.profile, w.start()
	c.f32s(p.day[:])
	p.visitSpread(c)
	c.halves(p.week[:])
	c.f32s(p.part[:])
	c.f32s(p.dayLoss[:])
	c.f32s(p.weekLoss[:])
	c.f32s(p.partLoss[:])
	anchor := float64(from.anchor)
	c.f64(&anchor)
	for _, sum := range []*float32{&p.sumFree, &p.sumDay, &p.sumAbs, &p.sumWeek} {
		c.f32(sum)
	}
	seen, at, count := int32(from.seen), int32(p.at), int32(p.count)
	c.i32(&seen, &p.visits, &at, &count)
	c.within("hour of the week", float64(at), -1, hoursAWeek-1)
	c.within("points of an hour", float64(count), 0, math.MaxInt16)
	p.at, p.count = int16(at), int16(count)
	c.bool(&p.useDay)
	c.bool(&p.useWeek)
	c.bool(&p.usePart)
	c.bool(&p.centred)
	if from = (start{float32(anchor), uint32(seen)}); c.reading && !p.centred && from != (start{}) {
		w.rarely().start = from
	}
}

func (p *profile) visitSpread(c *codec) {
	for i := range p.spread {
		if c.hits { // they had single precision
			v := float32(p.spread[i].float())
			c.f32(&v)
			p.spread[i] = toSpread(float64(v))
			continue
		}
		v := uint16(p.spread[i])
		c.u16(&v)
		c.within("noise of an hour", spread(v).float(), 0, mostSpread)
		p.spread[i] = spread(v)
	}
}
