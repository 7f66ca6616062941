package readserver

import (
	"log/slog"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// The defaults are those of Prometheus's --storage.remote.read-* and --query.* flags.
const (
	DefaultSampleLimit     = 50_000_000
	DefaultConcurrency     = 10
	DefaultMaxBytesInFrame = 1 << 20
	defaultMaxSamples      = 50_000_000
	defaultQueryTimeout    = 2 * time.Minute
	defaultLookback        = 5 * time.Minute
)

// Metadata is what is known about one metric name, as /api/v1/metadata gives it.
type Metadata struct {
	Type string `json:"type"` // counter, gauge, histogram, summary, …
	Help string `json:"help"`
	Unit string `json:"unit"`
}

// Options configures the handlers. The zero value works and means Prometheus's own defaults.
type Options struct {
	SampleLimit     int           // samples in one query's sampled reply; negative is no limit
	Concurrency     int           // remote-read requests served at once; more wait
	MaxBytesInFrame int           // bytes of one frame's message, exceeded only by a frame of one chunk that alone is larger
	ExternalLabels  labels.Labels // taken out of matchers and added to results of remote-read, not of the query API

	Metadata map[string]Metadata // by metric name
	Config   string              // the YAML that /api/v1/status/config shows; empty is made from ExternalLabels
	Version  string              // what /api/v1/status/buildinfo shows

	Now    func() time.Time // the evaluation time of a query that gives none; nil is time.Now
	Ready  func() bool      // nil is always ready
	Logger *slog.Logger     // nil discards
}

func (o Options) withDefaults() Options {
	if o.SampleLimit == 0 {
		o.SampleLimit = DefaultSampleLimit
	}
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.MaxBytesInFrame <= 0 {
		o.MaxBytesInFrame = DefaultMaxBytesInFrame
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ready == nil {
		o.Ready = func() bool { return true }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
