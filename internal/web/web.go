package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/internal/api"
)

//go:embed assets
var assets embed.FS

// Options is what New needs. Backend is required; the zero value of every other field works.
type Options struct {
	Backend     api.Backend
	Logger      *slog.Logger     // nil: nothing is logged
	ExternalURL *url.URL         // its path is put before every link; nil: none
	Now         func() time.Time // nil: time.Now
	Location    *time.Location   // in which times are written; nil: UTC
	Version     string           // shown at the foot
	Ready       func() error     // its error is shown as a banner; nil: always ready
	DryRun      bool             // says that nothing is sent
	Chart       bool             // whether /api/v1/series/{id}/chart.png is served
}

// pageTimeout is how long a page may wait for the backend.
const pageTimeout = 10 * time.Second

type site struct {
	Options
	prefix string
	pages  map[string]*template.Template
}

// New returns the handler of the pages. It panics if o has no Backend.
func New(o Options) http.Handler {
	if o.Backend == nil {
		panic("web: Options.Backend is nil")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	s := &site{Options: o, pages: map[string]*template.Template{}}
	if o.ExternalURL != nil {
		s.prefix = strings.TrimRight(o.ExternalURL.Path, "/")
	}
	for _, name := range []string{"status", "alarm", "error"} {
		s.pages[name] = template.Must(template.New("layout.html").Funcs(s.funcs()).ParseFS(assets, "assets/layout.html", "assets/"+name+".html"))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page("status", s.status))
	mux.HandleFunc("GET /alarms/{id}", s.page("alarm", s.alarm))
	mux.HandleFunc("GET /static/style.css", s.style)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, api.NotFoundf("there is no page %q", r.URL.Path))
	})
	return mux
}

// page gathers the data of a page and renders it whole before anything is sent.
func (s *site) page(name string, gather func(ctx context.Context, r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pageTimeout)
		defer cancel()
		data, err := gather(ctx, r)
		if err != nil {
			s.fail(w, err)
			return
		}
		s.render(w, http.StatusOK, name, data)
	}
}

// frame is what the layout shows around a page.
type frame struct {
	Prefix, Version string
	Now             api.Time
	DryRun          bool
	NotReady        string
	Page            any
}

func (s *site) render(w http.ResponseWriter, code int, name string, data any) {
	f := frame{Prefix: s.prefix, Version: s.Version, Now: api.Time(s.Now().UnixMilli()), DryRun: s.DryRun, Page: data}
	if s.Ready != nil {
		if err := s.Ready(); err != nil {
			f.NotReady = err.Error()
		}
	}
	var b bytes.Buffer
	if err := s.pages[name].Execute(&b, f); err != nil {
		s.Logger.Error("Rendering a page failed", "page", name, "err", err)
		http.Error(w, "The page could not be rendered; the log says more.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	if _, err := w.Write(b.Bytes()); err != nil {
		s.Logger.Debug("Sending a page failed", "page", name, "err", err)
	}
}

// problem is the data of the error page.
type problem struct{ Title, Text string }

func (s *site) fail(w http.ResponseWriter, err error) {
	code := http.StatusInternalServerError
	switch {
	case errors.Is(err, api.ErrNotFound):
		code = http.StatusNotFound
	case errors.Is(err, api.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		code = http.StatusServiceUnavailable
	default:
		s.Logger.Error("Page failed", "err", err)
	}
	s.render(w, code, "error", problem{Title: http.StatusText(code), Text: err.Error()})
}

func (s *site) style(w http.ResponseWriter, _ *http.Request) {
	b, err := assets.ReadFile("assets/style.css")
	if err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=300")
	if _, err := w.Write(b); err != nil {
		s.Logger.Debug("Sending the style sheet failed", "err", err)
	}
}
