package simfleet

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// newRegion is a region whose week of incidents begins a day after its start.
func newRegion(t testing.TB, seed uint64, services int) *Region {
	t.Helper()
	r, err := NewRegion(RegionOptions{Seed: seed, Services: services, Start: DefaultStart, FaultStart: DefaultStart.Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// newest advances a region and gives the newest value of every series.
func newest(t testing.TB, r *Region, to int64) map[string]float64 {
	t.Helper()
	last := map[*Series]float64{}
	if err := r.AdvanceTo(to, func(s *Series, _ int64, v float64) error {
		last[s] = v
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for s, v := range last {
		out[s.Labels.String()] = v
	}
	return out
}

// Whatever its strides, a region of one seed is the same, and one of another seed is not.
func TestRegionRepeats(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers, which the race detector makes slow: make test-full has them")
	}
	end := DefaultStart.Add(40 * time.Hour).UnixMilli() // into an incident and a working day
	strides := newRegion(t, 1, LeastServices)
	for at := DefaultStart.UnixMilli(); at < end; at += 7 * hour / 3 {
		newest(t, strides, at)
	}
	a, b, c := newest(t, strides, end), newest(t, newRegion(t, 1, LeastServices), end), newest(t, newRegion(t, 2, LeastServices), end)
	differ := 0
	for ls, v := range a {
		if b[ls] != v {
			t.Fatalf("%s is %g and %g", ls, v, b[ls])
		}
		if c[ls] != v {
			differ++
		}
	}
	if len(a) < LeastServices*podsPerApp || differ == 0 {
		t.Errorf("%d series, %d differ with another seed", len(a), differ)
	}
}

// Each kind of incident strikes once in the week, apart from each other but for the two that coincide, and is known to hit something as soon
// as it has begun; what configs/fleet.yml watches is there.
func TestRegionStrikes(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers, which the race detector makes slow: make test-full has them")
	}
	r := newRegion(t, 3, LeastServices)
	end := r.FaultStart() + 7*24*hour
	seen := newest(t, r, end)
	incidents := r.Incidents()
	if len(incidents) != len(strikes) {
		t.Fatalf("%d incidents, want %d", len(incidents), len(strikes))
	}
	expressions, names := map[string]string{}, map[string]bool{}
	for _, d := range detectorsOf(t, "fleet.yml") {
		expressions[d.Name] = d.Expr
	}
	for i, in := range incidents {
		names[in.Name] = true
		if in.Start < r.FaultStart() || in.End > end || len(in.Hits) == 0 {
			t.Errorf("%s from %d to %d hits %d", in.Name, in.Start, in.End, len(in.Hits))
		}
		for _, h := range in.Hits {
			if expressions[h.Detector] == "" {
				t.Errorf("%s hits series of %s, which configs/fleet.yml does not have", in.Name, h.Detector)
			}
		}
		if i > 0 && in.Start < incidents[i-1].End+hour && in.Start > incidents[i-1].Start+hour/4 {
			t.Errorf("%s begins while there is %s", in.Name, incidents[i-1].Name)
		}
	}
	if len(names) != len(strikes) {
		t.Errorf("%d names of %d incidents", len(names), len(strikes))
	}
	for name, expr := range expressions {
		found := false
		for ls := range seen {
			found = found || strings.Contains(ls, model.MetricNameLabel+`="`+expr+`"`)
		}
		if !found {
			t.Errorf("%s reads %s, which no series is called", name, expr)
		}
	}
}

// A strike hits what it says and what depends on that, and leaves the rest alone.
func TestRegionReach(t *testing.T) {
	r := newRegion(t, 1, 20)
	var store *app
	for _, a := range r.apps {
		if a.tier == base && len(a.callers) > 0 {
			store = a
		}
	}
	s := named("slow", "", "", blow{apps: set(store), effect: effect{slow: 9}})
	s.End = hour
	s.Hits = r.reach(&s, r.calm())
	finds := func(a *app, detector string) bool {
		return s.Finds(detector, a.pods[0].up.series.Labels, 1)
	}
	if !finds(store, "PodLatency") || finds(store, "PodRequests") {
		t.Error("a store ten times as slow is slower, and gets as many requests as before")
	}
	callers := map[*app]bool{store: true}
	for i := len(r.apps) - 1; i >= 0; i-- {
		for _, c := range r.apps[i].calls {
			callers[r.apps[i]] = callers[r.apps[i]] || callers[c]
		}
	}
	hit := 0
	for _, a := range r.apps {
		if finds(a, "PodLatency") {
			hit++
			if !callers[a] {
				t.Errorf("%s is hit and does not wait for %s", a.name, store.name)
			}
		}
	}
	if hit < 2 {
		t.Error("nobody waits")
	}
}

func TestRegionOptions(t *testing.T) {
	for want, o := range map[string]RegionOptions{
		"7 services, must be 8 to 400": {Services: 7},
		"is before Start":              {Services: 8, FaultStart: DefaultStart.Add(-time.Hour)},
	} {
		if _, err := NewRegion(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
