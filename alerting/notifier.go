package alerting

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Delivery is what a notifier must remember about a message between attempts and versions. It is opaque to everyone else,
// kept in the store beside the outbox row, and empty before the first attempt.
type Delivery struct {
	// Sent is the highest Version that is known to have arrived.
	Sent int `json:"sent"`
	// Unknown is set when an attempt ended without an answer (time-out, 5xx, connection cut, crash between send and record):
	// the message may or may not be there. The next attempt must find out before it posts again. UnknownSince is when that
	// attempt began, in Unix milliseconds.
	Unknown      bool            `json:"unknown,omitempty"`
	UnknownSince int64           `json:"unknown_since,omitempty"`
	State        json.RawMessage `json:"state,omitempty"` // the notifier's own: channel, ts, file id, replies …
}

// Notifier brings one notice to one receiver: posts it when d is empty, edits it when it was sent before. It returns the
// Delivery to remember in every case, also beside an error. It does not retry, does not sleep, stops with its context and
// never puts a secret into an error. A Notifier is safe for concurrent use; the caller never has two calls under way for one
// key.
//
// Errors: Permanent(err) must not be retried (a 4xx, a bad channel, a bad token); *RetryAfterError says when the receiver
// wants to be asked again; ErrUnknown in the chain means that the outcome is not known, and the returned Delivery says so; any other error is
// temporary.
type Notifier interface {
	Notify(ctx context.Context, n *Notice, d Delivery) (Delivery, error)
}

// Renderer is implemented by notifiers that can say what they would send. Replay, check and the golden tests print it.
type Renderer interface {
	// Render returns the payload of the message as indented JSON or plain text, without secrets and without the chart's bytes.
	Render(n *Notice) ([]byte, error)
}

// ErrUnknown marks an attempt whose outcome is not known.
var ErrUnknown = errors.New("outcome unknown")

type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// Permanent marks err as one that a retry cannot mend.
func Permanent(err error) error { return permanentError{err} }

// IsPermanent reports whether err was marked by Permanent.
func IsPermanent(err error) bool {
	var p permanentError
	return errors.As(err, &p)
}

// RetryAfterError is a receiver's wish to be asked again later, for example Slack's 429.
type RetryAfterError struct {
	After time.Duration
	Err   error
}

// Error implements error.
func (e *RetryAfterError) Error() string { return e.Err.Error() + ", retry after " + e.After.String() }

// Unwrap returns the cause.
func (e *RetryAfterError) Unwrap() error { return e.Err }
