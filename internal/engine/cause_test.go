package engine

import (
	"math/rand/v2"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// coupled are two services with two instances each that move with their service, and four quiet series; all four break away at once
// in the last columns.
func coupled(columns int) tidewatch.Block {
	const broken = 8
	r := rand.New(rand.NewPCG(1, 1))
	b := tidewatch.Block{Detector: "D", From: start, Step: 5 * minute, N: columns}
	var shock [2]float64
	for k := range 8 {
		ls := labels.FromStrings("env", "prod", "app", string(rune('a'+k/2)), "instance", string(rune('0'+k%2)))
		b.Rows = append(b.Rows, tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID("D", ls), Labels: ls}, V: make([]float64, columns)})
	}
	for i := range columns {
		shock[0], shock[1] = r.NormFloat64(), r.NormFloat64()
		for k := range b.Rows {
			v := 100 + r.NormFloat64()
			if k < 4 {
				v += 2 * shock[k/2]
				if i >= columns-broken {
					v += 60
				}
			}
			b.Rows[k].V[i] = v
		}
	}
	sortRows(b.Rows)
	return b
}

func TestCausesOfWhatFires(t *testing.T) {
	c := testCore(t, 1, testDetector("D"))
	if got := c.Causes(); len(got.Causes) != 0 || got.Quiet != 0 {
		t.Fatalf("without series: %+v", got)
	}
	b := coupled(3 * 288)
	if _, err := c.Train(cut(b, 0, b.N-8)); err != nil {
		t.Fatal(err)
	}
	c.Begin(b.Time(b.N-9)+30_000, "D")
	deploy := alerting.NewContextEvent(b.Time(b.N-9), "deploy", "a was deployed", "", labels.FromStrings("app", "a"), "api")
	c.Note(Note{Origin: "api", Events: []alerting.ContextEvent{deploy}})
	for i := b.N - 8; i < b.N; i++ {
		_, err := c.Tick(b.Time(i)+30_000, []tidewatch.Block{cut(b, i, i+1)})
		must(t, err)
	}
	got := c.Causes()
	if len(got.Found) != 2 || got.Quiet != 4 || got.Pairs != 6 || got.AlarmsLeftOut != 0 {
		t.Fatalf("found %+v, want two causes of two and four quiet series", got)
	}
	for _, f := range got.Found {
		if len(f.Members) != 2 || f.P != 0.001 || len(f.Labels) != 1 || f.Labels[0].Name != "app" || f.Labels[0].Quiet != 0 {
			t.Errorf("cause %+v, want two of one app, as far from chance as can be", f)
		}
		wantNearby := 0
		if f.Labels[0].Value == "a" {
			wantNearby = 1
		}
		if len(f.Nearby) != wantNearby {
			t.Errorf("near app %s: %+v, want %d events", f.Labels[0].Value, f.Nearby, wantNearby)
		}
		if m := got.Alarms[f.Members[0]]; m.Onset != b.Time(b.N-8)-150_000 || m.Spread != 150_000 {
			t.Errorf("onset %d ± %d, want half a step before the first broken point", m.Onset, m.Spread)
		}
	}
}
