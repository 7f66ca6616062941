package slackfake

import (
	"net/http"
	"strconv"
	"time"
)

// Fault is a way for a request to fail; make one with the functions below.
type Fault struct {
	status     int           // answer this status instead
	retryAfter time.Duration // beside 429
	code       string        // answer {"ok": false, "error": code} instead
	handle     bool          // carry the request out before failing
	hang       bool          // never answer
	cut        bool          // close the connection without an answer
}

// RateLimited is a 429 with Retry-After in whole seconds.
func RateLimited(after time.Duration) Fault {
	return Fault{status: http.StatusTooManyRequests, retryAfter: after}
}

// Status is an answer with this HTTP status and nothing done.
func Status(code int) Fault { return Fault{status: code} }

// StatusAfter is an answer with this HTTP status although the request was carried out.
func StatusAfter(code int) Fault { return Fault{status: code, handle: true} }

// APIError is {"ok": false} with this code, for example "invalid_auth".
func APIError(code string) Fault { return Fault{code: code} }

// Timeout never answers and does nothing.
func Timeout() Fault { return Fault{hang: true} }

// TimeoutAfter carries the request out and never answers.
func TimeoutAfter() Fault { return Fault{hang: true, handle: true} }

// Cut closes the connection and does nothing.
func Cut() Fault { return Fault{cut: true} }

// AnswerLost carries the request out and closes the connection instead of answering.
func AnswerLost() Fault { return Fault{cut: true, handle: true} }

type injection struct {
	method string
	left   int
	fault  Fault
}

// Inject makes the next n requests of a method fail ("upload" and "webhook" are the requests that are no Web API method; ""
// is every method). Injections of one method apply in the order in which they were made.
func (s *Server) Inject(method string, n int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &injection{method, n, f})
}

// ClearFaults forgets all injections.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// begin counts a request and takes the fault that is due for it; nil is none.
func (s *Server) begin(method string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[method]++
	for _, i := range s.faults {
		if i.left > 0 && (i.method == "" || i.method == method) {
			i.left--
			return &i.fault
		}
	}
	return nil
}

// before fails a request that is not to be carried out; it reports whether the request is dealt with.
func (f *Fault) before(s *Server, w http.ResponseWriter, r *http.Request) bool {
	if f == nil || f.handle {
		return false
	}
	f.answer(s, w, r)
	return true
}

// after fails a request that was carried out; it reports whether the request is dealt with.
func (f *Fault) after(s *Server, w http.ResponseWriter, r *http.Request) bool {
	if f == nil {
		return false
	}
	f.answer(s, w, r)
	return true
}

func (f *Fault) answer(s *Server, w http.ResponseWriter, r *http.Request) {
	switch {
	case f.hang:
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
		panic(http.ErrAbortHandler) // the way net/http offers to cut a connection
	case f.cut:
		panic(http.ErrAbortHandler) // the way net/http offers to cut a connection
	case f.code != "":
		writeJSON(w, failure(s, fail(f.code)))
	case f.status == http.StatusTooManyRequests:
		tooMany(s, w, f.retryAfter)
	default:
		http.Error(w, "<html>injected "+strconv.Itoa(f.status)+"</html>", f.status)
	}
}

// tooMany is Slack's 429.
func tooMany(s *Server, w http.ResponseWriter, after time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusTooManyRequests)
	writeJSON(w, failure(s, fail("ratelimited")))
}
