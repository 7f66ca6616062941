package preflight

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// metricFacts are what Lint wants to know of one metric. Zero values are unknown.
type metricFacts struct {
	interval time.Duration
	age      time.Duration // at most the detector's history
	labels   []string
}

// register asks a server about single metrics, each once.
type register struct {
	api    *ingest.API
	server Server
	now    time.Time
	facts  map[string]metricFacts
}

// learn asks about the metrics of a detector. A question that the server does not answer leaves the fact unknown.
func (r *register) learn(ctx context.Context, d configs.Detector) error {
	a, err := ingest.Analyze(d.Expr)
	if err != nil {
		return nil //nolint:nilerr // Lint says it better
	}
	for _, u := range a.Uses {
		f, known := r.facts[u.Metric]
		if u.Metric == "" || known && f.age != 0 && f.age < d.History {
			continue // does not get older with a longer history
		}
		if r.facts[u.Metric], err = r.ask(ctx, u.Metric, d.History); err != nil {
			return err
		}
	}
	return nil
}

func (r *register) ask(ctx context.Context, metric string, history time.Duration) (metricFacts, error) {
	var f metricFacts
	sel := "{__name__=" + quote(metric) + "}"
	v, err := r.query(ctx, "topk by (job) (1, "+sel+")", r.now)
	if err != nil || len(v) == 0 {
		return f, err
	}
	for _, s := range v {
		for name := range s.Labels.Map() {
			if name != model.MetricNameLabel && !slices.Contains(f.labels, name) {
				f.labels = append(f.labels, name)
			}
		}
		f.interval = max(f.interval, r.server.Config.JobIntervals[s.Labels.Get("job")])
	}
	slices.Sort(f.labels)
	if f.interval == 0 {
		if f.interval, err = r.counted(ctx, sel); err != nil {
			return f, err
		}
	}
	f.age, err = r.age(ctx, "count("+sel+")", history)
	return f, err
}

// counted is the interval of a metric that no configured job scrapes: that of its fullest series, now or an hour ago, when more
// of it may have been there.
func (r *register) counted(ctx context.Context, selector string) (time.Duration, error) {
	most := 0.0
	for _, at := range []time.Time{r.now, r.now.Add(-time.Hour)} {
		v, err := r.query(ctx, "max(count_over_time("+selector+"["+promDuration(rateWindow)+"]))", at)
		if err != nil {
			return 0, err
		}
		if len(v) > 0 {
			most = max(most, v[0].Value)
		}
	}
	if most < 2 {
		return r.server.Config.ScrapeInterval, nil
	}
	return r.interval(time.Duration(float64(rateWindow) / most)), nil
}

// usualIntervals are what people configure.
var usualIntervals = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute,
}

// interval is the configured or usual scrape interval nearest to one that was counted, as far as it is near: a window may hold
// one sample more, or lack one.
func (r *register) interval(counted time.Duration) time.Duration {
	candidates := slices.Clone(usualIntervals)
	for _, d := range r.server.Config.JobIntervals {
		candidates = append(candidates, d)
	}
	candidates = append(candidates, r.server.Config.ScrapeInterval)
	slices.Sort(candidates)
	best, far := counted.Round(time.Second), 1.25
	for _, c := range candidates {
		if c <= 0 {
			continue
		}
		if ratio := math.Exp(math.Abs(math.Log(float64(c) / float64(counted)))); ratio < far {
			best, far = c, ratio
		}
	}
	return best
}

// age looks for the oldest sample by halving; it is exact to a fiftieth, or a minute. A history that is there in full is found at
// once, and is given as history also where there is more.
func (r *register) age(ctx context.Context, expr string, history time.Duration) (time.Duration, error) {
	there, gone := time.Duration(0), history-history/50
	for at := gone; ; at = (there + gone) / 2 {
		v, err := r.query(ctx, expr, r.now.Add(-at))
		switch {
		case err != nil:
			return 0, err
		case len(v) > 0 && at == history-history/50:
			return history, nil
		case len(v) > 0:
			there = at
		default:
			gone = at
		}
		if gone-there <= max(there/50, time.Minute) {
			return max(there, time.Minute), nil
		}
	}
}

// query leaves an answer empty that the server refuses or fails to give; the error is only that time is over.
func (r *register) query(ctx context.Context, expr string, at time.Time) ([]ingest.Sample, error) {
	v, err := r.api.Query(ctx, expr, at)
	if err != nil {
		return nil, ctx.Err()
	}
	return slices.DeleteFunc(v, func(s ingest.Sample) bool { return math.IsNaN(s.Value) }), nil
}

// metadata is what is known as Lint asks for it. Metrics that are as old as the server's whole memory are not young: that the
// server is, is said once.
func (r *register) metadata() configs.Metadata {
	horizon := r.horizon()
	return configs.Metadata{
		Type:           r.server.metricType,
		ScrapeInterval: func(metric string) time.Duration { return r.facts[metric].interval },
		LabelNames:     func(metric string) []string { return r.facts[metric].labels },
		Age: func(metric string) time.Duration {
			if age := r.facts[metric].age; age < horizon-horizon/20 {
				return age
			}
			return 0
		},
	}
}

// horizon is the age of the oldest metric asked about.
func (r *register) horizon() time.Duration {
	var oldest time.Duration
	for _, f := range r.facts {
		oldest = max(oldest, f.age)
	}
	return oldest
}
