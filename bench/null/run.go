package null

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidewatch/tidewatch/internal/engine"
)

// Options say what to run.
type Options struct {
	Seed      uint64
	Families  []string // names; empty: all
	Settings  []Setting
	Detectors int // of each family under each promise at a step of 5 minutes; at other steps as many as make the same number of points
	Days      int // measured, after historyDays of history
	Delays    int // steps of each size that are injected into each kind of noise at each setting; 0: none
	Workers   int // detectors at a time; 0: GOMAXPROCS. Results do not depend on it.
	Commit    string
	Progress  func(share float64) // may be nil
}

// Defaults measure 17 million points at each of two steps, in a few minutes.
func Defaults() Options {
	return Options{Seed: 1, Settings: Settings(), Detectors: 20, Days: 30, Delays: 100}
}

// detectors is how many there are of a family at a step.
func (o *Options) detectors(step time.Duration) int {
	return max(1, int(int64(o.Detectors)*int64(step)/int64(5*time.Minute)))
}

// plan is a setting with what is run under it.
type plan struct {
	Setting
	detector engine.Detector
	tallies  [][]tally // by family and detector
	delays   [][]int   // by delayCases, one for each step
}

// run is a run under way.
type run struct {
	Options
	families []Family
	plans    []*plan
	tasks    []func(ctx context.Context) error
	mu       sync.Mutex // of what follows
	done     int        // points
	total    int
}

// Run measures every chosen family under every chosen setting. Names of families that do not exist are errors.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Detectors < 1 || o.Days < 1 || o.Delays < 0 {
		return nil, fmt.Errorf("%d detectors, %d days and %d injected steps, want at least 1, 1 and 0", o.Detectors, o.Days, o.Delays)
	}
	r := &run{Options: o}
	var err error
	if r.families, err = chooseFamilies(o.Families); err != nil {
		return nil, err
	}
	for _, s := range o.Settings {
		if err := r.plan(s); err != nil {
			return nil, err
		}
	}
	if err := r.work(ctx); err != nil {
		return nil, err
	}
	return r.report(), nil
}

// plan makes the tasks of a setting.
func (r *run) plan(s Setting) error {
	d, err := s.detector()
	if err != nil {
		return err
	}
	p := &plan{Setting: s, detector: d, tallies: make([][]tally, len(r.families))}
	r.plans = append(r.plans, p)
	for i, f := range r.families {
		p.tallies[i] = make([]tally, r.detectors(s.Step))
		for k := range p.tallies[i] {
			r.add((historyDays+r.Days)*p.daily(), func(ctx context.Context) (err error) {
				p.tallies[i][k], err = measured(ctx, &r.Options, f, p.detector, k, r.progress)
				return err
			})
		}
	}
	r.planDelays(p)
	return nil
}

// daily is the number of points of a day.
func (p *plan) daily() int { return int(24 * time.Hour / p.Step) }

// add plans a task that runs so many points of each series of a detector.
func (r *run) add(points int, task func(ctx context.Context) error) {
	r.total += points * seriesPerDetector
	r.tasks = append(r.tasks, task)
}

// work does all tasks.
func (r *run) work(ctx context.Context) error {
	workers := r.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	errs := make([]error, len(r.tasks))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, len(r.tasks)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(r.tasks); i = int(next.Add(1)) - 1 {
				errs[i] = r.tasks[i](ctx)
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.Join(errs...)
}

func (r *run) progress(points int) {
	if r.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done += points
	r.Progress(float64(r.done) / float64(r.total))
}

func (r *run) report() *Report {
	rep := &Report{
		Commit: r.Commit, Seed: r.Seed, History: historyDays, Days: r.Days, Series: seriesPerDetector,
		Settings: []SettingReport{}, Delays: []DelayReport{},
	}
	for _, p := range r.plans {
		s := SettingReport{StepSeconds: p.Step.Seconds(), Promise: p.Promise, Alarm: alarmText(p.detector)}
		var all sum
		for i, f := range r.families {
			one := sumOf(p.tallies[i], p.detector.Promise, r.Days)
			s.Families = append(s.Families, one.report(f.Name))
			all.join(&one)
		}
		s.Families = append(s.Families, all.report(All))
		rep.Points += all.points
		rep.Settings = append(rep.Settings, s)
		rep.Delays = append(rep.Delays, r.delayReports(p)...)
	}
	return rep
}
