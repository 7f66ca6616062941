package models_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/models"
)

// replicas feeds a peer model: a rhythm and a noise in common, and each its own factor and noise.
func replicas(tb testing.TB, factors ...float64) *ensemble {
	tb.Helper()
	spec, err := models.Lookup("peer")
	if err != nil {
		tb.Fatal(err)
	}
	m, err := spec.New(models.Config{Kind: "peer", Rows: len(factors), Step: ensembleStep})
	if err != nil {
		tb.Fatal(err)
	}
	e := &ensemble{tb: tb, Joiner: m.(models.Joiner), rng: 7}
	e.fit(len(factors))
	e.make = func() {
		together := 50 + 20*math.Sin(2*math.Pi*float64(e.k)/288) + 5*e.normal()
		for i, f := range factors {
			e.x[i] = f * (together + 2*e.normal())
		}
	}
	return e
}

// TestPeerLeavesTheOthers: what one of three does is found and told of it, what all do is not, nor that one is slower than the others.
func TestPeerLeavesTheOthers(t *testing.T) {
	for _, scale := range []float64{1, 1e-9, 1e12} { // seconds or bytes: all the same
		e := replicas(t, scale, 3*scale, 1.1*scale)
		calm := e.run(6)
		if calm > 5 {
			t.Errorf("scale %g: a calm day has surprise %.2f", scale, calm)
		}
		var together float64
		for range 12 {
			e.draw()
			for i := range e.x {
				e.x[i] *= 4
			}
			together = max(together, e.look().Surprise)
			e.learn()
		}
		if together > 4 {
			t.Errorf("scale %g: that all rise has surprise %.2f", scale, together)
		}
		e.run(1)
		for who := range e.x {
			for range 4 {
				e.draw()
				e.x[who] *= 1.4
				e.learn()
			}
			e.draw()
			e.x[who] *= 1.4
			s, x := e.look(), e.Explain(e.time(), e.x, 0, 3)
			if s.Surprise < 3 || len(x.Features) != 1 || x.Features[0].Name != fmt.Sprint(who) {
				t.Errorf("scale %g: replica %d is 40 %% above: surprise %.2f, features %v", scale, who, s.Surprise, x.Features)
			}
			if !strings.Contains(x.Unit, "peers") || x.Statistic <= x.Limit {
				t.Errorf("explained by %+v", x)
			}
			e.run(1)
		}
	}
}

// TestPeersNeedThree: of two nobody can say which has left.
func TestPeersNeedThree(t *testing.T) {
	e := replicas(t, 1, 1)
	for range 5 * 288 {
		e.draw()
		e.x[0] *= 3
		if s := e.look(); s.Ready {
			t.Fatal("two replicas are judged")
		}
		e.learn()
	}
}

// TestPeerNull: on groups that behave, a surprise of 3 is no more frequent than twice what it says.
func TestPeerNull(t *testing.T) {
	groups, days := 40, 30
	if testing.Short() {
		groups, days = 3, 10
	}
	points, over := 0, [3]int{}
	for seed := range groups {
		e := replicas(t, []float64{1, 1.3, 0.7, 1, 1, 2}[:3+seed%4]...)
		e.rng = uint64(seed) * 99991
		for k := range days * 288 {
			e.draw()
			if s := e.look().Surprise; k >= 3*288 {
				points++
				for i := range over {
					if s >= float64(2+i) {
						over[i]++
					}
				}
			}
			e.learn()
		}
	}
	for i, n := range over[:2] {
		if ratio := float64(n) / float64(points) * math.Pow(10, float64(2+i)); ratio > 2 {
			t.Errorf("a surprise of %d is seen %.2f times as often as it says, of %d points", 2+i, ratio, points)
		}
	}
	t.Logf("of %d points: %d, %d and %d at 2, 3 and 4", points, over[0], over[1], over[2])
}

func BenchmarkPeer(b *testing.B) {
	for _, rows := range []int{3, 10, 100} {
		b.Run(fmt.Sprintf("%d series", rows), func(b *testing.B) {
			factors := make([]float64, rows)
			for i := range factors {
				factors[i] = 1 + float64(i)/10
			}
			replicas(b, factors...).bench(b)
		})
	}
}
