package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// Prometheus's error types, as the field errorType holds them.
const (
	typeBadData     = "bad_data"
	typeNotFound    = "not_found"
	typeUnavailable = "unavailable"
	typeTimeout     = "timeout"
	typeCanceled    = "canceled"
	typeInternal    = "internal"
)

// statusClientClosedRequest is nginx's code for a client that went away; Prometheus uses it too.
const statusClientClosedRequest = 499

// answer is what a JSON handler gives: the data and what the caller should know beside it.
type answer struct {
	data  any
	infos []string
}

// success is the envelope of an answer.
type success struct {
	Status string   `json:"status"`
	Data   any      `json:"data"`
	Infos  []string `json:"infos,omitempty"`
}

// failure is the envelope of an error.
type failure struct {
	Status    string `json:"status"`
	ErrorType string `json:"errorType"`
	Error     string `json:"error"`
}

// httpError is an error that knows its status code and type.
type httpError struct {
	code int
	typ  string
	err  error
}

// Error implements error.
func (e *httpError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *httpError) Unwrap() error { return e.err }

func badData(err error) error { return &httpError{http.StatusBadRequest, typeBadData, err} }

// classify finds an error's status code and type.
func classify(err error) *httpError {
	var h *httpError
	switch {
	case errors.As(err, &h):
		return h
	case errors.Is(err, ErrNotFound):
		return &httpError{http.StatusNotFound, typeNotFound, err}
	case errors.Is(err, ErrUnavailable):
		return &httpError{http.StatusServiceUnavailable, typeUnavailable, err}
	case errors.Is(err, context.DeadlineExceeded):
		return &httpError{http.StatusServiceUnavailable, typeTimeout, err}
	case errors.Is(err, context.Canceled):
		return &httpError{statusClientClosedRequest, typeCanceled, err}
	}
	return &httpError{http.StatusInternalServerError, typeInternal, err}
}

func (s *server) writeError(w http.ResponseWriter, err error) {
	h := classify(err)
	if h.code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	s.writeJSON(w, h.code, failure{Status: "error", ErrorType: h.typ, Error: h.Error()})
}

func (s *server) writeJSON(w http.ResponseWriter, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		s.log.Error("Encoding an answer failed", "err", err)
		code = http.StatusInternalServerError
		b = []byte(`{"status":"error","errorType":"internal","error":"the answer could not be encoded"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	s.write(w, b)
}

func (s *server) writeText(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	s.write(w, []byte(text+"\n"))
}

// write sends b; a client that has gone is not worth more than a line at debug level.
func (s *server) write(w http.ResponseWriter, b []byte) {
	if _, err := w.Write(b); err != nil {
		s.log.Debug("Sending an answer failed", "err", err)
	}
}
