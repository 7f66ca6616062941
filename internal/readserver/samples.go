package readserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

func (h *readHandler) serveSamples(w http.ResponseWriter, r *http.Request, req *prompb.ReadRequest) {
	resp := prompb.ReadResponse{Results: make([]*prompb.QueryResult, len(req.Queries))}
	for i, q := range req.Queries {
		res, err := h.sampleQuery(r.Context(), q)
		if err != nil {
			httpError(w, err)
			return
		}
		resp.Results[i] = res
	}
	raw, err := resp.Marshal()
	if err != nil {
		httpError(w, fmt.Errorf("encode the response: %w", err))
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.Header().Set("Content-Encoding", "snappy")
	if _, err := w.Write(snappy.Encode(nil, raw)); err != nil {
		h.opts.Logger.Warn("Remote-read response not delivered", "err", err)
	}
}

func (h *readHandler) sampleQuery(ctx context.Context, q *prompb.Query) (res *prompb.QueryResult, err error) {
	ms, err := storeMatchers(q.Matchers, h.opts.ExternalLabels)
	if err != nil {
		return nil, err
	}
	querier, err := h.store.Querier(q.StartTimestampMs, q.EndTimestampMs)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = errors.Join(err, querier.Close()) }()

	set := querier.Select(ctx, true, selectHints(q.Hints), ms...)
	res = &prompb.QueryResult{}
	left := h.opts.SampleLimit
	var it chunkenc.Iterator
	for set.Next() {
		s := set.At()
		it = s.Iterator(it)
		samples, err := h.readSamples(it, left)
		if err != nil {
			return nil, err
		}
		left -= len(samples)
		res.Timeseries = append(res.Timeseries, &prompb.TimeSeries{Labels: appendLabels(nil, s.Labels(), h.external), Samples: samples})
	}
	h.warn(set)
	return res, set.Err()
}

func (h *readHandler) readSamples(it chunkenc.Iterator, left int) ([]prompb.Sample, error) {
	var out []prompb.Sample
	for typ := it.Next(); typ != chunkenc.ValNone; typ = it.Next() {
		if typ != chunkenc.ValFloat {
			return nil, &requestError{errors.New("a series holds native histograms, which only the streamed response carries here; accept STREAMED_XOR_CHUNKS")}
		}
		if h.opts.SampleLimit > 0 && len(out) >= left {
			return nil, &requestError{fmt.Errorf("exceeded sample limit (%d)", h.opts.SampleLimit)} // Prometheus's words
		}
		t, v := it.At()
		out = append(out, prompb.Sample{Timestamp: t, Value: v})
	}
	if err := it.Err(); err != nil {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	return out, nil
}
