package ingest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	rtmetrics "runtime/metrics"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/tidewatch/tidewatch/ingest/eval"
)

// BenchmarkEvaluate evaluates what detectors mostly are over 1,000 series and 14 days, 40 million samples in XOR chunks, at
// a step of a minute and in one piece: by Prometheus's engine and by package eval. peak-MB is how far the heap grew above what
// it held before, of which the chunks are no part.
func BenchmarkEvaluate(b *testing.B) {
	const days = 14
	list := fortnight(b, 1000, days)
	samples := 1000 * days * 2880
	grid := eval.Grid{From: t0, To: t0 + days*86_400_000, Step: 60_000}
	for _, expr := range []string{
		`sum by (job) (rate(m_total[5m]))`,
		`sum by (job) (rate(m_total[5m])) / sum by (job) (rate(m_total[5m] offset 1h)) > 1`,
		`histogram_quantile(0.9, sum by (le) (rate(m_total[5m])))`,
		`max by (job) (avg_over_time(m_total[1h]))`,
		`count(m_total)`,
	} {
		b.Run("engine/"+expr, func(b *testing.B) {
			measured(b, samples, func() int {
				engine := newEngine(math.MaxInt32)
				q, err := engine.NewRangeQuery(context.Background(), listQueryable(list), nil, expr, time.UnixMilli(grid.From), time.UnixMilli(grid.To), time.Minute)
				if err != nil {
					b.Fatal(err)
				}
				defer q.Close()
				m, err := q.Exec(context.Background()).Matrix()
				if err != nil {
					b.Fatal(err)
				}
				return len(m)
			})
		})
		b.Run("plan/"+expr, func(b *testing.B) {
			e, err := exprParser.ParseExpr(expr)
			if err != nil {
				b.Fatal(err)
			}
			plan := eval.Compile(e)
			measured(b, samples, func() (n int) {
				err := plan.Run(context.Background(), listQueryable(list), grid, eval.Options{LookbackDelta: LookbackDelta}, func(eval.Series) error {
					n++
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
				return n
			})
		})
	}
}

// fortnight are counters every 30 s as a remote-read answer holds them.
func fortnight(b *testing.B, n, days int) []*series {
	b.Helper()
	rng := rand.New(rand.NewPCG(3, 3))
	out := make([]*series, n)
	for i := range out {
		s := &series{lset: labels.FromStrings("__name__", "m_total", "instance", fmt.Sprint(i/10), "job", fmt.Sprint(i%10), "le", fmt.Sprint(i%10)), mint: t0, maxt: math.MaxInt64}
		v, first := 0.0, rng.Int64N(30_000)
		for day := range int64(days) {
			var part []sample
			for k := range int64(2880) {
				v += float64(rng.IntN(100))
				part = append(part, sample{t: t0 + day*86_400_000 + first + k*30_000, v: v})
			}
			for _, c := range encodeChunks(part, chunkenc.EncXOR, 120) {
				s.chunks = append(s.chunks, chunk{mint: c.MinTimeMs, maxt: c.MaxTimeMs, enc: chunkenc.EncXOR, size: len(c.Data), padded: append(c.Data, make([]byte, slack)...)})
			}
		}
		out[i] = s
	}
	return out
}

// measured runs f and reports its time for each sample and the growth of the heap.
func measured(b *testing.B, samples int, f func() int) {
	b.Helper()
	runtime.GC()
	base, peak, stop := heapObjects(), uint64(0), make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				peak = max(peak, heapObjects())
			}
		}
	}()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = f()
	}
	close(stop)
	<-done
	if n == 0 {
		b.Fatal("no series")
	}
	perSample(b, samples)
	b.ReportMetric(float64(int64(peak)-int64(base))/1e6, "peak-MB")
}

func heapObjects() uint64 {
	s := []rtmetrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	rtmetrics.Read(s)
	return s[0].Value.Uint64()
}
