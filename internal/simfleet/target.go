package simfleet

import (
	"math"
	"math/rand/v2"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// Series is the identity of one emitted series. Slot is dense from 0 in order of appearance, for callers that keep
// something per series in a slice.
type Series struct {
	Labels labels.Labels
	Slot   int
}

// cell is a series with the value that its target exposes at present.
type cell struct {
	series Series
	v      float64
}

// target is what Prometheus scrapes at once: it fails as a whole, and its series go stale together.
type target struct {
	scraper  *scraper
	labels   []string // name, value, …
	offset   int64    // how long before the end of a round it is scraped, ms
	cells    []*cell
	up       *cell
	rng      *rand.Rand
	down     int  // scrapes that will still fail
	stale    bool // the last scrape failed
	leaving  bool // scraped once more, then gone
	gone     bool // taken out of service discovery: its series were marked stale
	lastSeen bool // the scrape after leaving was made
	frozen   bool // the exporter answers, but with what it answered before
	held     []float64
}

// meanBetweenFailures is how long a target is scraped between failures, in seconds, on average.
const meanBetweenFailures = 4 * 86_400

func (c *scraper) newTarget(ls ...string) *target {
	tg := &target{scraper: c, labels: ls, rng: c.rng("target", ls[1], ls[3])}
	tg.offset = tg.rng.Int64N(c.step)
	tg.up = &cell{series: c.newSeries("up", ls...), v: 1}
	c.targets = append(c.targets, tg)
	return tg
}

func (c *scraper) newSeries(name string, ls ...string) Series {
	b := labels.NewScratchBuilder(1 + len(ls)/2)
	b.Add(model.MetricNameLabel, name)
	for i := 0; i+1 < len(ls); i += 2 {
		b.Add(ls[i], ls[i+1])
	}
	b.Sort()
	s := Series{Labels: b.Labels(), Slot: c.slots}
	c.slots++
	return s
}

// add registers a series of the target with further labels.
func (tg *target) add(name string, ls ...string) *cell {
	all := append(append([]string(nil), tg.labels...), ls...)
	c := &cell{series: tg.scraper.newSeries(name, all...)}
	tg.cells = append(tg.cells, c)
	return c
}

// fail makes the next n scrapes fail.
func (tg *target) fail(n int) { tg.down = max(tg.down, n) }

func (tg *target) scrape(k tick, emit Emit) error {
	t := k.t - tg.offset
	if tg.rng.Float64() < k.dt/meanBetweenFailures {
		tg.fail(1 + tg.rng.IntN(2))
	}
	if tg.leaving && tg.lastSeen {
		tg.gone = true
		return tg.markStale(t, emit, true)
	}
	tg.lastSeen = tg.leaving
	if tg.down > 0 {
		tg.down--
		tg.up.v = 0
		if err := emit(&tg.up.series, t, 0); err != nil || tg.stale {
			return err
		}
		tg.stale = true
		return tg.markStale(t, emit, false)
	}
	tg.stale = false
	tg.up.v = 1
	if err := emit(&tg.up.series, t, 1); err != nil {
		return err
	}
	tg.hold()
	for i, c := range tg.cells {
		v := c.v
		if tg.frozen {
			v = tg.held[i]
		}
		if err := emit(&c.series, t, v); err != nil {
			return err
		}
	}
	return nil
}

// hold keeps the last values seen before the exporter froze.
func (tg *target) hold() {
	if tg.frozen && len(tg.held) == len(tg.cells) {
		return
	}
	tg.held = tg.held[:0]
	for _, c := range tg.cells {
		tg.held = append(tg.held, c.v)
	}
}

func (tg *target) markStale(t int64, emit Emit, withUp bool) error {
	marker := math.Float64frombits(value.StaleNaN)
	for _, c := range tg.cells {
		if err := emit(&c.series, t, marker); err != nil {
			return err
		}
	}
	if withUp {
		return emit(&tg.up.series, t, marker)
	}
	return nil
}
