package ingest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Circuit is whether a source's server is asked.
type Circuit string

// The states of a circuit.
const (
	CircuitClosed   Circuit = "closed"    // it is
	CircuitOpen     Circuit = "open"      // it is not, after failures in a row
	CircuitHalfOpen Circuit = "half_open" // one request finds out whether it answers again
)

// circuits are all states, for the metric.
var circuits = []Circuit{CircuitClosed, CircuitOpen, CircuitHalfOpen}

const (
	breakAfter    = 5                // failures in a row that open a circuit
	firstPause    = 5 * time.Second  // how long it is open at first; doubled with each probe that fails
	longestPause  = 30 * time.Second // and at most, give or take a fifth
	longestAsked  = 5 * time.Minute  // how long a server's Retry-After is heeded
	pauseJitter   = 0.2              // share of a pause by which it is longer or shorter
	pauseDoubling = 10               // more doublings than the longest pause needs
)

// breaker keeps a source from asking a server that fails: after breakAfter failures in a row, or when the server asks for a
// pause, requests fail at once until the pause is over. Then one of them is let through; its success ends the matter, its
// failure begins a longer pause. Pauses are the same in every run: their jitter comes from the source's name and their number,
// which keeps several sources behind one proxy from coming back in step.
type breaker struct {
	seed uint64
	note func(Circuit) // told every change of state; it may not call back

	mu       sync.Mutex
	state    Circuit
	failures int // in a row
	openings int // in a row
	until    time.Time
	last     error // of the newest failure
}

func newBreaker(name string, note func(Circuit)) *breaker {
	b := &breaker{seed: xxhash.Sum64String(name), note: note, state: CircuitClosed}
	note(b.state)
	return b
}

// enter lets a request through or says why not. probe marks the one request of a half-open circuit.
func (b *breaker) enter(now time.Time) (probe bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.state == CircuitClosed:
		return false, nil
	case b.state == CircuitOpen && (!now.Before(b.until) || b.until.Sub(now) > longestAsked): // or the clock was moved back
		b.set(CircuitHalfOpen)
		return true, nil
	case b.state == CircuitHalfOpen:
		return false, &openError{why: "one request is trying whether it answers again", last: b.last}
	default:
		return false, &openError{why: "it is tried again in " + b.until.Sub(now).Round(time.Second).String(), last: b.last}
	}
}

// leave takes the outcome of a request that was let through.
func (b *breaker) leave(now time.Time, probe bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch verdict(err) {
	case worked:
		b.failures, b.openings, b.last = 0, 0, nil
		b.set(CircuitClosed)
	case failed:
		b.failures++
		b.last = err
		asked := retryAfter(err)
		if probe || asked > 0 || (b.state == CircuitClosed && b.failures >= breakAfter) {
			b.open(now, asked)
		}
	case unknown: // the next request tries
		if probe {
			b.set(CircuitOpen)
		}
	}
}

// open begins a pause, at least as long as the server asks for.
func (b *breaker) open(now time.Time, asked time.Duration) {
	pause := min(firstPause<<min(b.openings, pauseDoubling), longestPause)
	r := rand.New(rand.NewPCG(b.seed, uint64(b.openings)))
	pause += time.Duration(pauseJitter * (2*r.Float64() - 1) * float64(pause))
	b.openings++
	if until := now.Add(max(pause, min(asked, longestAsked))); until.After(b.until) || b.state != CircuitOpen {
		b.until = until
	}
	b.set(CircuitOpen)
}

func (b *breaker) set(s Circuit) {
	if b.state != s {
		b.state = s
		b.note(s)
	}
}

// look gives the state, when an open circuit is tried again, and the failure that opened it.
func (b *breaker) look() (state Circuit, until time.Time, last error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == CircuitOpen {
		until = b.until
	}
	return b.state, until, b.last
}

// openError is a request that was not sent.
type openError struct {
	why  string
	last error
}

// Error says when the server is asked again, and why not now.
func (e *openError) Error() string {
	var last *Error
	if errors.As(e.last, &last) {
		return fmt.Sprintf("not asked, %s; the last answer: %v", e.why, last.Err)
	}
	return "not asked, " + e.why
}

// outcome is what a request's end says of its server.
type outcome int

const (
	worked  outcome = iota // it answers, be it with a refusal
	failed                 // it does not, or not so that anything can be read
	unknown                // the caller went away
)

func verdict(err error) outcome {
	switch ErrorKind(err) {
	case KindNone, KindLimit, KindQuery:
		return worked // an error without a kind is this source's own limit
	case KindCanceled:
		return unknown
	default:
		return failed
	}
}

// retryAfter is how long the server asks to wait, 0 if it does not.
func retryAfter(err error) time.Duration {
	var status *statusError
	if errors.As(err, &status) {
		return status.wait
	}
	return 0
}
