package readserver

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
)

// maxRequestBytes bounds a read request, compressed and decompressed; Prometheus has the same limit.
const maxRequestBytes = 32 << 20

// ReadHandler serves the remote-read protocol alone, at whatever path it is mounted. A request that fails before its
// first frame gets an HTTP status with a text; one that fails later is cut off, so that it cannot pass for complete.
func ReadHandler(q storage.SampleAndChunkQueryable, opts Options) http.Handler {
	opts = opts.withDefaults()
	return &readHandler{store: q, opts: opts, external: externalLabels(opts.ExternalLabels), gate: make(chan struct{}, opts.Concurrency)}
}

type readHandler struct {
	store    storage.SampleAndChunkQueryable
	opts     Options
	external []prompb.Label // sorted by name
	gate     chan struct{}
}

func (h *readHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case h.gate <- struct{}{}:
		defer func() { <-h.gate }()
	case <-r.Context().Done():
		http.Error(w, r.Context().Err().Error(), http.StatusInternalServerError)
		return
	}
	req, err := decodeRequest(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	kind, err := negotiate(req.AcceptedResponseTypes)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if kind == prompb.ReadRequest_STREAMED_XOR_CHUNKS {
		h.serveStream(w, r, req)
		return
	}
	h.serveSamples(w, r, req)
}

func decodeRequest(body io.Reader) (*prompb.ReadRequest, error) {
	compressed, err := io.ReadAll(io.LimitReader(body, maxRequestBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	size, err := snappy.DecodedLen(compressed)
	if err != nil {
		return nil, fmt.Errorf("decompress the request: %w", err)
	}
	if size > maxRequestBytes || len(compressed) > maxRequestBytes {
		return nil, fmt.Errorf("the request is over the limit of %d bytes", maxRequestBytes)
	}
	raw, err := snappy.Decode(nil, compressed)
	if err != nil {
		return nil, fmt.Errorf("decompress the request: %w", err)
	}
	var req prompb.ReadRequest
	if err := req.Unmarshal(raw); err != nil {
		return nil, fmt.Errorf("decode the request: %w", err)
	}
	for i, q := range req.Queries {
		if q == nil {
			return nil, fmt.Errorf("decode the request: query %d is empty", i)
		}
	}
	return &req, nil
}

// negotiate takes the first accepted type that is served; an empty list means samples, as in Prometheus before 2.13.
func negotiate(accepted []prompb.ReadRequest_ResponseType) (prompb.ReadRequest_ResponseType, error) {
	if len(accepted) == 0 {
		return prompb.ReadRequest_SAMPLES, nil
	}
	for _, t := range accepted {
		if t == prompb.ReadRequest_SAMPLES || t == prompb.ReadRequest_STREAMED_XOR_CHUNKS {
			return t, nil
		}
	}
	return 0, fmt.Errorf("server does not support any of the requested response types: %v; supported: [SAMPLES STREAMED_XOR_CHUNKS]", accepted)
}

// requestError is a failure that is the request's fault and so a 400.
type requestError struct{ err error }

func (e *requestError) Error() string { return e.err.Error() }
func (e *requestError) Unwrap() error { return e.err }

func httpError(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	var bad *requestError
	if errors.As(err, &bad) {
		status = http.StatusBadRequest
	}
	http.Error(w, err.Error(), status)
}

func selectHints(h *prompb.ReadHints) *storage.SelectHints {
	if h == nil {
		return nil
	}
	return &storage.SelectHints{
		Start: h.StartMs, End: h.EndMs, Step: h.StepMs, Func: h.Func, Grouping: h.Grouping, Range: h.RangeMs, By: h.By,
	}
}
