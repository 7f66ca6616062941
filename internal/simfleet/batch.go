package simfleet

import (
	"math"
	"math/rand/v2"
	"time"
)

// batches are the cron jobs, as a push gateway shows their last runs.
type batches struct {
	jobs []*batch
}

// batch runs at every multiple of every after the local midnight plus at, and loads a node while it runs.
type batch struct {
	name   string
	node   string
	cpu    float64 // utilisation while running
	at     time.Duration
	every  time.Duration
	length float64 // mean run, seconds
	spread float64 // σ of its logarithm
	rng    *rand.Rand

	started, ends int64 // ms; ends 0 when it is not running
	missed        bool
	duration      *cell
	success       *cell
	records       *cell
}

func newBatches(f *Fleet) *batches {
	out := &batches{}
	tg := f.newTarget("job", "batch", "instance", "pushgateway:9091")
	for _, spec := range []batch{
		{name: "billing", node: "node-6", cpu: 0.30, at: 2 * time.Hour, every: 24 * time.Hour, length: 2400, spread: 0.05},
		{name: "reindex", node: "node-5", cpu: 0.22, at: 5 * time.Minute, every: time.Hour, length: 420, spread: 0.08},
		{name: "digest", node: "node-1", cpu: 0.05, every: 15 * time.Minute, length: 150, spread: 0.12},
	} {
		spec.rng = f.rng("batch", spec.name)
		spec.duration = tg.add("batch_last_duration_seconds", "batch", spec.name)
		spec.success = tg.add("batch_last_success_timestamp_seconds", "batch", spec.name)
		spec.records = tg.add("batch_records_processed_total", "batch", spec.name)
		// Before the simulation began there were runs, too; one may be under way.
		last := spec.due(time.UnixMilli(f.Start()).In(f.opts.Zone))
		spec.duration.v = spec.length
		spec.success.v = float64(last)/1000 + spec.length
		if end := last + int64(spec.length*1000); end > f.Start() {
			spec.success.v -= spec.every.Seconds()
			spec.started, spec.ends = last, end
		}
		out.jobs = append(out.jobs, &spec)
	}
	return out
}

// due is the last scheduled start at or before the local time, in Unix milliseconds.
func (b *batch) due(local time.Time) int64 {
	y, m, d := local.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, local.Location())
	n := math.Floor(float64(local.Sub(midnight)-b.at) / float64(b.every))
	if n < 0 {
		midnight = time.Date(y, m, d-1, 0, 0, 0, 0, local.Location())
		n = math.Floor(float64(24*time.Hour-b.at-1) / float64(b.every))
	}
	return midnight.Add(b.at + time.Duration(n)*b.every).UnixMilli()
}

func (b *batch) advance(f *Fleet, k tick) {
	if b.ends != 0 && k.t >= b.ends {
		b.duration.v = math.Round(float64(b.ends-b.started)) / 1000
		b.success.v = math.Floor(float64(b.ends) / 1000)
		b.records.v += poisson(b.rng, b.length*20)
		b.ends = 0
	}
	skip := f.knob("cron/"+b.name, k.t) > 0
	start := b.due(k.local)
	late := b.missed && !skip // somebody noticed and starts it by hand
	if start <= k.t-int64(k.dt*1000) && !late {
		return
	}
	if skip {
		b.missed = true
		return
	}
	if late {
		start = k.t
	}
	b.missed = false
	b.started = start
	length := b.length * math.Exp(b.spread*b.rng.NormFloat64()) * (1 + f.knob("batch/"+b.name, k.t))
	b.ends = start + int64(length*1000)
}

// cpuOn is what the running jobs add to a node's utilisation.
func (b *batches) cpuOn(node string) float64 {
	sum := 0.0
	for _, job := range b.jobs {
		if job.ends != 0 && job.node == node {
			sum += job.cpu
		}
	}
	return sum
}
