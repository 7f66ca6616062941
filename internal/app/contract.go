package app

import (
	"context"
	"math"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/quality"
)

// Contract is what a detector's data are held to, as its latest data let infer it, and what is wrong with these.
type Contract struct {
	quality.Expected
	Interval time.Duration     // between two samples, on average over its series; 0 where it is unknown
	Over     time.Duration     // how much was looked at
	Open     []quality.Verdict // at its end
	Found    []quality.Verdict // began in it, those that are open included
}

// contractColumns are the points from which most can be inferred; a day at most is read.
const contractColumns = 360

// ReadContract infers a detector's contract as the service would, from its points up to now.
func ReadContract(ctx context.Context, cfg *configs.Config, d configs.Detector, src ingest.Source, now time.Time) (Contract, error) {
	one := *cfg
	one.Detectors = []configs.Detector{d}
	core := engine.NewCore(engine.New(engine.Options{Workers: 1}), alerting.NewDispatcher(cfg.Route, dispatcherOptions(cfg)))
	if err := core.Configure(engineDetectors(&one, true), cfg.Route, dispatcherOptions(cfg)); err != nil {
		return Contract{}, err
	}
	step := d.Step.Milliseconds()
	to := newestDue(d, now.UnixMilli())
	c := Contract{Over: min(contractColumns*d.Step, max(24*time.Hour, d.Step))}
	from := to - c.Over.Milliseconds() + step
	b, err := readBehind(ctx, src, d, query(d, from-mod(from, step), to))
	if err != nil {
		return Contract{}, err
	}
	res, err := core.Tick(to+d.Delay.Milliseconds(), []tidewatch.Block{b})
	if err != nil {
		return Contract{}, err
	}
	for _, q := range res.Quality {
		if !q.Over {
			c.Found = append(c.Found, q.Verdict)
		}
	}
	c.Open = core.Quality(d.Name)
	for _, st := range core.Status() {
		c.Expected = st.Expects
	}
	if c.Interval = d.ExpectInterval; c.Interval == 0 {
		c.Interval = interval(ctx, src, d, to)
	}
	return c, nil
}

// interval is the time between two samples of what a detector reads, at the grid time t: 0 where it cannot be told, or is more than
// a look-back. Where the last minute has them closer than the last five, there were gaps, or the series are young.
func interval(ctx context.Context, src ingest.Source, d configs.Detector, t int64) time.Duration {
	closest := time.Duration(0)
	for _, within := range []time.Duration{ingest.LookbackDelta, time.Minute} {
		n := samplesWithin(ctx, src, d, t, within)
		if n <= 1 {
			break
		}
		if every := time.Duration(float64(within) / n).Round(time.Second); closest == 0 || every < closest {
			closest = every
		}
	}
	return closest
}

// samplesWithin is how many samples each series that a detector reads has before the grid time t, on average; 0 where it cannot be told.
func samplesWithin(ctx context.Context, src ingest.Source, d configs.Detector, t int64, within time.Duration) float64 {
	e := ingest.BehindOf(d.Expr).Count(within)
	if e == "" || !ingest.SeesSamples(src) {
		return 0
	}
	q := query(d, t, t)
	q.Expr, q.MaxSeries = "avg("+e+")", 0
	b, err := src.Read(ctx, q)
	if err != nil || len(b.Rows) != 1 || math.IsNaN(b.Rows[0].V[0]) {
		return 0
	}
	return b.Rows[0].V[0]
}

// seeIntervals looks once a day at how often the data of detectors come, of one detector a step.
func (r *runner) seeIntervals(ctx context.Context, now int64, ds []configs.Detector, errs []error) {
	for i, d := range ds {
		if errs[i] == nil && r.seeInterval(ctx, now, d) {
			return
		}
	}
}

// seeInterval looks at how often a detector's data come, for people to see, where that is checked, not declared and not known since
// less than a day; it reports whether it did.
func (r *runner) seeInterval(ctx context.Context, now int64, d configs.Detector) bool {
	const again = 24 * time.Hour
	if !d.DataQuality || d.ExpectInterval != 0 {
		return false
	}
	r.s.mu.Lock()
	st := r.s.status[d.Name]
	due := st != nil && (st.intervalAt == 0 || now-st.intervalAt >= again.Milliseconds())
	if due {
		st.intervalAt = now
	}
	r.s.mu.Unlock()
	if !due {
		return false
	}
	seen := interval(ctx, r.source, d, newestDue(d, now))
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	st.interval = seen
	return true
}
