package models

import (
	"math"
	"slices"
	"time"
)

// Constants of the jobs.
const (
	jobVisits  = 2             // weeks in a row after which a job is expected
	jobMisses  = 2             // and weeks without it after which it no longer is
	jobPoints  = 3             // that a job has at least: fewer are noise, or the tails'
	jobLongest = 6 * time.Hour // what lasts longer is the profile's
	jobEven    = 0.25          // its mean deviation from its own mean is at most this share of that
	jobClear   = 4             // mean deviations of the series that it is at least away
	jobLate    = 1.1           // weeks after which it no longer comes again
	mostJobs   = 8
	jobRate    = 0.3 // weight of a new week
	weekLong   = int32(weekly / time.Second)
)

// job is what came at the same time in weeks in a row, from one point to another, and was about as large each time. The profile of the week has
// an hour's mean, between which it interpolates, and learns nothing of what is unusual: this has neither.
type job struct {
	last          int64   // when it began last, Unix milliseconds
	begin, length int32   // seconds of the local week
	size          float32 // its mean deviation
	sum           float32 // of deviations, this time
	points        int16   // of them
	visits        uint8   // weeks in a row, up to jobVisits; 0: it comes no more
	misses        uint8   // weeks in a row without it, once it is expected
}

// jobs are the newest, the oldest of them first.
type jobs struct{ list []job }

// runs reports whether the job is expected at a second of the week.
func (b *job) runs(second int32) bool {
	return b.visits >= jobVisits && (second-b.begin+weekLong)%weekLong < b.length
}

// expected is what the job that is expected at a second of the week adds, or 0.
func (k *jobs) expected(second int32) float64 {
	for i := range k.list {
		if k.list[i].runs(second) {
			return float64(k.list[i].size)
		}
	}
	return 0
}

// follow takes the point at t, which deviates from level and season by e without any job, into the one that runs, and ends one that ran before. It
// reports whether that one was missed.
func (k *jobs) follow(t int64, second int32, e float64) (missed bool) {
	for i := range k.list {
		b := &k.list[i]
		switch {
		case b.runs(second):
			if b.points == 0 {
				b.last = t
			}
			most := 2 * math.Abs(float64(b.size))
			b.points = min(b.points+1, math.MaxInt16-1)
			b.sum += float32(min(max(e, -most), most))
		case b.points > 0:
			missed = b.end() || missed
		}
	}
	return missed
}

// end learns from a run that is over, and reports whether it was missed.
func (b *job) end() (missed bool) {
	mean := b.sum / float32(b.points)
	b.sum, b.points = 0, 0
	if mean/b.size >= 0.5 {
		b.size += float32(jobRate * (mean - b.size))
		b.misses = 0
		return false
	}
	if b.misses++; b.misses >= jobMisses {
		b.visits = 0
	}
	return true
}

// note enters what was seen from one point to another, and is found again if it came a week before. What is expected stays as it is, until it is
// missed. What was seen longer ago than a week and did not come again is forgotten.
func (k *jobs) note(seen job, step int32) {
	for i := range k.list {
		b := &k.list[i]
		if away(b.begin, seen.begin) > 2*step {
			continue
		}
		if b.visits >= jobVisits {
			return
		}
		if b.again(&seen, step) {
			seen.visits = b.visits + 1
		}
		*b = job{}
	}
	k.list = slices.DeleteFunc(k.list, func(b job) bool {
		return b.visits == 0 || b.visits < jobVisits && float64(seen.last-b.last) > jobLate*float64(weekly.Milliseconds())
	})
	if len(k.list) == mostJobs {
		k.list = slices.Delete(k.list, 0, 1)
	}
	k.list = append(k.list, seen)
}

// again reports whether seen is the job, a week later.
func (b *job) again(seen *job, step int32) bool {
	weeks := float64(seen.last-b.last) / float64(weekly.Milliseconds())
	like := float64(seen.size / b.size)
	return away(b.begin, seen.begin) < step && max(b.length-seen.length, seen.length-b.length) <= step &&
		math.Abs(weeks-1) < jobLate-1 && like > 0.67 && like < 1.5
}

// away is how far two seconds of the week are apart.
func away(a, b int32) int32 {
	d := (a - b + weekLong) % weekLong
	return min(d, weekLong-d)
}

// noteJob notes an episode that is over, if it was as a job is.
func (w *row) noteJob(s *settings) {
	p := w.episode()
	length, second := p.until-p.start, s.clock.at(p.start).second
	if length < jobPoints*s.step || length > jobLongest.Milliseconds() || p.uneven > float32(jobEven*math.Abs(float64(p.away))) ||
		math.Abs(float64(p.away)) < jobClear*w.noise.deviation(w.level) {
		return
	}
	if w.seldom.jobs == nil {
		w.seldom.jobs = &jobs{}
	}
	if w.seldom.jobs.expected(second) == 0 {
		seen := job{last: p.start, begin: second, length: int32(length / 1000), size: p.away, visits: 1}
		w.seldom.jobs.note(seen, int32(s.step/1000))
	}
}

func (k *jobs) visit(c *codec) {
	n := uint8(len(k.list))
	c.u8(&n)
	c.within("number of jobs", float64(n), 0, mostJobs)
	if c.err != nil {
		return
	}
	if c.reading {
		k.list = make([]job, n)
	}
	for i := range k.list {
		k.list[i].visit(c)
	}
}

func (b *job) visit(c *codec) {
	c.i64(&b.last)
	c.i32(&b.begin, &b.length)
	c.within("begin of a job", float64(b.begin), 0, float64(weekLong-1))
	c.within("length of a job", float64(b.length), 0, jobLongest.Seconds())
	c.f32(&b.size)
	c.f32(&b.sum)
	c.i16(&b.points)
	c.within("points of a job", float64(b.points), 0, math.MaxInt16-1)
	c.u8(&b.visits)
	c.u8(&b.misses)
	c.within("visits of a job", float64(b.visits), 0, jobVisits)
	c.within("misses of a job", float64(b.misses), 0, jobMisses)
}
