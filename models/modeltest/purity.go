package modeltest

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

// eventful is a series with noise, gaps, spikes and a shift.
func eventful(n *noise, k int64) float64 {
	x := n.metric(k * stepMS)
	switch {
	case k%97 == 96:
		return math.NaN()
	case k%701 == 700:
		return x + 30*sigma
	case k > 2000 && k < 2100:
		return x + 8*sigma
	}
	return x
}

// sameBits compares two scores; a NaN equals a NaN.
func sameBits(a, b tidewatch.Score) bool {
	if math.Float64bits(a.Surprise) != math.Float64bits(b.Surprise) {
		return false
	}
	return a == b || fmt.Sprintf("%v", a) == fmt.Sprintf("%v", b) // %v writes floats so that they can be told apart
}

func scoringDoesNotLearn(t *testing.T, spec models.Spec, shared models.Shared) {
	d, n := newDriver(t, spec, shared), noise{10}
	for d.k < int64(5*aDay) {
		x := eventful(&n, d.k)
		if d.k%500 == 17 {
			before := d.m.AppendState(nil)
			first := d.look(x)
			d.look(x + 1000)
			d.bandAt(2)
			d.explain(x + 50)
			if again := d.look(x); !sameBits(first, again) {
				t.Fatalf("point %d: scored again it has %+v, before %+v", d.k, again, first)
			}
			if !bytes.Equal(before, d.m.AppendState(nil)) {
				t.Fatalf("point %d: scoring has changed the state", d.k)
			}
		}
		d.step(x)
	}
}

func sameInputSameBits(t *testing.T, spec models.Spec, shared models.Shared) {
	a, b := newDriver(t, spec, shared), newDriver(t, spec, shared)
	na, nb := noise{11}, noise{11}
	for a.k < int64(9*aDay) {
		sa, sb := a.step(eventful(&na, a.k)), b.step(eventful(&nb, b.k))
		if !sameBits(sa, sb) {
			t.Fatalf("point %d: %+v and %+v", a.k, sa, sb)
		}
	}
	if !bytes.Equal(a.m.AppendState(nil), b.m.AppendState(nil)) {
		t.Error("two runs over the same input end in different states")
	}
}

func prefix(t *testing.T, spec models.Spec, shared models.Shared) {
	const cut = 1500
	a, b := newDriver(t, spec, shared), newDriver(t, spec, shared)
	na, nb := noise{12}, noise{12}
	for range cut {
		xa, xb := eventful(&na, a.k), eventful(&nb, b.k)
		if sa, sb := a.step(xa), b.step(xb); !sameBits(sa, sb) {
			t.Fatalf("point %d differs", a.k)
		}
	}
	before := a.look(100)
	for range 50 {
		b.look(1e6) // the future of b must not matter either
	}
	if after := b.look(100); !sameBits(before, after) {
		t.Fatalf("a look at other values changes the score: %+v and %+v", before, after)
	}
}

// restart saves and restores at several moments, warm-up included, and compares with not having stopped.
func restart(t *testing.T, spec models.Spec, shared models.Shared) {
	moments := []int64{300, 2050, 0, 7, 47, 60, 577, 1234, 2010, 2300}
	for _, at := range moments[:fewer(spec, len(moments))] {
		a, b := newDriver(t, spec, shared), newDriver(t, spec, shared)
		na, nb := noise{13}, noise{13}
		for a.k < at {
			a.step(eventful(&na, a.k))
			b.step(eventful(&nb, b.k))
		}
		state := b.m.AppendState([]byte("kept"))
		fresh := newDriver(t, spec, nil)
		if err := fresh.m.LoadState(state[len("kept"):]); err != nil {
			t.Fatalf("restore at point %d: %v", at, err)
		}
		if s, ok := fresh.m.(models.Sharer); ok {
			s.Adopt(shared) // the engine hands the shared part over again
		}
		b.m = fresh.m
		for a.k < at+700 {
			if sa, sb := a.step(eventful(&na, a.k)), b.step(eventful(&nb, b.k)); !sameBits(sa, sb) {
				t.Fatalf("restored at %d, point %d has %+v, want %+v", at, a.k, sb, sa)
			}
		}
		if !bytes.Equal(a.m.AppendState(nil), b.m.AppendState(nil)) {
			t.Fatalf("restored at %d, the states differ in the end", at)
		}
	}
}

// damagedState cuts states short and flips their bits: an error or a model that works, never a panic.
func damagedState(t *testing.T, spec models.Spec, shared models.Shared) {
	d, n := newDriver(t, spec, shared), noise{14}
	for d.k < int64(3*aDay) {
		d.step(eventful(&n, d.k))
	}
	state := d.m.AppendState(nil)
	for cut := 0; cut < len(state); cut += 1 + cut/50 {
		if newDriver(t, spec, shared).m.LoadState(state[:cut]) == nil {
			t.Fatalf("a state cut to %d of %d bytes was restored", cut, len(state))
		}
	}
	if newDriver(t, spec, shared).m.LoadState(append(bytes.Clone(state), 0)) == nil {
		t.Error("a state with a byte too many was restored")
	}
	for range fewer(spec, 3000) {
		bad := bytes.Clone(state)
		for range 1 + n.bits()%4 {
			bad[n.bits()%uint64(len(bad))] ^= byte(1 << (n.bits() % 8))
		}
		f := newDriver(t, spec, shared)
		f.k = d.k
		if f.m.LoadState(bad) != nil {
			continue
		}
		for range 5 {
			x := n.metric(f.time())
			f.look(x)
			f.bandAt(3)
			f.learn(x, tidewatch.Calm)
		}
	}
}

// sharedIsSound checks that a Shared survives its encoding, is a function of its input, and is refused when damaged.
func sharedIsSound(t *testing.T, spec models.Spec, shared models.Shared) {
	b := shared.AppendState(nil)
	again, err := spec.LoadShared(b)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	if again.Version() != shared.Version() || !bytes.Equal(again.AppendState(nil), b) {
		t.Errorf("version %x became %x", shared.Version(), again.Version())
	}
	if share(t, spec).Version() != shared.Version() {
		t.Error("the same samples built another version")
	}
	n := noise{15}
	for range 300 {
		bad := bytes.Clone(b)
		bad[n.bits()%uint64(len(bad))] ^= byte(1 << (n.bits() % 8))
		got, err := spec.LoadShared(bad)
		if err == nil && got.Version() == shared.Version() {
			t.Fatal("a damaged copy has the same version")
		}
		if err != nil {
			continue
		}
		d := newDriver(t, spec, got)
		for range 150 {
			d.step(n.metric(d.time()))
		}
	}
	for cut := 0; cut < len(b); cut += 1 + cut/20 {
		if _, err := spec.LoadShared(b[:cut]); err == nil {
			t.Fatalf("%d of %d bytes were restored", cut, len(b))
		}
	}
}
