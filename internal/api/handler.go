package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"
)

// maxBodyBytes is how much of a request's body is read.
const maxBodyBytes = 64 << 10

type server struct {
	opts        Options
	backend     Backend
	log         *slog.Logger
	now         func() time.Time
	timeout     time.Duration
	slots       chan struct{} // one token per limited request under way
	openapi     func() []byte
	meters      *meters
	exposition  http.Handler
	crossOrigin *http.CrossOriginProtection
	reloading   sync.Mutex
}

// New returns the handler for all of Tidewatch's HTTP: the routes of the OpenAPI document, and Options.UI for the rest. It
// panics if o has no Backend.
func New(o Options) http.Handler {
	if o.Backend == nil {
		panic("api: Options.Backend is nil")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = randomID
	}
	s := &server{
		opts: o, backend: o.Backend, log: o.Logger, now: o.Now,
		timeout:     cmp.Or(o.Timeout, DefaultTimeout),
		slots:       make(chan struct{}, cmp.Or(o.MaxConcurrent, DefaultMaxConcurrent)),
		openapi:     sync.OnceValue(func() []byte { return Document(prefix(o)) }),
		meters:      newMeters(o.Registry),
		crossOrigin: http.NewCrossOriginProtection(),
	}
	s.exposition = s.newExposition()
	return s.guard(underPrefix(prefix(o), s.mux()))
}

// prefix is the path of the external URL without a slash at its end.
func prefix(o Options) string {
	if o.ExternalURL == nil {
		return ""
	}
	return strings.TrimRight(o.ExternalURL.Path, "/")
}

// underPrefix serves h below prefix and sends visitors of the root there.
func underPrefix(prefix string, h http.Handler) http.Handler {
	if prefix == "" {
		return h
	}
	mux := http.NewServeMux()
	mux.Handle(prefix+"/", http.StripPrefix(prefix, h))
	mux.Handle("/{$}", http.RedirectHandler(prefix+"/", http.StatusFound))
	return mux
}

func (s *server) mux() http.Handler {
	mux := http.NewServeMux()
	zip := wrapGzip()
	byPath := map[string][]*route{}
	for _, rt := range routes() {
		byPath[rt.path] = append(byPath[rt.path], rt)
	}
	for path, rts := range byPath {
		mux.Handle(path, zip(s.pathHandler(rts)))
	}
	if s.opts.Slack != nil {
		mux.Handle("POST "+SlackPath, s.measured("slackInteractions", s.opts.Slack))
	}
	mux.Handle("/api/", s.measured("unknown", http.HandlerFunc(s.noSuchRoute)))
	ui := s.opts.UI
	if ui == nil {
		ui = http.NotFoundHandler()
	}
	mux.Handle("/", zip(s.measured("ui", s.limited(ui))))
	return mux
}

// wrapGzip compresses answers that are worth it for clients that accept it.
func wrapGzip() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1 << 10))
	if err != nil {
		panic(err) // the options are constants
	}
	return wrap
}

// pathHandler chooses between the routes of one path by the method.
func (s *server) pathHandler(rts []*route) http.Handler {
	handlers := make([]http.Handler, len(rts))
	for i, rt := range rts {
		handlers[i] = s.measured(rt.id, s.routeHandler(rt))
	}
	refused := s.measured(rts[0].id, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.methodNotAllowed(w, r, rts) }))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := slices.IndexFunc(rts, func(rt *route) bool {
			return r.Method == rt.method || r.Method == http.MethodHead && rt.method == http.MethodGet
		})
		if i < 0 {
			refused.ServeHTTP(w, r)
			return
		}
		handlers[i].ServeHTTP(w, r)
	})
}

// routeHandler checks the limits, and writes the error that the route returns.
func (s *server) routeHandler(rt *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rt.limited {
			release, err := s.acquire()
			if err != nil {
				s.writeError(w, err)
				return
			}
			defer release()
			ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
			defer cancel()
			r = r.WithContext(ctx)
		}
		if err := rt.serve(s, w, r, newArgs(rt, r)); err != nil {
			if h := classify(err); h.code == http.StatusInternalServerError {
				s.log.Error("Request failed", "route", rt.id, "err", err)
			}
			s.writeError(w, err)
		}
	})
}

// acquire takes a slot, or says that all are taken.
func (s *server) acquire() (release func(), err error) {
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	default:
		s.meters.rejected.Inc()
		return nil, Unavailablef("as many requests as allowed (%d) are being answered; try again", cap(s.slots))
	}
}

// limited lets h, which is not one of the routes, count against the same limit.
func (s *server) limited(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		release, err := s.acquire()
		if err != nil {
			w.Header().Set("Retry-After", "5")
			s.writeText(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		defer release()
		h.ServeHTTP(w, r)
	})
}

func (s *server) methodNotAllowed(w http.ResponseWriter, r *http.Request, rts []*route) {
	var methods []string
	for _, rt := range rts {
		methods = append(methods, rt.method)
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	text := fmt.Sprintf("method %s is not allowed here; use %s", r.Method, strings.Join(methods, " or "))
	if rts[0].media == mediaText {
		s.writeText(w, http.StatusMethodNotAllowed, text)
		return
	}
	s.writeError(w, &httpError{http.StatusMethodNotAllowed, typeBadData, errors.New(text)})
}

func (s *server) noSuchRoute(w http.ResponseWriter, r *http.Request) {
	s.writeError(w, NotFoundf("no such endpoint: %s; /api/v1/openapi.json lists them", shown(r.URL.Path)))
}
