package measure

import (
	"slices"
	"testing"
)

func TestEvents(t *testing.T) {
	for _, c := range []struct {
		name            string
		from            int
		labels, missing []span
		want            []span
	}{
		{"none", 0, nil, nil, nil},
		{"two runs", 0, []span{{3, 5}, {7, 9}}, nil, []span{{3, 5}, {7, 9}}},
		{"up to both ends", 0, []span{{0, 1}, {18, 19}}, nil, []span{{0, 1}, {18, 19}}},
		{"begun before From", 4, []span{{2, 6}}, nil, []span{{4, 6}}},
		{"ended before From", 4, []span{{1, 3}}, nil, nil},
		{"a missing point does not cut", 0, []span{{3, 4}, {6, 7}}, at(5), []span{{3, 7}}},
		{"nor does one that is labelled", 0, []span{{3, 7}}, at(5), []span{{3, 7}}},
		{"nor does an event begin or end in one", 0, []span{{3, 7}}, at(3, 4, 7), []span{{5, 6}}},
		{"nothing but missing", 0, []span{{3, 4}}, at(3, 4), nil},
		{"begun before From, missing there", 4, []span{{2, 6}}, at(4), []span{{5, 6}}},
	} {
		s := blank(20)
		s.From, s.Label, s.Missing = c.from, marks(20, c.labels...), marks(20, c.missing...)
		if got := s.events(); !slices.Equal(got, c.want) {
			t.Errorf("%s: events %v, want %v", c.name, got, c.want)
		}
	}
	if got := (&Series{Score: make([]float64, 3)}).events(); got != nil {
		t.Errorf("an unlabelled series has events %v", got)
	}
}
