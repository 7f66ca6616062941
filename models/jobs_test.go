package models

import (
	"math"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch"
)

// TestJobs runs an hour of +60 in some weeks, and says what is expected of it in the next.
func TestJobs(t *testing.T) {
	type run struct {
		late, points int
		size         float64
	}
	job, none := run{0, 12, 60}, run{}
	for _, c := range []struct {
		name     string
		weeks    []run
		expected bool
	}{
		{"once", []run{none, job}, false},
		{"twice", []run{none, job, job}, true},
		{"a step longer", []run{none, job, {0, 13, 60}}, true},
		{"two steps longer", []run{none, job, {0, 14, 60}}, false},
		{"a step later", []run{none, job, {1, 12, 60}}, false},
		{"twice as large", []run{none, job, {0, 12, 120}}, false},
		{"a week between", []run{none, job, none, job}, false},
		{"two points", []run{none, {0, 2, 60}, {0, 2, 60}}, false},
		{"missed once", []run{none, job, job, job, none}, true},
		{"missed twice", []run{none, job, job, job, none, none}, false},
		{"missed, and come again", []run{none, job, job, none, job, none}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && len(c.weeks) > 3 {
				t.Skip("make test-full runs it")
			}
			const week = 7 * 288
			m, err := newRows(Config{Kind: "combined", Rows: 1, Step: 5 * time.Minute}, seasonalChannels)
			if err != nil {
				t.Fatal(err)
			}
			r, score, v, ev := newCounter(1), make([]tidewatch.Score, 1), make([]tidewatch.Verdict, 1), make([]tidewatch.Event, 1)
			for i := range len(c.weeks) * week {
				x := 100 + 4*(r.unit()+r.unit()+r.unit()-1.5)
				if w := c.weeks[i/week]; i%week >= 1000+w.late && i%week < 1000+w.late+w.points {
					x += w.size
				}
				at := int64(i) * m.settings.step
				m.Score(at, []float64{x}, score)
				v[0] = tidewatch.Calm
				if score[0].Surprise >= 2.5 {
					v[0] = tidewatch.Quarantined
				}
				m.Advance(at, []float64{x}, v, ev)
			}
			again, err := newRows(Config{Kind: "combined", Rows: 1, Step: 5 * time.Minute}, seasonalChannels)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.LoadState(m.AppendState(nil)); err != nil {
				t.Fatal(err)
			}
			for _, m := range []*rows{m, again} {
				for _, k := range []int{999, 1000, 1011, 1014} {
					at := int64(len(c.weeks)*week+k) * m.settings.step
					e := m.one[0].expect(m.settings, m.settings.clock.at(at))
					inside := c.expected && k >= 1000 && k < 1012
					if want := map[bool]float64{true: 60}[inside]; math.Abs(e.job-want) > 4 || math.Abs(e.mid-want-100) > 6 {
						t.Errorf("at point %d of the week %g are expected, %g of them of a job; want %g", k, e.mid, e.job, want)
					}
				}
			}
		})
	}
}
