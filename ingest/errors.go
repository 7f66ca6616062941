package ingest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Kind says what went wrong with a source, in one word that is also the value of the label `kind` of
// tidewatch_source_errors_total.
type Kind string

// The kinds of errors.
const (
	KindNone         Kind = ""             // no error, or not one of this package
	KindUnreachable  Kind = "unreachable"  // no connection, or cut while it was used
	KindTimeout      Kind = "timeout"      // no complete answer in time
	KindUnauthorized Kind = "unauthorized" // 401 or 403
	KindLimit        Kind = "limit"        // a limit of the server, or of this source, was exceeded
	KindServer       Kind = "server"       // 5xx or 429
	KindProtocol     Kind = "protocol"     // an answer that is not remote-read, or a corrupt one
	KindTLS          Kind = "tls"          // certificate or handshake
	KindQuery        Kind = "query"        // the expression does not parse, has the wrong type or fails
	KindCanceled     Kind = "canceled"     // the caller stopped it
	KindCircuitOpen  Kind = "circuit_open" // not asked, as it has failed several times in a row
)

// Error is a failure of a source. Its text names the source, what was being done and the URL without credentials.
type Error struct {
	Kind   Kind
	Source string // the source's name
	Op     string // what was being done, for example "read http_requests_total"
	URL    string // without user, password and query
	Code   int    // the HTTP status, 0 without one
	Err    error
}

// Error renders the failure on one line.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Source != "" {
		fmt.Fprintf(&b, "source %q: ", e.Source)
	}
	b.WriteString(e.Op)
	if e.URL != "" {
		fmt.Fprintf(&b, " from %s", e.URL)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Recoverable says whether the same request may succeed later without anybody changing a configuration.
func (e *Error) Recoverable() bool {
	switch e.Kind {
	case KindUnreachable, KindTimeout, KindServer, KindProtocol, KindCircuitOpen:
		return true
	default:
		return false
	}
}

// ErrorKind is the kind of an error of this package; KindNone for nil and for errors of others.
func ErrorKind(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	var many *TooManySeriesError
	if errors.As(err, &many) {
		return KindLimit
	}
	return KindNone
}

// Recoverable says whether the same request may succeed later by itself.
func Recoverable(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Recoverable()
}

// corruptError is an answer that cannot be decoded: where says which layer it was.
type corruptError struct {
	where string
	err   error
}

func (e *corruptError) Error() string { return fmt.Sprintf("corrupt %s: %v", e.where, e.err) }
func (e *corruptError) Unwrap() error { return e.err }

func corrupt(where, format string, args ...any) error {
	return &corruptError{where: where, err: fmt.Errorf(format, args...)}
}

// transportKind classifies an error that came from below HTTP, or from decoding a body.
func transportKind(ctx context.Context, err error) Kind {
	var damaged *corruptError
	var netErr net.Error
	switch {
	case errors.As(err, &damaged):
		return KindProtocol
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return KindTimeout
	case errors.Is(ctx.Err(), context.Canceled):
		return KindCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return KindTimeout
	case isTLS(err):
		return KindTLS
	case errors.As(err, &netErr) && netErr.Timeout():
		return KindTimeout
	default:
		return KindUnreachable
	}
}

func isTLS(err error) bool {
	var (
		verify    *tls.CertificateVerificationError
		header    tls.RecordHeaderError
		alert     tls.AlertError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	if errors.As(err, &verify) || errors.As(err, &header) || errors.As(err, &alert) ||
		errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid) {
		return true
	}
	// Two errors of net/http and crypto/tls have no type.
	s := err.Error()
	return strings.Contains(s, "server gave HTTP response to HTTPS client") || strings.Contains(s, "tls: ")
}

// statusKind classifies an HTTP answer that is not 2xx, by its status and the beginning of its body.
func statusKind(code int, body string) Kind {
	switch {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return KindUnauthorized
	case code == http.StatusBadRequest && strings.Contains(body, "HTTP request to an HTTPS server"):
		return KindTLS
	case code == http.StatusBadRequest || code == http.StatusRequestEntityTooLarge || code == http.StatusUnprocessableEntity:
		return KindLimit
	case code == http.StatusTooManyRequests || code >= 500:
		return KindServer
	default:
		return KindProtocol
	}
}

// RedactURL is a URL without user, password, query and fragment, for messages and logs.
func RedactURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(a URL that does not parse)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
