package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/tidewatch/tidewatch"
)

// Protocol is how a server is read.
type Protocol string

// The protocols.
const (
	ProtocolAuto       Protocol = "auto"        // remote-read where the server has it, else query_range
	ProtocolRemoteRead Protocol = "remote_read" // see Remote
	ProtocolQueryRange Protocol = "query_range" // see QueryRange
)

// Protocols are all of them, the default first.
var Protocols = []Protocol{ProtocolAuto, ProtocolRemoteRead, ProtocolQueryRange}

// Open makes the source of a configuration; "" is ProtocolAuto.
func Open(cfg RemoteConfig, p Protocol) (Source, error) {
	switch p {
	case ProtocolRemoteRead:
		return NewRemote(cfg)
	case ProtocolQueryRange:
		return NewQueryRange(cfg)
	case ProtocolAuto, "":
	default:
		return nil, fmt.Errorf("source %q: protocol %q is none of %v", cfg.Name, p, Protocols)
	}
	remote, err := NewRemote(cfg)
	if err != nil {
		return nil, err
	}
	if _, ok := apiBase(cfg.URL); !ok {
		return remote, nil // there is no telling where its query_range would be
	}
	ranged, err := NewQueryRange(cfg)
	if err != nil {
		return nil, err
	}
	ranged.gate = remote.gate // it is one server
	return &auto{remote: remote, ranged: ranged}, nil
}

// auto is a Remote until the server says that it has no remote-read, and shows that it has a query_range; from then on it is
// a QueryRange. A server that has answered a remote-read stays with it.
type auto struct {
	remote *Remote
	ranged *QueryRange
	chosen atomic.Pointer[Protocol]
}

// Read implements Source.
func (a *auto) Read(ctx context.Context, q Query) (tidewatch.Block, error) {
	if p := a.chosen.Load(); p != nil && *p == ProtocolQueryRange {
		return a.ranged.Read(ctx, q)
	}
	b, err := a.remote.Read(ctx, q)
	switch {
	case err == nil:
		a.choose(ProtocolRemoteRead)
		return b, nil
	case a.chosen.Load() != nil || noRemoteRead(err) == nil || a.ranged.answersRange(ctx, q.To, q.Step) != nil:
		return b, err
	}
	if a.choose(ProtocolQueryRange) {
		a.remote.cfg.Logger.Warn("the server has no remote-read; its query_range is asked instead, which has the server evaluate every expression; "+
			"protocol: query_range of the source says so from the start", "source", a.remote.name, "url", a.remote.shown, "reason", noRemoteRead(err))
	}
	if *a.chosen.Load() == ProtocolQueryRange {
		return a.ranged.Read(ctx, q)
	}
	return a.remote.Read(ctx, q)
}

// choose settles the protocol and says whether it was this call that did.
func (a *auto) choose(p Protocol) bool { return a.chosen.CompareAndSwap(nil, &p) }

// SpokenBy is the protocol that a source of Open has turned out to use: ProtocolAuto while it has read nothing, and for others.
func SpokenBy(src Source) Protocol {
	if s, ok := StateOf(src); ok {
		return s.Protocol
	}
	return ProtocolAuto
}

// Close drops idle connections.
func (a *auto) Close() {
	a.remote.Close()
	a.ranged.Close()
}

// noRemoteRead is the answer of a server that has nothing at /api/v1/read: 404, 405 and 501, and VictoriaMetrics' 400; nil for
// other errors.
func noRemoteRead(err error) *statusError {
	var status *statusError
	if !errors.As(err, &status) {
		return nil
	}
	switch {
	case status.code == http.StatusNotFound, status.code == http.StatusMethodNotAllowed, status.code == http.StatusNotImplemented,
		status.code == http.StatusBadRequest && strings.Contains(status.body, "unsupported path"):
		return status
	default:
		return nil
	}
}
