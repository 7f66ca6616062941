package api

import (
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
)

// SlackPath is where Slack delivers what people do with buttons and commands.
const SlackPath = "/api/v1/slack/interactions"

// securityHeaders are set on every answer, unless the web configuration file has set its own before. The policy allows what
// the embedded page needs and nothing from elsewhere.
var securityHeaders = [...][2]string{
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"Cache-Control", "no-store"},
}

// guard is the outermost layer: headers, the limit of a request's body, and panics.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, h := range securityHeaders {
			if w.Header().Get(h[0]) == "" {
				w.Header().Set(h[0], h[1])
			}
		}
		if s.opts.Slack == nil || !strings.HasSuffix(r.URL.Path, SlackPath) { // that has a limit of its own
			r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
		}
		sw := &statusWriter{ResponseWriter: w}
		defer s.recovered(sw, r)
		next.ServeHTTP(sw, r)
	})
}

// recovered turns a panic of a handler into a logged, counted 500. What panicked is told to the log only: it may hold
// anything.
func (s *server) recovered(w *statusWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	s.meters.panics.Inc()
	s.log.Error("Handler panicked", "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
	if w.code != 0 {
		panic(http.ErrAbortHandler) // half an answer has gone out: cut the connection rather than let it look whole
	}
	s.writeError(w, &httpError{http.StatusInternalServerError, typeInternal, errors.New("internal error; the log says more")})
}

// measured observes the duration of h's answers under the given name.
func (s *server) measured(name string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.now()
		sw := &statusWriter{ResponseWriter: w}
		code := http.StatusInternalServerError // of a handler that panics
		defer func() {
			s.meters.duration.WithLabelValues(name, methodLabel(r.Method), strconv.Itoa(code)).Observe(max(s.now().Sub(start), 0).Seconds())
		}()
		h.ServeHTTP(sw, r)
		code = sw.status()
	})
}

// methodLabel keeps made-up methods out of the metrics.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// statusWriter remembers the status code.
type statusWriter struct {
	http.ResponseWriter
	code int // 0 before the header was written
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(code int) {
	if w.code == 0 && code >= http.StatusOK {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (w *statusWriter) Write(b []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}
