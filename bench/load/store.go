package load

import (
	"context"
	"errors"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// samplesPerChunk is Prometheus's own aim.
const samplesPerChunk = 120

// fleet is a World as storage: chunks are encoded when they are asked for.
type fleet struct {
	scrape int64
	parts  [][]series
}

func newFleet(w World) *fleet { return &fleet{scrape: w.Scrape.Milliseconds(), parts: w.parts()} }

var errNoLabels = errors.New("the load generator answers remote-read only")

// Querier gives the samples between mint and maxt, Unix milliseconds, for the sampled form of remote-read.
func (f *fleet) Querier(mint, maxt int64) (storage.Querier, error) {
	return sampled{&querier{fleet: f, mint: mint, maxt: maxt, exact: true}}, nil
}

// sampled is a querier that decodes its chunks.
type sampled struct{ *querier }

// Select gives the matching series, as the querier of chunks does.
func (q sampled) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	return storage.NewSeriesSetFromChunkSeriesSet(q.querier.Select(ctx, sorted, hints, ms...))
}

// ChunkQuerier gives the chunks with samples between mint and maxt, Unix milliseconds.
func (f *fleet) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	return &querier{fleet: f, mint: mint, maxt: maxt}, nil
}

type querier struct {
	fleet      *fleet
	mint, maxt int64
	exact      bool // chunks begin at mint
}

// LabelValues refuses.
func (*querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, errNoLabels
}

// LabelNames refuses.
func (*querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, errNoLabels
}

// Close has nothing to release.
func (*querier) Close() error { return nil }

// Select gives the matching series in the order of their labels, as Prometheus does.
func (q *querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, ms ...*labels.Matcher) storage.ChunkSeriesSet {
	set := &seriesSet{q: q}
	for p, part := range q.fleet.parts {
		if !matches(ms, labels.FromStrings(model.MetricNameLabel, metricName(p), partLabel, partName(p)), true) {
			continue
		}
		for i := range part {
			if matches(ms, part[i].labels, false) {
				set.list = append(set.list, &part[i])
			}
		}
	}
	byLabels := func(a, b *series) int { return labels.Compare(a.labels, b.labels) }
	if !slices.IsSortedFunc(set.list, byLabels) { // a part is
		slices.SortFunc(set.list, byLabels)
	}
	return set
}

// matches says whether all matchers hold; with known only those on labels that ls has count.
func matches(ms []*labels.Matcher, ls labels.Labels, known bool) bool {
	return !slices.ContainsFunc(ms, func(m *labels.Matcher) bool {
		return (!known || ls.Has(m.Name)) && !m.Matches(ls.Get(m.Name))
	})
}

type seriesSet struct {
	q    *querier
	list []*series
	i    int
}

// Next moves on.
func (s *seriesSet) Next() bool { s.i++; return s.i <= len(s.list) }

// At is the current series.
func (s *seriesSet) At() storage.ChunkSeries { return &chunkSeries{s.q, s.list[s.i-1]} }

// Err is always nil.
func (*seriesSet) Err() error { return nil }

// Warnings is always empty.
func (*seriesSet) Warnings() annotations.Annotations { return nil }

type chunkSeries struct {
	q *querier
	s *series
}

// Labels is the identity.
func (c *chunkSeries) Labels() labels.Labels { return c.s.labels }

// Iterator goes over the chunks. As in a real server a chunk begins where it began, however little of it is asked for; the
// newest one ends at the newest sample.
func (c *chunkSeries) Iterator(chunks.Iterator) chunks.Iterator {
	first := (c.q.mint - c.s.offset) / c.q.fleet.scrape
	it := &chunkIterator{c: c, from: first - first%samplesPerChunk}
	if c.q.exact {
		for it.from = first; it.time(it.from) < c.q.mint; it.from++ {
		}
	}
	return it
}

type chunkIterator struct {
	c    *chunkSeries
	from int64 // index of the next chunk's first sample
	meta chunks.Meta
	err  error
}

func (it *chunkIterator) time(i int64) int64 {
	s := it.c.s
	return i*it.c.q.fleet.scrape + s.offset + int64(mix(s.seed+uint64(i))%5) // scrapes are a few milliseconds late
}

// Next encodes the next chunk.
func (it *chunkIterator) Next() bool {
	maxt := it.c.q.maxt
	if it.err != nil || it.time(it.from) > maxt {
		return false
	}
	c := chunkenc.NewXORChunk()
	app, err := c.Appender()
	if err != nil {
		it.err = err
		return false
	}
	it.meta = chunks.Meta{Chunk: c, MinTime: it.time(it.from)}
	for i := it.from; i < it.from+samplesPerChunk; i++ {
		t := it.time(i)
		if t > maxt {
			break
		}
		app.Append(0, t, it.c.s.value(t))
		it.meta.MaxTime = t
	}
	it.from += samplesPerChunk
	return true
}

// At is the current chunk.
func (it *chunkIterator) At() chunks.Meta { return it.meta }

// Err is what encoding failed with.
func (it *chunkIterator) Err() error { return it.err }
