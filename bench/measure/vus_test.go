package measure

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestVUSPRByHand(t *testing.T) {
	a := math.Sqrt(0.5) // the soft label next to an event at w = 2
	for _, c := range []struct {
		name         string
		scores       []float64
		labels       []span
		window, hold int
		want         float64
	}{
		// 4+ 3- 2+ 1-: recall 1/2·1/2 at precision 1, then 1 at precision 2/3.
		{"two events, no buffer", []float64{4, 3, 2, 1}, at(0, 2), 0, 1, 1.0/4 + 3.0/4*2/3},
		{"the same at w = 1, which has no buffer either", []float64{4, 3, 2, 1}, at(0, 2), 1, 1, 1.0/4 + 3.0/4*2/3},
		{"found at once", []float64{0, 0, 5, 5, 0}, []span{{2, 3}}, 0, 1, 1},
		{"all alike", []float64{1, 1, 1, 1, 1}, at(2), 0, 1, 1.0 / 5},
		// w = 0 and 1: the point at 1/2. w = 2: first the buffer alone, a/(1 + a/2) at precision a; then both, recall 1 at precision (1 + a)/2.
		{
			"a point early",
			[]float64{0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0},
			at(5), 2, 1,
			(0.5 + 0.5 + a/(1+a/2)*a + (1-a/(1+a/2))*(1+a)/2) / 3,
		},
		// At w = 2 the buffers of 2 and 4 meet in 3, whose labels add up to more than 1: one event, recall at 3's threshold 1/(2 + 1/2)·1 at precision 1;
		// then 2 and 4 as well, recall 1 at precision 1. Without buffer: nothing, then recall 1 at precision 2/3.
		{"two events that meet", []float64{0, 0, 1, 2, 1, 0, 0}, at(2, 4), 2, 1, (2.0/3 + 2.0/3 + 1) / 3},
		// Held over 2 points: 0 5 5 0: the point after the event is alarmed with it, P 1/2.
		{"held", []float64{0, 5, 0, 0}, at(1), 0, 2, 1.0 / 2},
		{"held up to the event", []float64{0, 5, 0, 0}, at(2), 0, 2, 1.0 / 2},
		{"held too short", []float64{0, 5, 0, 0}, at(3), 0, 2, 1.0 / 4},
	} {
		s := blank(len(c.scores))
		s.Score, s.Label = c.scores, marks(len(c.scores), c.labels...)
		near(t, c.name, VUSPR(&s, c.window, c.hold), c.want)
	}
	s := blank(10)
	if got := VUSPR(&s, 5, 1); got.Exists() {
		t.Errorf("without events it is %g", float64(got))
	}
}

// plainVUS takes the definition at its word: every window and threshold by itself, over all points.
func plainVUS(s *Series, window, hold int) float64 {
	n := len(s.Score)
	events := s.events()
	var sorted []float64
	held := make([]float64, n)
	for i := range n {
		for k := 0; k < hold && i-k >= 0; k++ {
			if s.measured(i - k) {
				held[i] = max(held[i], s.Score[i-k])
			}
		}
		if s.measured(i) {
			sorted = append(sorted, held[i])
		}
	}
	slices.Sort(sorted)
	slices.Reverse(sorted)
	sum := 0.0
	for w := 0; w <= window; w++ {
		label := make([]float64, n)
		inside := make([]bool, n) // within w/2 of an event
		for _, e := range events {
			for i := range n {
				d := max(e.from-i, i-e.to, 0)
				if d <= w/2 {
					inside[i] = true
					if d > 0 {
						label[i] = min(1, label[i]+math.Sqrt(1-float64(d)/float64(w)))
					}
				}
			}
		}
		for _, e := range events {
			for i := e.from; i <= e.to; i++ {
				label[i] = 1
			}
		}
		before := 0.0
		step := float64(len(sorted)-1) / 249
		for k := range 250 {
			threshold := sorted[len(sorted)-1]
			if k < 249 {
				threshold = sorted[int(float64(k)*step)] // as numpy.linspace places them
			}
			positives, soft, hits, alarms := 0.0, 0.0, 0.0, 0.0
			for i := range n {
				if !s.measured(i) {
					continue
				}
				if s.Label[i] {
					positives++
				}
				if held[i] >= threshold {
					alarms++
					hits += label[i]
					if !s.Label[i] {
						soft += label[i]
					}
				}
			}
			groups, exist, alarmed := 0.0, 0.0, false
			for i := range n {
				if !inside[i] {
					continue
				}
				alarmed = alarmed || s.measured(i) && held[i] >= threshold
				if i+1 == n || !inside[i+1] || parted(events, i, w/2) {
					groups++
					if alarmed {
						exist++
					}
					alarmed = false
				}
			}
			recall := min(1, hits/(positives+soft/2)) * exist / groups
			sum += (recall - before) * hits / alarms
			before = recall
		}
	}
	return sum / float64(window+1)
}

// parted is whether one buffered event ends at i and the next begins right after it: they lie side by side, but do not touch.
func parted(events []span, i, half int) bool {
	for k := range events[1:] {
		if events[k].to+half == i && events[k+1].from-half == i+1 {
			return true
		}
	}
	return false
}

func TestVUSPRAgainstDefinition(t *testing.T) {
	random := counter{key: 11}
	for round := range 12 {
		n := 60 + random.below(150)
		s := blank(n)
		s.Missing = make([]bool, n)
		s.From = random.below(20)
		for i := range n {
			s.Label[i] = random.below(30) == 0 || i > 0 && s.Label[i-1] && random.below(6) > 0
			s.Missing[i] = random.below(15) == 0
			s.Score[i] = float64(random.below(1 + 40*(1+round%4)))
		}
		window, hold := random.below(30), 1+round%5
		if len(s.events()) == 0 {
			continue
		}
		got, want := float64(VUSPR(&s, window, hold)), plainVUS(&s, window, hold)
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("round %d, %d points, window %d, hold %d: %.12g, by definition %.12g", round, n, window, hold, got, want)
		}
	}
}

func BenchmarkVUSPR(b *testing.B) {
	for _, n := range []int{8784, 28_000, 100_000} {
		series := corpusOf(4, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for k := 0; b.Loop(); k++ {
				VUSPR(&series[k%4], VUSWindow, VUSHold)
			}
		})
	}
}
