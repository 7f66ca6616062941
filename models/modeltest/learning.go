package modeltest

import (
	"math"
	"testing"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

func spikeBeatsNoise(t *testing.T, spec models.Spec, shared models.Shared) {
	for seed := range uint64(5) {
		d, n := newDriver(t, spec, shared), noise{20 + seed}
		for range 10 * aDay {
			d.step(n.metric(d.time()))
		}
		most := 0.0
		for range 900 {
			most = max(most, d.step(n.metric(d.time())).Surprise)
		}
		x := d.look(100).Mid
		for _, side := range []float64{-1, 1} {
			if s := d.look(x + side*12*sigma); s.Surprise <= most || s.Surprise < models.QuarantineSurprise {
				t.Errorf("seed %d: 12 sigma has surprise %.2f by %v, the noise had up to %.2f", seed, s.Surprise, s.Channel, most)
			}
		}
	}
}

// bandAgrees checks that just inside the band the band channel's surprise is below the limit and just outside it is not.
func bandAgrees(t *testing.T, spec models.Spec, shared models.Shared) {
	d, n := newDriver(t, spec, shared), noise{30}
	for d.k < int64(9*aDay) {
		d.step(n.metric(d.time()))
		if d.k < int64(4*aDay) || d.k%7 != 0 {
			continue
		}
		for _, limit := range []float64{1.5, 2, 3, 4, 5} {
			b := d.bandAt(limit)
			edge := 1e-6 * (b.Upper - b.Lower)
			for _, x := range []float64{b.Lower + edge, b.Upper - edge} {
				if s := d.look(x); float64(s.Parts[tidewatch.ChannelBand]) >= limit+1e-4 {
					t.Fatalf("point %d: %g is inside %+v but has band surprise %g of %g", d.k, x, b, s.Parts[tidewatch.ChannelBand], limit)
				}
			}
			for _, x := range []float64{b.Lower - edge, b.Upper + edge} {
				if s := d.look(x); float64(s.Parts[tidewatch.ChannelBand]) < limit-1e-4 || s.Surprise < limit-1e-4 {
					t.Fatalf("point %d: %g is outside %+v but has surprise %g, band %g of %g", d.k, x, b, s.Surprise, s.Parts[tidewatch.ChannelBand], limit)
				}
			}
		}
	}
}

func termsSum(t *testing.T, spec models.Spec, shared models.Shared) {
	d, n := newDriver(t, spec, shared), noise{31}
	for d.k < int64(20*aDay) {
		x := eventful(&n, d.k)
		if d.k%301 == 200 && !math.IsNaN(x) {
			s, e, sum, parts := d.look(x), d.explain(x), 0.0, 0.0
			for _, term := range e.Terms {
				sum += term.Value
			}
			for _, f := range e.Features {
				parts += f.Value
			}
			if s.Ready && math.Abs(sum-s.Mid) > 1e-9*math.Abs(s.Mid) {
				t.Fatalf("point %d: terms %v sum to %g, expectation is %g", d.k, e.Terms, sum, s.Mid)
			}
			if s.Channel == tidewatch.ChannelIsolation && math.Abs(parts-e.Statistic) > 1e-9*(1+math.Abs(parts)) {
				t.Fatalf("point %d: features %v sum to %g, statistic is %g", d.k, e.Features, parts, e.Statistic)
			}
			if s.Ready && s.Channel != tidewatch.ChannelNone && (e.Unit == "" || math.IsNaN(e.Statistic) || math.IsNaN(e.Limit)) {
				t.Fatalf("point %d: %v is explained by %+v", d.k, s.Channel, e)
			}
		}
		d.step(x)
	}
}

func levelIsLearnt(t *testing.T, spec models.Spec, shared models.Shared) {
	d, n := newDriver(t, spec, shared), noise{32}
	for range 8 * aDay {
		d.step(n.metric(d.time()))
	}
	first := d.look(n.metric(d.time()) + 8*sigma).Surprise
	for range 4 * aDay {
		d.step(n.metric(d.time()) + 8*sigma)
	}
	mean := 0.0
	for range aDay {
		mean += d.step(n.metric(d.time())+8*sigma).Surprise / float64(aDay)
	}
	if mean > first || mean > 1 {
		t.Errorf("after four days the new level has mean surprise %.2f, on its first point %.2f", mean, first)
	}
}

func shiftIsAccepted(t *testing.T, spec models.Spec, shared models.Shared) {
	d, n := newDriver(t, spec, shared), noise{33}
	for range 9 * aDay {
		d.step(n.metric(d.time()))
	}
	accepted := -1
	for k := range 3 * aDay {
		x := n.metric(d.time()) + 15*sigma
		d.look(x)
		// as an alarm that stays open does, every point of the shift is kept aside
		v := tidewatch.Quarantined
		if accepted >= 0 {
			v = tidewatch.Calm
		}
		if d.learn(x, v) == tidewatch.RegimeAccepted {
			if accepted >= 0 {
				t.Fatalf("accepted at points %d and %d", accepted, k)
			}
			accepted = k
		}
	}
	if want := 2 * aDay; accepted < want || accepted > want+1 {
		t.Fatalf("accepted at point %d of the shift, want %d (48 h)", accepted, want)
	}
	if s := d.look(n.metric(d.time()) + 15*sigma); s.Surprise > 3 {
		t.Errorf("the accepted level has surprise %.2f", s.Surprise)
	}
	returned := -1
	for k := range 10 {
		x := n.metric(d.time())
		v := tidewatch.Calm
		if d.look(x).Surprise >= models.QuarantineSurprise {
			v = tidewatch.Quarantined
		}
		if d.learn(x, v) == tidewatch.RegimeReturned {
			returned = k
			break
		}
	}
	if returned < 0 || returned > 2 {
		t.Fatalf("the return to the old level was seen at point %d, want within 3 points", returned)
	}
	for range 50 {
		if s := d.step(n.metric(d.time())); s.Surprise >= models.QuarantineSurprise {
			t.Errorf("the old level has surprise %.2f by %v after the return", s.Surprise, s.Channel)
		}
	}
}

func expectedAccepts(t *testing.T, spec models.Spec, shared models.Shared) {
	d, n := newDriver(t, spec, shared), noise{34}
	for range 9 * aDay {
		d.step(n.metric(d.time()))
	}
	for range 6 {
		x := n.metric(d.time()) + 15*sigma
		d.look(x)
		d.learn(x, tidewatch.Quarantined)
	}
	if ev := d.learn(n.metric(d.time())+15*sigma, tidewatch.Expected); ev != tidewatch.RegimeAccepted {
		t.Fatalf("event is %v, want the regime accepted", ev)
	}
	for range 20 {
		if s := d.step(n.metric(d.time()) + 15*sigma); s.Surprise >= models.QuarantineSurprise {
			t.Errorf("what a person called normal has surprise %.2f by %v", s.Surprise, s.Channel)
		}
	}
}

func excludedIsNotLearnt(t *testing.T, spec models.Spec, shared models.Shared) {
	a, b := newDriver(t, spec, shared), newDriver(t, spec, shared)
	n := noise{35}
	for range 6 * aDay {
		x := n.metric(a.time())
		a.step(x)
		b.step(x)
	}
	for range 40 {
		a.look(500)
		a.learn(500, tidewatch.Excluded)
		x := n.metric(b.time())
		b.learn(x, tidewatch.Excluded)
	}
	for range 20 {
		x := n.metric(a.time())
		sa, sb := a.step(x), b.step(x)
		if math.Abs(sa.Mid-sb.Mid) > sigma || sa.Surprise > sb.Surprise+1.5 {
			t.Fatalf("after an excluded stretch at 500 a point has %+v, after an ordinary one %+v", sa, sb)
		}
	}
}

func absurdIsForgotten(t *testing.T, spec models.Spec, shared models.Shared) {
	for _, absurd := range []float64{1e12, -math.MaxFloat64, 100 + 50*sigma} {
		a, b := newDriver(t, spec, shared), newDriver(t, spec, shared)
		n := noise{36}
		for k := range 10 * aDay {
			x := n.metric(a.time())
			b.step(x)
			if k == 9*aDay {
				x = absurd
			}
			a.step(x)
		}
		ba, bb := a.bandAt(3), b.bandAt(3)
		ratio := (ba.Upper - ba.Lower) / (bb.Upper - bb.Lower)
		if ratio > 1.25 || ratio < 0.8 || math.Abs(ba.Mid-bb.Mid) > 0.5*sigma {
			t.Errorf("a day after %g the band is %+v, without it %+v", absurd, ba, bb)
		}
	}
}

// driftIsFollowed checks that quarantine never stops the learning for good: after the noise has grown, and on a series that
// climbs by several sigma a day, a model that an alarm (3 of 5 points at a surprise of 3) keeps from learning is calm again
// within five days.
func driftIsFollowed(t *testing.T, spec models.Spec, shared models.Shared) {
	cases := map[string]func(k int, noise float64) float64{
		"more noise": func(_ int, noise float64) float64 { return 6 * noise },
		"less noise": func(_ int, noise float64) float64 { return noise / 10 },
		"a climb":    func(k int, noise float64) float64 { return noise + 8*sigma*float64(k)/float64(aDay) },
		"a stair":    func(k int, noise float64) float64 { return noise + 12*sigma*float64(k/(aDay+aDay/2)) },
	}
	for name, change := range cases {
		d, n := newDriver(t, spec, shared), noise{37}
		for range 9 * aDay {
			d.step(n.metric(d.time()))
		}
		surprising, ring := 0, [5]float64{}
		for k := range 7 * aDay {
			ordinary := n.metric(d.time())
			wave := ordinary - 100
			x := 100 + change(k, wave)
			s := d.look(x)
			ring[k%5] = s.Surprise
			over := 0
			for _, v := range ring {
				if v >= 3 {
					over++
				}
			}
			v := tidewatch.Calm
			if over >= 3 || s.Surprise >= models.QuarantineSurprise {
				v = tidewatch.Quarantined
			}
			d.learn(x, v)
			if k >= 5*aDay && v == tidewatch.Quarantined {
				surprising++
			}
		}
		if share := float64(surprising) / float64(2*aDay); name != "a stair" && share > 0.05 || share > 0.6 {
			t.Errorf("%s: on days 6 and 7 %.0f %% of the points are quarantined", name, 100*share)
		}
	}
}

// wordOnCalmPoint checks that calling an ordinary point normal changes nothing but what a calm point would.
func wordOnCalmPoint(t *testing.T, spec models.Spec, shared models.Shared) {
	a, b := newDriver(t, spec, shared), newDriver(t, spec, shared)
	n := noise{38}
	for range 6 * aDay {
		x := n.metric(a.time())
		a.step(x)
		b.step(x)
	}
	x := a.look(100).Mid
	a.learn(x, tidewatch.Expected)
	b.learn(x, tidewatch.Calm)
	ba, bb := a.bandAt(3), b.bandAt(3)
	if ba != bb {
		t.Errorf("called normal, an ordinary point gives band %+v, learnt silently %+v", ba, bb)
	}
}
