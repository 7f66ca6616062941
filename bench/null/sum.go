package null

import (
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/bench/measure"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// sum gathers the tallies of one family, or, as strata, of all.
type sum struct {
	detectors, series, points, onsets, once int
	expected                                float64 // false alarms
	over                                    [len(nominals)][][]int
	alarms                                  [][]int
	alarmBy, overBy                         byChannel
	limits, lone                            []float64
}

// sumOf is what the detectors of one family did under a promise, each for so many days.
func sumOf(tallies []tally, p engine.Promise, days int) sum {
	s := sum{detectors: len(tallies), alarms: make([][]int, 1)}
	for i := range s.over {
		s.over[i] = make([][]int, 1)
	}
	expected := p.Count * float64(days) * float64(24*time.Hour) / float64(p.Per)
	for i := range tallies {
		t := &tallies[i]
		s.series += len(t.points)
		for k := range t.points {
			s.points += t.points[k]
			s.onsets += t.alarms[k]
		}
		for d := range s.over {
			s.over[d][0] = append(s.over[d][0], t.over[d]...)
		}
		if p.PerSeries {
			s.alarms[0] = append(s.alarms[0], t.alarms...)
			s.expected += expected * float64(len(t.points))
		} else {
			s.alarms[0] = append(s.alarms[0], t.episodes)
			s.expected += expected
		}
		s.once += t.once
		s.alarmBy.add(&t.alarmBy)
		s.overBy.add(&t.overBy)
		s.limits, s.lone = append(s.limits, t.limit.Surprise), append(s.lone, t.limit.Lone)
	}
	return s
}

// join takes in another family.
func (s *sum) join(f *sum) {
	s.detectors += f.detectors
	s.series += f.series
	s.points += f.points
	s.onsets += f.onsets
	s.once += f.once
	s.expected += f.expected
	for i := range s.over {
		s.over[i] = append(s.over[i], f.over[i]...)
	}
	s.alarms = append(s.alarms, f.alarms...)
	s.alarmBy.add(&f.alarmBy)
	s.overBy.add(&f.overBy)
	s.limits, s.lone = append(s.limits, f.limits...), append(s.lone, f.lone...)
}

// report is the sum as figures.
func (s *sum) report(name string) FamilyReport {
	r := FamilyReport{
		Name: name, Detectors: s.detectors, Series: s.series, Points: s.points, Onsets: s.onsets, Once: s.once,
		Alarms: newRate(s.expected, s.alarms), AlarmBy: counted(s.alarmBy), OverBy: counted(s.overBy),
		Limits: [2]measure.Number{median(s.limits), median(s.lone)},
	}
	for i, decades := range nominals {
		p := 1.0
		for range decades {
			p /= 10
		}
		r.P[i] = PRate{p, newRate(p*float64(s.points), s.over[i])}
	}
	return r
}

func (b *byChannel) add(o *byChannel) {
	for c, n := range o {
		b[c] += n
	}
}

// median is the upper one of an even number of values.
func median(v []float64) measure.Number {
	if len(v) == 0 {
		return measure.None()
	}
	return measure.Number(slices.Sorted(slices.Values(v))[len(v)/2])
}
