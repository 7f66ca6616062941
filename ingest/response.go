package ingest

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/internal/retryafter"
)

// statusError is an answer that is not 2xx.
type statusError struct {
	code int
	body string // the beginning of it, one line
	// missing says what a 404 or 405 means here, "" for nothing in particular.
	missing string
	is      Kind          // where the body tells more than the status; KindNone else
	wait    time.Duration // Retry-After of a 429 or 503, 0 without one
}

// kind is what the status and the beginning of the body mean.
func (e *statusError) kind() Kind {
	if e.is != KindNone {
		return e.is
	}
	return statusKind(e.code, e.body)
}

func (e *statusError) Error() string {
	s := fmt.Sprintf("HTTP status %d %s", e.code, http.StatusText(e.code))
	if e.body != "" {
		s += ": " + e.body
	}
	switch e.code {
	case http.StatusUnauthorized, http.StatusForbidden:
		s += " (look at basic_auth, authorization, oauth2 or http_headers of the source)"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		if e.missing != "" {
			s += " (" + e.missing + ")"
		}
	}
	return s
}

// maxSaid is how many bytes of what a server says about its failure are kept.
const maxSaid = 512

func readStatus(resp *http.Response, missing string) *statusError {
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 8*maxSaid)) // the status says enough if the body does not come
	said := withoutEcho(string(b), resp.Request)
	line, _, _ := strings.Cut(strings.TrimSpace(strings.ToValidUTF8(said[:min(len(said), maxSaid)], "?")), "\n")
	return &statusError{code: resp.StatusCode, body: line, missing: missing, wait: retryHeader(resp)}
}

// retryHeader is how long a server that is busy asks to wait.
func retryHeader(resp *http.Response) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	wait, _ := retryafter.Wait(resp, time.Now())
	return wait
}

// collect reads the body of a good answer in the form that its Content-Type names.
func (r *Remote) collect(resp *http.Response, parts []part) error {
	streamed, err := isStreamed(resp)
	switch {
	case err != nil:
		return err
	case streamed:
		r.sampled.Store(false)
		return r.collectStreamed(resp.Body, parts)
	default:
		r.sampled.Store(true)
		return r.collectSampled(resp.Body, parts)
	}
}

// isStreamed says which of its two forms an answer has.
func isStreamed(resp *http.Response) (bool, error) {
	name := resp.Header.Get("Content-Type")
	media, params, err := mime.ParseMediaType(name)
	switch {
	case err == nil && media == streamedType && params["proto"] == streamedBody:
		return true, nil
	case err == nil && media == sampledType:
		return false, nil
	default:
		return false, corrupt("answer", "Content-Type is %q; remote-read answers with %q or %q (is this the URL of /api/v1/read?)",
			name, streamedType+"; proto="+streamedBody, sampledType)
	}
}

func (r *Remote) collectStreamed(body io.Reader, parts []part) error {
	frames := newFrameReader(body, r.share())
	defer func() {
		r.metrics.bytes.WithLabelValues(r.cfg.Name).Add(float64(frames.bytes))
		frames.release()
	}()
	var w wireSeries
	for {
		payload, err := frames.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = walkFrame(payload, &w, func(query int, s *wireSeries) error {
			if query < 0 || query >= len(parts) {
				return corrupt("frame", "query_index is %d, the request had %d queries", query, len(parts))
			}
			return parts[query].into.addWire(s)
		})
		if err != nil {
			return err
		}
	}
}

func (r *Remote) collectSampled(body io.Reader, parts []part) error {
	plain, _, err := r.readSampled(body, parts[0].into.budget.maxBytes)
	if err != nil {
		return err
	}
	into := make([]*collector, len(parts))
	for i := range parts {
		into[i] = parts[i].into
	}
	return walkSampled(plain, into)
}

// readSampled reads the body of a sampled answer and unpacks it; limit bounds its packed size, 0 does not.
func (r *Remote) readSampled(body io.Reader, limit int64) (plain []byte, packed int64, err error) {
	if limit <= 0 {
		limit = 1 << 40
	}
	b, err := io.ReadAll(io.LimitReader(body, limit+1))
	packed = int64(len(b))
	r.metrics.bytes.WithLabelValues(r.cfg.Name).Add(float64(packed))
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, packed, corrupt("answer", "the body is cut: %w", err)
		}
		return nil, packed, err
	}
	if packed > limit {
		return nil, packed, &limitError{fmt.Sprintf("a sampled answer of more than %d bytes in one window (raise max_bytes_in_flight, lower concurrency, or select less)", limit)}
	}
	plain, err = unsnappy(b, limit)
	return plain, packed, err
}
