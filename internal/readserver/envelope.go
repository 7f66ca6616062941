package readserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
)

type envelope struct {
	Status    string   `json:"status"`
	Data      any      `json:"data,omitempty"`
	ErrorType string   `json:"errorType,omitempty"`
	Error     string   `json:"error,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
}

// apiError carries the errorType of Prometheus's envelope.
type apiError struct {
	kind string // bad_data, execution, timeout, canceled, internal
	err  error
}

func (e *apiError) Error() string { return e.err.Error() }
func (e *apiError) Unwrap() error { return e.err }

func badParameter(name string, err error) error {
	return &apiError{"bad_data", fmt.Errorf("invalid parameter %q: %w", name, err)}
}

// queryError sorts an error of the engine into the envelope's kinds.
func queryError(err error) error {
	var (
		canceled promql.ErrQueryCanceled
		timeout  promql.ErrQueryTimeout
		storage  promql.ErrStorage
	)
	switch {
	case errors.As(err, &canceled):
		return &apiError{"canceled", err}
	case errors.As(err, &timeout):
		return &apiError{"timeout", err}
	case errors.As(err, &storage):
		return &apiError{"internal", err}
	}
	return &apiError{"execution", err}
}

// statuses are Prometheus's HTTP codes for its error kinds.
var statuses = map[string]int{
	"bad_data": http.StatusBadRequest, "execution": http.StatusUnprocessableEntity, "canceled": 499,
	"timeout": http.StatusServiceUnavailable, "internal": http.StatusInternalServerError,
}

// endpoint computes one answer's data; warnings go beside it.
type endpoint func(r *http.Request) (data any, warnings []string, err error)

func (a *api) serve(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, out := http.StatusOK, envelope{Status: "success"}
		if err := r.ParseForm(); err != nil {
			status, out = failure(&apiError{"bad_data", fmt.Errorf("parse the form: %w", err)})
		} else if data, warnings, err := e(r); err != nil {
			status, out = failure(err)
		} else {
			out.Data, out.Warnings = data, warnings
		}
		a.write(w, status, out)
	}
}

func failure(err error) (int, envelope) {
	var ae *apiError
	if !errors.As(err, &ae) {
		ae = &apiError{"internal", err}
	}
	return statuses[ae.kind], envelope{Status: "error", ErrorType: ae.kind, Error: ae.Error()}
}

func (a *api) write(w http.ResponseWriter, status int, out envelope) {
	raw, err := json.Marshal(out)
	if err != nil {
		http.Error(w, fmt.Sprintf("encode the answer: %v", err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(raw); err != nil {
		a.opts.Logger.Warn("API answer not delivered", "err", err)
	}
}

// parseTime reads Unix seconds with a fraction, or RFC 3339.
func parseTime(s string) (time.Time, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		if math.IsNaN(f) || math.Abs(f) > 1e13 {
			return time.Time{}, fmt.Errorf("%q is outside the range of times", s)
		}
		sec, frac := math.Modf(f)
		return time.Unix(int64(sec), int64(math.Round(frac*1e3))*int64(time.Millisecond)).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", s)
	}
	return t, nil
}

func timeParameter(r *http.Request, name string, def time.Time) (time.Time, error) {
	s := r.FormValue(name)
	if s == "" {
		return def, nil
	}
	t, err := parseTime(s)
	if err != nil {
		return time.Time{}, badParameter(name, err)
	}
	return t, nil
}

// parseDuration reads seconds with a fraction, or Prometheus's 1h30m.
func parseDuration(s string) (time.Duration, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		if math.IsNaN(f) || math.Abs(f) > 1e9 {
			return 0, fmt.Errorf("%q is outside the range of durations", s)
		}
		return time.Duration(f * float64(time.Second)), nil
	}
	d, err := model.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("cannot parse %q to a valid duration", s)
	}
	return time.Duration(d), nil
}
