package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options is what New needs. Backend is required; the zero value of every other field works.
type Options struct {
	Backend  Backend
	Logger   *slog.Logger         // nil: nothing is logged
	Registry *prometheus.Registry // metrics are registered here and served from here; nil: a new one
	// Reload applies the configuration again, all or nothing; its error, which it has logged, says that the old one was kept. nil: 501.
	Reload func(ctx context.Context) error
	// Controls lets people act: silences, acknowledgements, feedback. nil: 501.
	Controls Controls
	// Slack takes what people do in Slack. It checks who sends it and limits the body itself. nil: 404.
	Slack http.Handler
	NewID func() string // names what a person asks for; nil: a random UUID
	// Ready returns nil once the service is ready, otherwise an error with the reason. nil: always ready.
	Ready func() error
	// Chart draws the series between two times (Unix milliseconds) as a PNG. nil: 501.
	Chart       func(ctx context.Context, seriesID uint64, from, to int64) ([]byte, error)
	UI          http.Handler     // serves what is neither API nor health, for example web.New; nil: 404
	Version     BuildInfo        // for /api/v1/status/buildinfo
	ExternalURL *url.URL         // its path is the prefix of every route; nil: none
	Now         func() time.Time // for the default time range and durations; nil: time.Now
	// Timeout ends an API request that takes longer (503); 0: DefaultTimeout.
	Timeout time.Duration
	// MaxConcurrent is how many API requests may be answered at once, more get 503; 0: DefaultMaxConcurrent.
	MaxConcurrent int
}

// The defaults of Options.
const (
	DefaultTimeout       = 30 * time.Second
	DefaultMaxConcurrent = 64
)
