package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// caller sends a source's requests, whatever their protocol: it limits their time, counts them and says what went wrong.
type caller struct {
	name    string // the source's
	shown   string // the URL for messages
	timeout time.Duration
	metrics *metrics
}

// call does one exchange with the server; op says what it is for. The exchange gives the HTTP status, 0 when there was none.
// Every error but a *limitError, which is this source's own, becomes an *Error.
func (c *caller) call(ctx context.Context, op string, exchange func(context.Context) (code int, err error)) error {
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
