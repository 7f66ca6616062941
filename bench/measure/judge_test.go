package measure

import (
	"math"
	"testing"
)

// Cases worked by hand: an event [from, to] is found in [from, to+10], and what lies outside counts in stretches.
func TestOwnTally(t *testing.T) {
	for _, c := range []struct {
		name            string
		from            int
		events, missing []span
		alarms          []span
		found, strays   int
	}{
		{name: "nothing alarmed", events: []span{{20, 29}}},
		{name: "last point of the tolerance", events: []span{{20, 29}}, alarms: at(39), found: 1},
		{name: "one point later", events: []span{{20, 29}}, alarms: at(40), strays: 1},
		{name: "one point early", events: []span{{20, 29}}, alarms: at(19), strays: 1},
		{name: "early and in time", events: []span{{20, 29}}, alarms: at(19, 20), found: 1, strays: 1},
		{name: "15 apart is one stretch", alarms: at(50, 65), strays: 1},
		{name: "16 apart are two", alarms: at(50, 66), strays: 2},
		{name: "12 apart with the interval [20, 30] between are two", events: at(20), alarms: at(19, 31), strays: 2},
		{name: "alarmed through the interval too", events: at(20), alarms: []span{{15, 35}}, found: 1, strays: 2},
		{name: "60 points are one", alarms: []span{{100, 159}}, strays: 1},
		{name: "61 points are two", alarms: []span{{100, 160}}, strays: 2},
		{name: "61 points, thinly alarmed", alarms: at(100, 115, 130, 145, 160), strays: 2},
		{name: "always on: 100 points before the interval [100, 119] and 180 after", events: []span{{100, 109}}, alarms: []span{{0, 299}}, found: 1, strays: 2 + 3},
		{name: "within two tolerances", events: []span{{20, 22}, {28, 30}}, alarms: at(31), found: 2},
		{name: "the first's tolerance only", events: []span{{20, 22}, {28, 30}}, alarms: at(25), found: 1},
		{name: "between events whose intervals meet", events: []span{{20, 22}, {33, 34}}, alarms: at(32), found: 1},
		{name: "before From", from: 10, events: []span{{5, 12}}, alarms: []span{{0, 9}}},
		{name: "begun before From", from: 10, events: []span{{5, 12}}, alarms: at(10), found: 1},
		{name: "ended before From, with its tolerance", from: 10, events: []span{{2, 8}}, alarms: at(12), strays: 1},
		{name: "an alarm without a value", events: []span{{20, 29}}, missing: at(22, 60), alarms: at(22, 60)},
		{name: "a stretch goes on over missing points", missing: []span{{51, 59}}, alarms: at(50, 60), strays: 1},
		{name: "at the end of the series", events: []span{{295, 299}}, alarms: at(299), found: 1},
	} {
		s := blank(300)
		s.From, s.Label, s.Missing, s.Alarm = c.from, marks(300, c.events...), marks(300, c.missing...), marks(300, c.alarms...)
		if got := ownTally(&s); got.found != c.found || got.strays != c.strays {
			t.Errorf("%s: found %d, false stretches %d, want %d and %d", c.name, got.found, got.strays, c.found, c.strays)
		}
		if got := plainTally(&s); got.found != c.found || got.strays != c.strays {
			t.Errorf("%s: the plain count gives %d and %d, want %d and %d", c.name, got.found, got.strays, c.found, c.strays)
		}
	}
}

// plainTally counts the series' alarms in one pass per definition.
func plainTally(s *Series) tally {
	var c tally
	events := s.events()
	inside := make([]bool, len(s.Score))
	for _, e := range events {
		found, soon, size := false, false, 0
		for i := e.from; i <= e.to+10 && i < len(inside); i++ {
			inside[i] = true
			alarmed := s.Alarm[i] && s.measured(i)
			found = found || alarmed
			if s.labelled(i) && i <= e.to {
				size++
				soon = soon || alarmed && i <= e.from+7
			}
		}
		if found {
			c.found++
		}
		if soon {
			c.delayed += size
		}
	}
	first, last := -1, -1
	closeStretch := func() {
		if first >= 0 {
			c.strays += int(math.Ceil(float64(last-first+1) / 60))
		}
		first = -1
	}
	for i := range s.Score {
		alarmed := s.Alarm[i] && s.measured(i)
		if alarmed {
			c.points++
		}
		if alarmed && s.Label[i] {
			c.hits++
		}
		if inside[i] || i-last > 15 {
			closeStretch()
		}
		if alarmed && !inside[i] {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	closeStretch()
	return c
}

// Alarms that come in any order come to what a plain count of them gives.
func TestJudgeInAnyOrder(t *testing.T) {
	random := counter{key: 7}
	for round := range 200 {
		n := 50 + random.below(400)
		s := blank(n)
		s.Missing = make([]bool, n)
		s.From = random.below(30)
		density := 1 + random.below(40)
		for i := range n {
			s.Label[i] = random.below(12) == 0 || i > 0 && s.Label[i-1] && random.below(5) > 0
			if random.below(3) > 0 {
				s.Label[i] = s.Label[max(0, i-1)]
			}
			s.Missing[i] = random.below(10) == 0
		}
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		random.shuffle(order)
		j := newJudge(&s)
		var sum tally
		for _, i := range order {
			if !s.measured(i) || random.below(density) > 0 {
				continue
			}
			s.Alarm[i] = true
			sum.add(j.alarm(i), 1)
			if want := plainTally(&s); j.tally != want || sum != want {
				t.Fatalf("round %d: %+v after %d alarms, and %+v as a sum of changes; want %+v", round, j.tally, want.points, sum, want)
			}
		}
	}
}
