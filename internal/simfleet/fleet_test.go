package simfleet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

func newFleet(t testing.TB, opts Options) *Fleet {
	t.Helper()
	f, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// digest advances a fleet in strides and hashes everything that it emits.
func digest(t *testing.T, opts Options, strides ...int64) string {
	t.Helper()
	f := newFleet(t, opts)
	h := xxhash.New()
	at, end := f.Start(), f.Start()+14*hour // into the hours of deploys
	for i := 0; at < end; i++ {
		at = min(end, at+strides[i%len(strides)])
		err := f.AdvanceTo(at, func(s *Series, t int64, v float64) error {
			var b [32]byte
			binary.LittleEndian.PutUint64(b[:], uint64(s.Slot))
			binary.LittleEndian.PutUint64(b[8:], labels.StableHash(s.Labels))
			binary.LittleEndian.PutUint64(b[16:], uint64(t))
			binary.LittleEndian.PutUint64(b[24:], math.Float64bits(v))
			_, err := h.Write(b[:])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", h.Sum64())
}

func TestSameOptionsGiveTheSameSamples(t *testing.T) {
	whole := digest(t, Options{Seed: 7}, 14*hour)
	if again := digest(t, Options{Seed: 7}, 61_000, hour, 1, 17*60_000); again != whole {
		t.Errorf("advanced in small strides: %s, at once: %s", again, whole)
	}
	if other := digest(t, Options{Seed: 8}, 14*hour); other == whole {
		t.Error("another seed gives the same samples")
	}
}

// track is what a test remembers of one series.
type track struct {
	labels  labels.Labels
	samples int
	stale   int
	resets  int
	last    float64
	lastT   int64
	ended   bool
}

// follow runs a fleet for a time, in milliseconds, and checks what must hold of every sample.
func follow(t *testing.T, f *Fleet, length int64) []*track {
	t.Helper()
	var all []*track
	err := f.AdvanceTo(f.Start()+length, func(s *Series, at int64, v float64) error {
		for len(all) <= s.Slot {
			all = append(all, &track{})
		}
		x := all[s.Slot]
		if x.labels.IsEmpty() {
			x.labels = s.Labels
		}
		switch {
		case !labels.Equal(x.labels, s.Labels):
			return fmt.Errorf("slot %d is %s and %s", s.Slot, x.labels, s.Labels)
		case at <= x.lastT:
			return fmt.Errorf("%s: %d after %d", s.Labels, at, x.lastT)
		case at > f.next || at <= f.next-f.step:
			return fmt.Errorf("%s: %d lies outside the round that ends at %d", s.Labels, at, f.next)
		}
		x.lastT = at
		x.samples++
		if x.ended = value.IsStaleNaN(v); x.ended {
			x.stale++
			return nil
		}
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return fmt.Errorf("%s at %d: %v", s.Labels, at, v)
		}
		if v < x.last {
			x.resets++
		}
		x.last = v
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFleetIsWhatItSaysItIs(t *testing.T) {
	f := newFleet(t, Options{})
	all := follow(t, f, 8*day)
	alive, resets, gaps, ended, seen := 0, 0, 0, 0, map[string]bool{}
	for _, x := range all {
		key, name := x.labels.String(), x.labels.Get(model.MetricNameLabel)
		if seen[key] {
			t.Errorf("%s was emitted as two series", key)
		}
		seen[key] = true
		_, known := metadata[strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum")]
		if _, plain := metadata[name]; !known && !plain {
			t.Errorf("%s has no metadata", name)
		}
		if x.ended {
			ended++
		} else {
			alive++
			gaps += x.stale
		}
		if strings.HasSuffix(name, "_total") || strings.HasSuffix(name, "_bucket") {
			resets += x.resets
			if job := x.labels.Get("job"); x.resets > 0 && (job == "node" || job == "batch") {
				t.Errorf("%s went back %d times", key, x.resets)
			}
		}
	}
	t.Logf("%d series alive, %d ended, %d counter resets, %d staleness markers in living series", alive, ended, resets, gaps)
	if alive < 300 || alive > 500 {
		t.Errorf("%d series alive, want a few hundred and at most 500", alive)
	}
	if ended < 150 || resets < 20 || gaps < 50 {
		t.Errorf("want churn, resets and gaps: got %d, %d, %d", ended, resets, gaps)
	}
}

func TestHistogramBucketsAddUp(t *testing.T) {
	f := newFleet(t, Options{})
	if err := f.AdvanceTo(f.Start()+2*hour, func(*Series, int64, float64) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, s := range f.services {
		for _, p := range s.pods {
			requests := 0.0
			for _, code := range statusCodes {
				requests += p.codes[code].v
			}
			last := 0.0
			for i, b := range p.buckets {
				if b.v < last {
					t.Errorf("%s: bucket %d holds %v, the one below %v", s.spec.name, i, b.v, last)
				}
				last = b.v
			}
			if last != requests || requests == 0 {
				t.Errorf("%s: the +Inf bucket counts %v, requests by code %v", s.spec.name, last, requests)
			}
		}
	}
}

func TestIncidentsLieInTheFaultWeek(t *testing.T) {
	zone := time.FixedZone("elsewhere", 5*3600)
	for _, opts := range []Options{{}, {Start: time.Date(2026, 10, 20, 17, 31, 12, 0, time.UTC)}, {Zone: zone}} {
		f := newFleet(t, opts)
		list := f.Incidents()
		if len(list) < 10 || len(list) > 12 {
			t.Errorf("%d incidents, want 10 to 12", len(list))
		}
		names, subtle := map[string]bool{}, 0
		for i, x := range list {
			if x.Start < f.FaultStart() || x.End > f.FaultStart()+7*24*hour || x.End <= x.Start {
				t.Errorf("%s lies outside the fault week", x.Name)
			}
			if i > 0 && x.Start < list[i-1].Start || names[x.Name] || x.Size == "" || x.Kind == "" {
				t.Errorf("%s: out of order, twice or not described", x.Name)
			}
			names[x.Name] = true
			if x.Subtle {
				subtle++
			}
		}
		if subtle == 0 || subtle > 3 {
			t.Errorf("%d subtle incidents, want 1 to 3", subtle)
		}
	}
	if list := newFleet(t, Options{Calm: true}).Incidents(); len(list) != 0 {
		t.Errorf("a calm fleet has incidents: %v", list)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, opts := range []Options{
		{Step: time.Millisecond},
		{Step: time.Hour},
		{Step: 1500 * time.Millisecond},
		{Start: DefaultStart, FaultStart: DefaultStart.Add(-time.Hour)},
	} {
		if _, err := New(opts); err == nil {
			t.Errorf("%+v was taken", opts)
		}
	}
	for _, step := range []time.Duration{15 * time.Second, 30 * time.Second, 5 * time.Minute} {
		all := follow(t, newFleet(t, Options{Step: step}), 2*hour)
		want := int(2 * time.Hour / step)
		if n := slices.MaxFunc(all, func(a, b *track) int { return a.samples - b.samples }).samples; n != want {
			t.Errorf("step %s: %d samples in two hours, want %d", step, n, want)
		}
	}
}

func TestEmitErrorStops(t *testing.T) {
	boom := errors.New("boom")
	n := 0
	err := newFleet(t, Options{}).AdvanceTo(math.MaxInt64, func(*Series, int64, float64) error {
		if n++; n == 1000 {
			return boom
		}
		return nil
	})
	if !errors.Is(err, boom) || n != 1000 {
		t.Errorf("got %v after %d samples", err, n)
	}
}
