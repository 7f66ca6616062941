package readserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

const streamType = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"

func (h *readHandler) serveStream(w http.ResponseWriter, r *http.Request, req *prompb.ReadRequest) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "internal http.ResponseWriter does not implement http.Flusher interface", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", streamType)
	fw := &frameWriter{w: w}
	for i, q := range req.Queries {
		err := h.streamQuery(r.Context(), fw, int64(i), q)
		if err == nil {
			continue
		}
		if fw.started {
			h.opts.Logger.Error("Remote-read stream cut", "query_index", i, "err", err)
			panic(http.ErrAbortHandler) // returning would make half a stream look whole
		}
		httpError(w, err)
		return
	}
	flusher.Flush()
}

func (h *readHandler) streamQuery(ctx context.Context, fw *frameWriter, index int64, q *prompb.Query) (err error) {
	ms, err := storeMatchers(q.Matchers, h.opts.ExternalLabels)
	if err != nil {
		return err
	}
	querier, err := h.store.ChunkQuerier(q.StartTimestampMs, q.EndTimestampMs)
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = errors.Join(err, querier.Close()) }()

	// The protocol wants the series sorted.
	set := querier.Select(ctx, true, selectHints(q.Hints), ms...)
	s := seriesStream{fw: fw, index: index, max: h.opts.MaxBytesInFrame}
	var it chunks.Iterator
	for set.Next() {
		cs := set.At()
		s.labels = appendLabels(s.labels[:0], cs.Labels(), h.external)
		it = cs.Iterator(it)
		if err := s.write(it); err != nil {
			return err
		}
	}
	h.warn(set)
	return set.Err()
}

func (h *readHandler) warn(set interface {
	Warnings() annotations.Annotations
},
) {
	for _, w := range set.Warnings() {
		h.opts.Logger.Warn("Remote-read query warning", "warning", w)
	}
}

// seriesStream cuts the chunks of one series after the other into frames. A frame holds chunks of one series only.
type seriesStream struct {
	fw     *frameWriter
	index  int64
	max    int
	labels []prompb.Label
	chunks []prompb.Chunk
}

func (s *seriesStream) write(it chunks.Iterator) error {
	empty := s.size(nil)
	size := empty
	for it.Next() {
		meta := it.At()
		if meta.Chunk == nil {
			return fmt.Errorf("the store returned chunk %d of a series without its data", meta.Ref)
		}
		c := prompb.Chunk{MinTimeMs: meta.MinTime, MaxTimeMs: meta.MaxTime, Type: prompb.Chunk_Encoding(meta.Chunk.Encoding()), Data: meta.Chunk.Bytes()}
		need := fieldSize(c.Size())
		if len(s.chunks) > 0 && size+need+lengthSlack > s.max {
			if err := s.flush(); err != nil {
				return err
			}
			size = empty
		}
		s.chunks = append(s.chunks, c)
		size += need
	}
	if err := it.Err(); err != nil {
		return fmt.Errorf("read chunks: %w", err)
	}
	if len(s.chunks) == 0 {
		return nil
	}
	return s.flush()
}

// lengthSlack is by how much the length prefix of the series in a message can outgrow that of an empty one.
const lengthSlack = 4

func (s *seriesStream) message(cs []prompb.Chunk) prompb.ChunkedReadResponse {
	return prompb.ChunkedReadResponse{QueryIndex: s.index, ChunkedSeries: []*prompb.ChunkedSeries{{Labels: s.labels, Chunks: cs}}}
}

func (s *seriesStream) size(cs []prompb.Chunk) int {
	m := s.message(cs)
	return m.Size()
}

func (s *seriesStream) flush() error {
	m := s.message(s.chunks)
	err := s.fw.write(&m)
	clear(s.chunks) // let go of the chunks' data
	s.chunks = s.chunks[:0]
	return err
}

// fieldSize is the size on the wire of a length-delimited field with a number below 16 and n bytes of content.
func fieldSize(n int) int {
	size := 2 + n
	for l := n; l >= 0x80; l >>= 7 {
		size++
	}
	return size
}
