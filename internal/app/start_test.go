package app

import (
	"slices"
	"testing"
	"time"
)

// The grid is of multiples of the step since 1970: in which second of a step a service was started changes nothing that it decides.
func TestDecisionsDoNotDependOnTheSecondOfTheStart(t *testing.T) {
	decided := func(late time.Duration) []string {
		h := newQuick(t, broken)
		h.clock = NewVirtual(begin + late.Milliseconds())
		h.opts.Clock = h.clock
		x := h.start(t)
		defer x.stop()
		x.walkSent(end)
		return append(x.transitions(), h.slackState(t, false))
	}
	want := decided(0)
	if len(want) < 3 {
		t.Fatalf("decided %q, want an alarm, its end and a message", want)
	}
	for _, late := range []time.Duration{7 * time.Second, 4*time.Minute + 13*time.Second} {
		if got := decided(late); !slices.Equal(got, want) {
			t.Errorf("started %s later:\n%q\nwant:\n%q", late, got, want)
		}
	}
}
