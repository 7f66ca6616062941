package ingest

import (
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// samplesPerChunk is how many samples a chunk gets that is made here; Prometheus has up to twice as many.
const samplesPerChunk = 120

// Samples records the samples of a series that did not come in chunks: of a sampled answer, or imported. It gives the time of the
// newest, math.MinInt64 if there is none.
func (r *Recorder) Samples(source string, s storage.Series) (newest int64, err error) {
	key := labelFields(r.asSent(source, s.Labels()))
	newest = math.MinInt64
	put := func(c wireChunk) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.chunk(source, key, c)
		newest = max(newest, c.maxt)
	}
	if err := cutChunks(s.Iterator(nil), put); err != nil {
		return newest, fmt.Errorf("series %s: %w", s.Labels(), err)
	}
	return newest, nil
}

// Declare names a source that Samples are recorded of, and its external labels: they are added to series that have none of the
// name, as a server does when it sends them.
func (r *Recorder) Declare(s RecordedSource) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.URL = RedactURL(s.URL)
	r.known[s.Name] = &s
}

func (r *Recorder) asSent(source string, ls labels.Labels) labels.Labels {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.known[source]
	if s == nil || s.External.IsEmpty() {
		return ls
	}
	b := labels.NewBuilder(ls)
	s.External.Range(func(l labels.Label) {
		if ls.Get(l.Name) == "" {
			b.Set(l.Name, l.Value)
		}
	})
	return b.Labels()
}

// Whole says that what was recorded of a source up to and including to, Unix milliseconds, is all there is of it: every selector is
// answered, also for the time before.
func (r *Recorder) Whole(source string, to int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, claim{source, "{}", span{0, to}})
}

// chunkMaker cuts samples into chunks.
type chunkMaker struct {
	put  func(wireChunk)
	c    chunkenc.Chunk
	app  chunkenc.Appender
	mint int64
	maxt int64
}

// cutChunks puts the samples of an iterator into chunks, in order of time.
func cutChunks(it chunkenc.Iterator, put func(wireChunk)) error {
	m := &chunkMaker{put: put}
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		if err := m.add(kind, it); err != nil {
			return err
		}
	}
	m.end()
	return it.Err()
}

var encodingOf = map[chunkenc.ValueType]chunkenc.Encoding{
	chunkenc.ValFloat: chunkenc.EncXOR, chunkenc.ValHistogram: chunkenc.EncHistogram, chunkenc.ValFloatHistogram: chunkenc.EncFloatHistogram,
}

func (m *chunkMaker) add(kind chunkenc.ValueType, it chunkenc.Iterator) error {
	enc := encodingOf[kind]
	if m.c == nil || m.c.Encoding() != enc || m.c.NumSamples() >= samplesPerChunk {
		if err := m.begin(enc, it.AtT()); err != nil {
			return err
		}
	}
	var (
		next    chunkenc.Chunk
		app     chunkenc.Appender
		err     error
		recoded bool
	)
	at := it.AtT()
	switch kind {
	case chunkenc.ValFloat:
		_, v := it.At()
		m.app.Append(0, at, v)
	case chunkenc.ValHistogram:
		_, h := it.AtHistogram(nil)
		next, recoded, app, err = m.app.AppendHistogram(nil, 0, at, h, false)
	default:
		_, h := it.AtFloatHistogram(nil)
		next, recoded, app, err = m.app.AppendFloatHistogram(nil, 0, at, h, false)
	}
	if err != nil {
		return err
	}
	if next != nil { // its buckets did not fit into the chunk as it was
		if !recoded {
			m.end()
			m.mint = at
		}
		m.c, m.app = next, app
	}
	m.maxt = at
	return nil
}

func (m *chunkMaker) begin(enc chunkenc.Encoding, t int64) error {
	m.end()
	c, err := chunkenc.NewEmptyChunk(enc)
	if err != nil {
		return err
	}
	m.c, m.mint = c, t
	m.app, err = c.Appender()
	return err
}

// end puts the chunk that is being filled.
func (m *chunkMaker) end() {
	if m.c == nil || m.c.NumSamples() == 0 {
		m.c = nil
		return
	}
	m.put(wireChunk{mint: m.mint, maxt: m.maxt, enc: m.c.Encoding(), data: m.c.Bytes()})
	m.c = nil
}
