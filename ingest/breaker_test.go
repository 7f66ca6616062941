package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/prometheus/model/labels"
)

// handClock stands still but for sleeps.
type handClock struct {
	mu    sync.Mutex
	now   time.Time
	slept time.Duration
}

func newHandClock() *handClock { return &handClock{now: time.UnixMilli(t0)} }

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) Sleep(_ context.Context, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.slept = c.now.Add(d), c.slept+d
}

func failure(kind Kind) error { return &Error{Kind: kind, Err: errors.New("boom")} }

// A circuit opens after five failures in a row, lets one request try after each pause, and pauses for longer each time.
func TestBreaker(t *testing.T) {
	var states []Circuit
	clock := newHandClock()
	b := newBreaker("eu1", func(c Circuit) { states = append(states, c) })
	ask := func(err error) bool {
		probe, refused := b.enter(clock.Now())
		if refused == nil {
			b.leave(clock.Now(), probe, err)
		}
		return refused == nil
	}
	for _, err := range []error{
		failure(KindTimeout), failure(KindServer), failure(KindUnreachable), failure(KindProtocol), nil, // a success forgives
		failure(KindTLS), failure(KindUnauthorized), failure(KindServer), failure(KindServer), failure(KindLimit), // as does a refusal of the request
		failure(KindServer), failure(KindServer), failure(KindCanceled), failure(KindServer), failure(KindServer), // who goes away says nothing
	} {
		if !ask(err) {
			t.Fatalf("refused before five failures in a row, last %v", err)
		}
	}
	ask(failure(KindServer))
	var pauses []string
	for range 6 {
		if ask(nil) {
			t.Fatal("asked while the circuit is open")
		}
		_, until, _ := b.look()
		pause := until.Sub(clock.Now())
		pauses = append(pauses, pause.Round(time.Millisecond).String())
		clock.Sleep(t.Context(), pause)
		ask(failure(KindUnreachable))
	}
	want := "5.297s 10.863s 21.532s 29.229s 33.719s 31.797s"
	if got := strings.Join(pauses, " "); got != want {
		t.Errorf("pauses %s, want %s: the same in every run", got, want)
	}
	_, until, _ := b.look()
	clock.Sleep(t.Context(), until.Sub(clock.Now()))
	probe, err := b.enter(clock.Now())
	if _, second := b.enter(clock.Now()); err != nil || !probe || second == nil || !strings.Contains(second.Error(), "one request is trying") {
		t.Errorf("half open: probe %t, %v; another request: %v", probe, err, second)
	}
	b.leave(clock.Now(), probe, failure(KindCanceled))
	for range 2 {
		if !ask(nil) {
			t.Error("not asked after a probe that was cancelled, or after one that went well")
		}
	}
	if got := fmt.Sprint(states[len(states)-5:]); got != "[open half_open open half_open closed]" {
		t.Errorf("states %s", got)
	}
	clock.now = clock.now.Add(-24 * time.Hour)
	for range breakAfter {
		ask(failure(KindServer))
	}
	clock.now = clock.now.Add(-time.Hour)
	if !ask(nil) {
		t.Error("shut out by a clock that was moved back")
	}
}

// The whole of it through a Remote: what a refused read says, what is counted, and what Retry-After does.
func TestCircuitOfRemote(t *testing.T) {
	f := newFakeServer(t, memSeries{labels.FromStrings("__name__", "up"), every(60, 1, 2, 3)})
	retryAfter := ""
	code := http.StatusBadGateway
	f.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
		if code == 0 {
			return false
		}
		w.Header().Set("Retry-After", retryAfter)
		http.Error(w, "overloaded", code)
		return true
	}
	clock, reg := newHandClock(), prometheus.NewRegistry()
	r := newTestRemote(t, RemoteConfig{Name: "eu1", URL: f.URL, Clock: clock, Registerer: reg})
	q := Query{Detector: "d", Expr: "up", From: t0 + 120000, To: t0 + 120000, Step: 60000}
	for range breakAfter {
		_, err := r.Read(t.Context(), q)
		checkError(t, err, KindServer, "HTTP status 502 Bad Gateway: overloaded")
	}
	_, err := r.Read(t.Context(), q)
	checkError(t, err, KindCircuitOpen, `source "eu1": read {__name__="up"} from `+f.URL+`: not asked, it is tried again in 5s; the last answer: HTTP status 502 Bad Gateway: overloaded`)
	if !Recoverable(err) || f.requests != 0 {
		t.Errorf("recoverable %t", Recoverable(err))
	}
	circuit := func(want Circuit) {
		t.Helper()
		for _, c := range circuits {
			if on := testutil.ToFloat64(r.metrics.circuit.WithLabelValues("eu1", string(c))) == 1; on != (c == want) {
				t.Errorf("metric: %s is %t", c, on)
			}
		}
		if s, _ := StateOf(r); s.Circuit != want || (s.Circuit == CircuitOpen) == s.RetryAt.IsZero() || (want == CircuitClosed) != (s.Last == nil) {
			t.Errorf("state %+v, want %s", s, want)
		}
	}
	circuit(CircuitOpen)
	code = 0
	clock.Sleep(t.Context(), 6*time.Second)
	read(t, r, q)
	circuit(CircuitClosed)
	if s, _ := StateOf(r); s.Newest.UnixMilli() != t0+120000 || s.Protocol != ProtocolRemoteRead || testutil.ToFloat64(r.metrics.newest) != float64(t0+120000)/1000 {
		t.Errorf("state %+v", s)
	}
	for _, tc := range []struct {
		code   int
		header string
		pause  time.Duration
	}{
		{503, "120", 2 * time.Minute},
		{429, "86400", longestAsked},
		{503, "Wed, 14 Feb 2024 00:00:00 GMT", 0}, // the past
		{503, "soon", 0},
		{429, "-3", 0},
		{502, "120", 0}, // says nothing there
	} {
		code, retryAfter = tc.code, tc.header
		_, err := r.Read(t.Context(), q)
		checkError(t, err, KindServer, fmt.Sprintf("HTTP status %d", tc.code))
		s, _ := StateOf(r)
		pause := time.Duration(0)
		if s.Circuit == CircuitOpen {
			pause = s.RetryAt.Sub(clock.Now())
		}
		if pause != tc.pause {
			t.Errorf("%d with Retry-After %q: pause of %s, want %s", tc.code, tc.header, pause, tc.pause)
		}
		clock.Sleep(t.Context(), pause)
		code = 0
		read(t, r, q)
	}
}

// Requests and samples keep to their rates on average; what was read at once is waited for afterwards.
func TestThrottle(t *testing.T) {
	f := newFakeServer(t, memSeries{labels.FromStrings("__name__", "up"), every(1, make([]float64, 1000)...)})
	q := Query{Detector: "d", Expr: "max_over_time(up[1000s])", From: t0 + 999_000, To: t0 + 999_000, Step: 1000}
	for _, tc := range []struct {
		requests, samples float64
		want              time.Duration
	}{
		{0, 0, 0},
		{2, 0, 4 * time.Second},    // ten requests, of which two may be owed
		{0.5, 0, 18 * time.Second}, // one may be owed
		{0, 250, 35 * time.Second}, // 1,000 samples each; nothing waits for the tenth's, and 250 may be owed
		{100, 500, 17 * time.Second},
	} {
		clock := newHandClock()
		r := newTestRemote(t, RemoteConfig{URL: f.URL, Clock: clock, RequestsPerSecond: tc.requests, SamplesPerSecond: tc.samples})
		for range 10 {
			read(t, r, q)
		}
		if clock.slept.Round(time.Second) != tc.want {
			t.Errorf("%v requests and %v samples a second: waited %s, want %s", tc.requests, tc.samples, clock.slept, tc.want)
		}
		if got := testutil.ToFloat64(r.metrics.throttled.WithLabelValues("test")); math.Abs(got-clock.slept.Seconds()) > 1e-6 {
			t.Errorf("%v s counted, waited %s", got, clock.slept)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	clock := newHandClock()
	r := newTestRemote(t, RemoteConfig{URL: f.URL, Clock: clock, RequestsPerSecond: 1})
	for range 3 {
		if _, err := r.Read(ctx, q); ErrorKind(err) != KindCanceled || clock.slept != 0 {
			t.Errorf("a caller that is gone waits %s: %v", clock.slept, err)
		}
	}
}
