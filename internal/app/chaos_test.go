package app

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChaos lets the whole service live through faults that a seed chooses: it dies before, within and after writes, commits and
// requests, with and without what was not yet on disk; the disk fills up; the clock is moved; Slack refuses, is slow, or does as it
// was told without saying so. In the end the channel holds what it holds without any fault: each incident's message and its thread
// in order, nothing lost, nothing twice. Each seed also dies at a point of its own, so that enough runs die at all of them.
//
// TIDEWATCH_CHAOS is the number of runs, TIDEWATCH_CHAOS_SEED the first seed; alone it is the one to repeat.
func TestChaos(t *testing.T) {
	first, runs := 0, 100
	if testing.Short() {
		runs = 2
	}
	if first = chaosSetting(t, "TIDEWATCH_CHAOS_SEED", 0); first > 0 {
		runs = 1
	}
	runs = chaosSetting(t, "TIDEWATCH_CHAOS", runs)
	plays := make([]*play, chaosPlays)
	if testing.Short() {
		plays = plays[chaosPlays-1:] // whose incidents have several alarms, and in which people act
	}
	for i := range plays {
		plays[i] = newPlay(t, uint64(chaosPlays-len(plays)+i))
	}
	for i := range runs {
		seed := first + i
		t.Run("seed "+strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			p := plays[seed%len(plays)]
			c := p.perform(t, uint64(seed), false)
			got := channel(t, c.slack)
			if twice := joinedTwice(got); len(twice) > 0 {
				t.Errorf("joined twice: %q\n%s", twice, c.told())
			}
			want, have := told(p.want, !c.forgot), told(got, !c.forgot)
			if c.forgot && len(p.deeds) > 0 {
				want, have = endings(p.want, got)
			}
			if d := cmp.Diff(want, have); d != "" {
				t.Errorf("the channel differs (-without faults +with faults):\n%s\n%srepeat it alone:\n"+
					"  TIDEWATCH_CHAOS_SEED=%d go test -run 'TestChaos$' ./internal/app", d, c.told(), seed)
			}
			if t.Failed() || first > 0 && runs == 1 {
				t.Log(c.told())
			}
		})
	}
}

func chaosSetting(t *testing.T, name string, unset int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return unset
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s is %q, want a number", name, text)
	}
	return n
}

// play is what happens in the world in the runs of a script, and what the channel holds after a run without faults.
type play struct {
	value  func(k int, t int64) float64
	cause  func(k int, t int64) float64 // of the alarm that hides others, if there is one
	yaml   string
	state  string // a directory with what was learnt until begin
	deeds  []deed
	points int // at which a run can die
	want   []posted
}

const (
	chaosPlays  = 8
	chaosSeries = 6
	chaosBegin  = begin + 10*minute // when the service has learnt
	chaosEnd    = begin + 5*hour
)

const chaosConfig = `
global: {step: 5m, history: 1d, timezone: Europe/Berlin}
sources: [{name: s, url: "http://prometheus.invalid/api/v1/read"}]
detectors: [{name: Load, expr: load, expect: 1/30d, labels: {severity: page}}]
route: {receiver: oncall, group_by: [%s], group_wait: 30s, group_interval: 5m, repeat_interval: 1h}
receivers: [{name: oncall, slack_configs: [{channel: "#oncall", app_token: xoxb-secret}]}]
`

// writePlay makes up the script of a seed. In every other one people act, and a window and another alarm hide alarms.
func writePlay(seed uint64) *play {
	rng := rand.New(rand.NewPCG(seed, 1))
	type fault struct{ from, to int64 }
	faults := make([][]fault, chaosSeries)
	for k := range faults {
		from := begin + hour/2 + rng.Int64N(2*hour)
		to := from + 20*minute + rng.Int64N(hour)
		faults[k] = []fault{{from, to}, {to + 30*minute + rng.Int64N(hour/2), chaosEnd - hour/2}}[:1+rng.IntN(2)]
	}
	p := &play{value: func(k int, t int64) float64 {
		v := calm(k, t)
		for _, f := range faults[k] {
			if t >= f.from && t < f.to {
				v += 80 + float64(10*k)
			}
		}
		return v
	}}
	group := "alertname, job"
	if seed%4 == 3 {
		group = "alertname"
	}
	p.yaml = fmt.Sprintf(chaosConfig, group)
	if seed >= chaosPlays/2 {
		p.yaml = strings.Replace(p.yaml, "}}]\nroute", "}}, {name: Cause, expr: cause, expect: 1/30d}]\nroute", 1) + quietRules
		from := begin + hour + rng.Int64N(hour)
		p.cause = func(_ int, t int64) float64 {
			if t >= from && t < from+40*minute {
				return calm(9, t) + 100
			}
			return calm(9, t)
		}
		p.deeds = deedsOf(rng)
	}
	return p
}

// source is where the script's series are read.
func (p *play) source() *source {
	s := &source{series: chaosSeries, value: p.value}
	if p.cause != nil {
		s.other = map[string]*source{"Cause": {series: 1, value: p.cause}}
	}
	return s
}

// newPlay writes a script, learns its history and performs it without faults.
func newPlay(t *testing.T, seed uint64) *play {
	t.Helper()
	p := writePlay(seed)
	p.state = t.TempDir()
	learnt := newChaos(t, p, begin, 0, true)
	learnt.walk(t, chaosBegin)
	learnt.end(t)
	p.state = learnt.dir
	quiet := p.perform(t, 0, true)
	p.points, p.want = quiet.points, channel(t, quiet.slack)
	if n := len(p.want); n < 2 {
		t.Fatalf("without faults the channel holds %d messages: the script tells little\n%q", n, p.want)
	}
	return p
}

// perform plays the script once; quiet is without faults.
func (p *play) perform(t *testing.T, seed uint64, quiet bool) *chaos {
	t.Helper()
	c := newChaos(t, p, chaosBegin, seed, quiet)
	for at := chaosBegin + 15*minute; at <= chaosEnd; at += 15 * minute {
		c.moveClock()
		c.walk(t, at)
		if n := int(at-chaosBegin) / int(15*minute); n <= len(p.deeds) {
			c.act(t, n, p.deeds[n-1])
		}
		if c.s == nil {
			c.start(t)
		}
		if (at-chaosBegin)%(45*minute) == 0 {
			c.snapshot(t)
		}
	}
	c.calm = true
	c.settle(t)
	c.end(t)
	return c
}

// walk drives the service to until and starts it again whenever it dies on the way.
func (c *chaos) walk(t *testing.T, until int64) {
	t.Helper()
	for deaths := 0; ; deaths++ {
		if c.s == nil {
			c.start(t)
		}
		if err := c.s.Walk(t.Context(), c.clock, until); err != nil && !c.dead {
			t.Fatal(err)
		}
		if !c.dead {
			return
		}
		c.bury(t)
		if deaths == 100 {
			t.Fatalf("the service does not stay alive\n%s", c.told())
		}
	}
}

// snapshot takes one, as the service does now and then.
func (c *chaos) snapshot(t *testing.T) {
	t.Helper()
	c.s.fault("snapshot", c.s.snapshot())
	if c.dead {
		c.bury(t)
	}
}

// settle lets the outbox send all that is left.
func (c *chaos) settle(t *testing.T) {
	t.Helper()
	if c.s == nil {
		c.start(t)
	}
	c.limit = math.MaxInt64
	if err := c.send(t.Context()); err != nil {
		t.Error("messages are left:", err)
	}
	if counts, err := c.s.store.NoticeCounts(t.Context()); err != nil || len(counts) > 0 {
		t.Errorf("messages are left: %v, %v", counts, err)
	}
}
