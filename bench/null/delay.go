package null

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/bench/measure"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// within is how many points an injected step has to be found in.
const within = 30

// What became of an injected step, where it is not the number of points.
const (
	notFound = math.MaxInt // within so many points
	occupied = -1          // an alarm, a false one, was under way
)

// delayCase is a kind of noise, and a step that is injected into it.
type delayCase struct {
	noise string
	phi   float64 // of the autoregression
	size  float64 // of the step, in standard deviations of the series
}

var delayCases = []delayCase{{"white", 0, 6}, {"white", 0, 2}, {"ar(.5)", 0.5, 6}, {"ar(.5)", 0.5, 2}}

// DelayReport says how soon steps were found. A step is found by the first alarm among its first 30 points; the delay counts points up
// to and including the one with which the alarm began. A step that was not found comes after all that were, so that a quantile may
// not exist.
type DelayReport struct {
	StepSeconds float64        `json:"step_seconds"`
	Promise     string         `json:"promise"`
	Noise       string         `json:"noise"`
	Size        float64        `json:"size"`     // standard deviations
	Steps       int            `json:"steps"`    // injected while no alarm was under way
	Occupied    int            `json:"occupied"` // left out: one was
	Found       measure.Number `json:"found"`    // share, within 30 points
	Median      measure.Number `json:"median"`   // points
	P95         measure.Number `json:"p95"`
}

// planDelays makes the tasks that inject steps.
func (r *run) planDelays(p *plan) {
	p.delays = make([][]int, len(delayCases))
	for i, c := range delayCases {
		p.delays[i] = make([]int, r.Delays)
		for from := 0; from < r.Delays; from += seriesPerDetector {
			part := p.delays[i][from:min(from+seriesPerDetector, r.Delays)]
			r.add(delayPoints(p.daily()), func(ctx context.Context) error {
				return c.inject(ctx, r.Seed, p.detector, from, part, r.progress)
			})
		}
	}
}

// delayPoints is how long a series with a step is: it comes on the day after history.
func delayPoints(daily int) int { return (historyDays+1)*daily + within }

// inject runs one detector, of series numbered from the given one on, whose values step at a seeded time, and fills in how soon each was found.
func (c delayCase) inject(ctx context.Context, seed uint64, d engine.Detector, from int, found []int, points func(n int)) error {
	d.Name = fmt.Sprintf("delay-%d", from)
	d.Model.Seed = uint64(newRNG(seed, uint64(from)))
	daily := int(24 * time.Hour / d.Model.Step)
	values, at := make([][]float64, seriesPerDetector), make([]int, seriesPerDetector)
	for k := range values {
		r := newRNG(seed, math.Float64bits(c.phi), uint64(from+k))
		at[k] = historyDays*daily + int(float64(daily)*r.stream(1).uniform(0))
		noise := memory(r, c.phi)
		values[k] = grid{d.Model.Step, delayPoints(daily)}.each(func(i int) float64 {
			if i >= at[k] {
				return noise(i) + c.size
			}
			return noise(i)
		})
	}
	for k := range found {
		found[k] = notFound
	}
	_, _, err := drive(ctx, d, values, func(k int, j engine.Judged) {
		if k >= len(found) || j.State != alerting.Alarming {
			return
		}
		switch i := int((j.T - begin) / d.Model.Step.Milliseconds()); {
		case i == at[k]-1:
			found[k] = occupied
		case i >= at[k] && i < at[k]+within && found[k] == notFound:
			found[k] = i - at[k] + 1
		}
	}, points)
	return err
}

// delayReports are the delays of a setting, if any were measured.
func (r *run) delayReports(p *plan) []DelayReport {
	if r.Delays == 0 {
		return nil
	}
	var out []DelayReport
	for i, c := range delayCases {
		d := DelayReport{StepSeconds: p.Step.Seconds(), Promise: p.Promise, Noise: c.noise, Size: c.size}
		d.measure(p.delays[i])
		out = append(out, d)
	}
	return out
}

// measure makes figures of what became of each step.
func (d *DelayReport) measure(delays []int) {
	free := slices.DeleteFunc(slices.Sorted(slices.Values(delays)), func(n int) bool { return n == occupied })
	d.Steps, d.Occupied = len(free), len(delays)-len(free)
	d.Found, d.Median, d.P95 = measure.None(), measure.None(), measure.None()
	if d.Steps == 0 {
		return
	}
	found, _ := slices.BinarySearch(free, notFound)
	d.Found = measure.Number(float64(found) / float64(d.Steps))
	d.Median, d.P95 = quantile(free, 0.5), quantile(free, 0.95)
}

// quantile is the least of the sorted delays that at least the share q does not exceed.
func quantile(sorted []int, q float64) measure.Number {
	n := sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
	if n == notFound {
		return measure.None()
	}
	return measure.Number(n)
}
