package ingest

import (
	"context"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Selection says which raw samples to stream: those of all series that the matchers select, with times in [From, To], Unix
// milliseconds, both included.
type Selection struct {
	Matchers []*labels.Matcher
	From, To int64
}

// ParseSelection makes a Selection of a PromQL selector such as node_load1{job="node"}.
func ParseSelection(selector string, from, to int64) (Selection, error) {
	ms, err := exprParser.ParseMetricSelector(selector)
	if err != nil {
		return Selection{}, queryError(selector, err)
	}
	if to < from {
		return Selection{}, queryError(selector, fmt.Errorf("range %d to %d ends before it begins", from, to))
	}
	return Selection{Matchers: ms, From: from, To: to}, nil
}

// RawChunk is a stretch of one series as the server sent it. Data, T and V are valid during the call only.
type RawChunk struct {
	Series           int           // number of the series within the stream: 0, 1, … in order of first appearance
	Labels           labels.Labels // without the external and the dropped labels of the source; may be kept
	MinTime, MaxTime int64         // Unix milliseconds
	Encoding         chunkenc.Encoding
	Data             []byte    // the encoded chunk; of a sampled answer, whose Encoding is EncNone, there are T and V instead
	T                []int64   // Unix milliseconds, strictly ascending
	V                []float64 // of the same length
}

// Samples is a run of one series' float samples. T and V are valid during the call only.
type Samples struct {
	Series int           // number of the series within the stream: 0, 1, … in order of first appearance
	Labels labels.Labels // as of a RawChunk
	T      []int64       // Unix milliseconds, strictly ascending, all newer than those of the series' runs before
	V      []float64     // of the same length
}

// StreamStats say what a stream read and what of it was left out.
type StreamStats struct {
	Requests int   `json:"requests"` // answered, the refused ones among them
	Bytes    int64 `json:"bytes"`    // of the answers, as they came over the wire
	Series   int   `json:"series"`   // met
	Chunks   int64 `json:"chunks"`   // handed over, or decoded
	Samples  int64 `json:"samples"`  // handed over; of a stream of chunks, what these say to hold
	// Repeated counts float samples left out because the series had been handed over as far as their time, or further: in
	// answers that are out of order, as of servers that answer for several others.
	Repeated int64 `json:"repeated"`
	// Histograms counts native histogram samples left out of a stream of floats.
	Histograms int64 `json:"histograms"`
}

// Stream hands the float samples of a selection to each, run by run as they come: those of one series in ascending order of
// time; of different series, all of an earlier window (RemoteConfig.Window) before any of a later one. Overlapping chunks are
// merged, staleness markers stay. Replicas are not merged: a series that is another's replica comes under the same labels and a
// number of its own.
//
// The memory that it takes does not depend on the range: frames of up to Concurrency answers wait for each, 2 MiB of each
// answer, and then the server does, in the middle of its answer; beyond that it keeps the labels of the series met. A server
// that does not stream is read in windows of two hours. An error of each ends the stream and is returned. each must not read
// from the same source, whose every slot may be the stream's.
func (r *Remote) Stream(ctx context.Context, sel Selection, each func(Samples) error) (StreamStats, error) {
	s := newStream(r, sel)
	f := &floatStream{sel: sel, each: each, stats: &s.stats}
	s.chunk = f.chunk
	err := s.run(ctx)
	if err == nil {
		err = f.flush()
	}
	return s.stats, s.named(ctx, err)
}

// StreamChunks is Stream without decoding: it hands over the chunks as they came, those of histograms too. Chunks at the ends of
// the range may hold samples outside of it.
func (r *Remote) StreamChunks(ctx context.Context, sel Selection, each func(RawChunk) error) (StreamStats, error) {
	s := newStream(r, sel)
	s.chunk = func(n int, id *identity, c *chunk) error {
		out := RawChunk{Series: n, Labels: id.bare, MinTime: c.mint, MaxTime: c.maxt, Encoding: c.enc, T: c.ts, V: c.vs}
		if c.enc != chunkenc.EncNone {
			out.Data = c.padded[:c.size:c.size]
		}
		s.stats.Samples += int64(c.samples())
		return ofCaller(each(out))
	}
	err := s.run(ctx)
	return s.stats, s.named(ctx, err)
}
