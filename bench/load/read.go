package load

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/tidewatch/tidewatch/ingest"
)

// ReadOptions say what MeasureRead reads. ReadDefaults is a good start; the zero value is refused.
type ReadOptions struct {
	URL         string          // of a server's remote-read; "": a generator is started in a process of its own
	Selectors   []string        // the first is read over all ranges, the others over the first range
	Ranges      []time.Duration // back from End
	End         time.Time
	Series      int           // of the generator's base selection
	Scrape      time.Duration // between two samples of the generator's
	Tenfold     bool          // with the generator: ten times the series, and ten times the range as well
	Sampled     bool          // the sampled form of the first read as well
	Concurrency int           // requests at a time
	Progress    func(share float64)
}

// ReadDefaults are 1,000 series over 14 days at 30 s from the generator.
func ReadDefaults() ReadOptions {
	return ReadOptions{
		Series: 1000, Scrape: 30 * time.Second, Ranges: []time.Duration{14 * 24 * time.Hour}, End: time.UnixMilli(begin).UTC(),
		Sampled: true, Concurrency: 2,
	}
}

// baseParts of a generator's parts are its base selection: half gauges, half counters.
const baseParts, tenfoldParts = 2, 20

// complete fills in the generator's selections.
func (o *ReadOptions) complete() error {
	if len(o.Ranges) == 0 || o.Ranges[0] < time.Minute {
		return errors.New("no range of at least a minute to read")
	}
	if o.URL != "" {
		if len(o.Selectors) == 0 {
			return errors.New("no selector: which series of the server to read, for example {job=\"node\"}")
		}
		return nil
	}
	if o.Selectors = []string{fmt.Sprintf(`{%s=~"%s|%s"}`, partLabel, partName(0), partName(1))}; o.Tenfold {
		o.Selectors = append(o.Selectors, fmt.Sprintf(`{%s=~".+"}`, partLabel))
		o.Ranges = []time.Duration{o.Ranges[0], 10 * o.Ranges[0]}
	}
	return o.world().check()
}

// world is the generator's fleet.
func (o *ReadOptions) world() World {
	if o.Tenfold {
		return World{Series: 10 * o.Series, Detectors: tenfoldParts, Scrape: o.Scrape}
	}
	return World{Series: o.Series, Detectors: baseParts, Scrape: o.Scrape}
}

// MeasureRead measures the way from wire bytes to float samples, beside bare iteration over the same chunks with tsdb/chunkenc
// and the sampled form of remote-read.
func MeasureRead(ctx context.Context, o ReadOptions) (rep ReadReport, rerr error) {
	if err := o.complete(); err != nil {
		return rep, err
	}
	if o.URL == "" {
		url, stop, err := generator(ctx, "", o.world())
		if err != nil {
			return rep, err
		}
		o.URL = url + "/api/v1/read"
		defer func() { rerr = errors.Join(rerr, stop()) }()
	}
	rep = newReadReport(o)
	debug.FreeOSMemory()
	m := &readMeter{o: o, meter: newMeter(), start: memory().RSS}
	jobs := m.jobs()
	for i, job := range jobs {
		row, err := m.measure(ctx, job)
		if err != nil {
			return rep, err
		}
		rep.Rows = append(rep.Rows, row)
		if o.Progress != nil {
			o.Progress(float64(i+1) / float64(len(jobs)))
		}
	}
	rep.Load[1] = machineLoad()
	return rep, nil
}

// readMeter measures reads of one server.
type readMeter struct {
	o     ReadOptions
	meter *meter
	start int64 // resident set before the first read
}

// readJob is one read to measure.
type readJob struct {
	selector string
	length   time.Duration
	form     ReadForm
}

// jobs are the reads in the report's order: the base, its sampled form, other ranges, other selections; each streamed one is followed by
// its evaluation.
func (m *readMeter) jobs() []readJob {
	base, first := m.o.Selectors[0], m.o.Ranges[0]
	jobs := []readJob{{base, first, Streamed}, {base, first, Evaluated}}
	if m.o.Sampled {
		jobs = append(jobs, readJob{base, first, Sampled})
	}
	for _, r := range m.o.Ranges[1:] {
		jobs = append(jobs, readJob{base, r, Streamed}, readJob{base, r, Evaluated})
	}
	for _, s := range m.o.Selectors[1:] {
		jobs = append(jobs, readJob{s, first, Streamed}, readJob{s, first, Evaluated})
	}
	return jobs
}

func (m *readMeter) measure(ctx context.Context, job readJob) (row ReadRow, err error) {
	reg := prometheus.NewRegistry()
	r, err := ingest.NewRemote(ingest.RemoteConfig{Name: "bench", URL: m.o.URL, Concurrency: m.o.Concurrency, SampledOnly: job.form == Sampled, Registerer: reg})
	if err != nil {
		return row, err
	}
	defer r.Close()
	to := m.o.End.UnixMilli()
	sel, err := ingest.ParseSelection(job.selector, to-job.length.Milliseconds()+1, to)
	if err != nil {
		return row, err
	}
	row = ReadRow{Selector: job.selector, Range: job.length, Form: job.form}
	debug.FreeOSMemory()
	memory() // a new peak
	from := m.meter.now()
	if job.form == Evaluated {
		row.StreamStats, err = evaluated(ctx, r, reg, job, to)
	} else {
		row.StreamStats, err = streamed(ctx, r, sel)
	}
	row.Cost = m.meter.now().sub(from)
	row.Peak = max(memory().Peak-m.start, 0)
	switch {
	case err != nil:
		return row, err
	case row.Samples == 0:
		return row, fmt.Errorf("no float sample of %s in the %s before %s", job.selector, job.length, m.o.End.Format(time.RFC3339))
	case job.form != Streamed:
		return row, nil
	}
	b := bare{meter: m.meter}
	if _, err = r.StreamChunks(ctx, sel, b.add); err != nil {
		return row, err
	}
	b.iterate()
	row.BareSamples, row.BareCPU, row.BareWall = b.samples, b.cost.CPU, b.cost.Wall
	return row, nil
}

// streamed decodes every sample of a selection.
func streamed(ctx context.Context, r *ingest.Remote, sel ingest.Selection) (ingest.StreamStats, error) {
	sum := 0.0
	return r.Stream(ctx, sel, func(s ingest.Samples) error {
		for _, v := range s.V {
			sum += v
		}
		return nil
	})
}

// evaluated reads the sum over a selection, minute by minute, as a detector's history is read.
func evaluated(ctx context.Context, r *ingest.Remote, reg prometheus.Gatherer, job readJob, to int64) (stats ingest.StreamStats, err error) {
	step := time.Minute.Milliseconds()
	to -= to % step
	q := ingest.Query{Detector: "bench", Expr: "sum(" + job.selector + ")", From: to - (job.length.Milliseconds()/step-1)*step, To: to, Step: step}
	if _, err := r.Read(ctx, q); err != nil {
		return stats, err
	}
	samples, err := gathered(reg, "tidewatch_source_read_samples_total", "", "")
	wire, bad := gathered(reg, "tidewatch_source_read_bytes_total", "", "")
	stats.Samples, stats.Bytes = int64(samples), int64(wire)
	return stats, errors.Join(err, bad)
}

// bareBytes are gathered before they are iterated over, so that the time-keeping itself costs nothing.
const bareBytes = 16 << 20

// bare iterates over chunks with Prometheus's own iterator, and does nothing else.
type bare struct {
	meter   *meter
	buf     []byte
	chunks  []chunkenc.Chunk
	samples int64
	sum     float64
	cost    Cost
}

func (b *bare) add(c ingest.RawChunk) error {
	if c.Encoding != chunkenc.EncXOR {
		return nil
	}
	if len(b.buf)+len(c.Data) > bareBytes {
		b.iterate()
	}
	if b.buf == nil {
		b.buf = make([]byte, 0, bareBytes)
	}
	at := len(b.buf)
	b.buf = append(b.buf, c.Data...)
	ch, err := chunkenc.FromData(c.Encoding, b.buf[at:])
	b.chunks = append(b.chunks, ch)
	return err
}

func (b *bare) iterate() {
	from := b.meter.now()
	var it chunkenc.Iterator
	for _, c := range b.chunks {
		it = c.Iterator(it)
		for it.Next() != chunkenc.ValNone {
			_, v := it.At()
			b.sum += v
			b.samples++
		}
	}
	b.cost = b.cost.add(b.meter.now().sub(from))
	b.buf, b.chunks = b.buf[:0], b.chunks[:0]
}
