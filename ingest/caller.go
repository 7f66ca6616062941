package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// caller sends a source's requests, whatever their protocol: it limits their rate and their time, keeps them from a server that
// fails, counts them and says what went wrong.
type caller struct {
	name    string // the source's
	shown   string // the URL for messages
	timeout time.Duration
	metrics *metrics
	gate    *gate
}

// gate is what all requests to one server pass.
type gate struct {
	clock    Clock
	breaker  *breaker
	throttle throttle
	newest   atomic.Int64 // time of the newest sample read, Unix milliseconds; 0 for none
}

// newCaller makes the caller of a complete configuration.
func newCaller(cfg *RemoteConfig, m *metrics) caller {
	return caller{name: cfg.Name, shown: RedactURL(cfg.URL), timeout: cfg.Timeout, metrics: m, gate: &gate{
		clock:    cfg.Clock,
		breaker:  newBreaker(cfg.Name, func(state Circuit) { m.circuitIs(cfg.Name, state) }),
		throttle: throttle{requests: cfg.RequestsPerSecond, samples: cfg.SamplesPerSecond},
	}}
}

// call does one exchange with the server; op says what it is for. The exchange gives the HTTP status, 0 when there was none.
// Every error but a *limitError, which is this source's own, becomes an *Error.
func (c *caller) call(ctx context.Context, op string, exchange func(context.Context) (code int, err error)) error {
	c.throttle(ctx)
	probe, err := c.gate.breaker.enter(c.gate.clock.Now())
	if err != nil {
		return &Error{Kind: KindCircuitOpen, Source: c.name, Op: op, URL: c.shown, Err: err}
	}
	err = c.send(ctx, op, exchange)
	c.gate.breaker.leave(c.gate.clock.Now(), probe, err)
	return err
}

// throttle waits for the source's rates; that time is not the server's.
func (c *caller) throttle(ctx context.Context) {
	p := paceOf(ctx)
	if p != nil {
		p.rest(0)
		defer p.wait()
	}
	if waited := c.gate.throttle.wait(ctx, c.gate.clock); waited > 0 {
		c.metrics.throttled.WithLabelValues(c.name).Add(waited.Seconds())
	}
}

// send does the exchange.
func (c *caller) send(ctx context.Context, op string, exchange func(context.Context) (code int, err error)) error {
	if paceOf(ctx) == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	start := time.Now()
	code, err := exchange(ctx)
	c.metrics.requests.WithLabelValues(c.name, codeLabel(code)).Inc()
	c.metrics.seconds.WithLabelValues(c.name).Observe(time.Since(start).Seconds())
	if err == nil {
		return nil
	}
	var own *limitError
	if errors.As(err, &own) {
		return err // not the server's fault: the window will be halved
	}
	return c.failure(ctx, op, code, err)
}

// failure gives an exchange's error its kind.
func (c *caller) failure(ctx context.Context, op string, code int, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return known // a recording says more than HTTP can
	}
	var status *statusError
	kind := transportKind(ctx, err)
	if errors.As(err, &status) {
		kind = status.kind()
	}
	err = redactURLError(err)
	if kind == KindTimeout {
		err = fmt.Errorf("no complete answer within %s: %w", c.timeout, err)
	}
	return &Error{Kind: kind, Source: c.name, Op: op, URL: c.shown, Code: code, Err: err}
}

// countSamples counts what was read, and charges it to the rate of samples.
func (c *caller) countSamples(n int64) {
	c.metrics.samples.WithLabelValues(c.name).Add(float64(n))
	c.gate.throttle.charge(c.gate.clock.Now(), n)
}

// noteNewest notes the time of a sample that was read, Unix milliseconds; the newest one counts.
func (c *caller) noteNewest(t int64) {
	for old := c.gate.newest.Load(); t > old; old = c.gate.newest.Load() {
		if c.gate.newest.CompareAndSwap(old, t) {
			c.metrics.newest.WithLabelValues(c.name).Set(float64(t) / 1000)
		}
	}
}

// countFailure counts a failed read by its kind.
func (c *caller) countFailure(err error) {
	kind := ErrorKind(err)
	if kind == KindNone {
		kind = "other"
	}
	c.metrics.errs.WithLabelValues(c.name, string(kind)).Inc()
}

// countSplit counts a read that is divided because of err: a limit of the server's, or of this source.
func (c *caller) countSplit(err error) {
	limit := "server"
	if isOwnLimit(err) {
		limit = "own"
	}
	c.metrics.splits.WithLabelValues(c.name, limit).Inc()
}
