package app

import (
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/outbox"
	"github.com/tidewatch/tidewatch/internal/slackapp"
	"github.com/tidewatch/tidewatch/internal/store"
)

// Clock is the time that the service lives in, its sources included: the wall's, or a virtual one.
type Clock = ingest.Clock

// Wall is the real clock.
type Wall = ingest.Wall

// Options is what New needs. ConfigFile and DataDir are required, the zero value of the rest works.
type Options struct {
	ConfigFile string
	DataDir    string
	// Load replaces reading ConfigFile, for the demo and tests; nil: configs.Load.
	Load func() (*configs.Config, error)
	// OpenSource replaces the remote-read client.
	OpenSource func(configs.Source) (ingest.Source, error)

	ListenAddresses []string       // for example ":9880"; none and no Listener: no HTTP
	Listeners       []net.Listener // used instead of ListenAddresses
	WebConfigFile   string         // Prometheus's web-config: TLS, basic auth
	DryRun          bool           // do everything but send

	Clock    Clock
	Logger   *slog.Logger
	Registry *prometheus.Registry
	Workers  int // engine goroutines per block; 0: GOMAXPROCS
	NoSync   bool
	// SendInterval lies between two messages to one channel; 0: a second, which is Slack's limit.
	SendInterval time.Duration
	// OnReady is called once, when the first evaluation of all detectors is done.
	OnReady func()
	// OnResult is called with every result that decided something, before it reaches the store; it may be nil.
	OnResult func(engine.Result)
	// Progress is told how far the first back-fill is; it may be nil.
	Progress func(detector string, done, total time.Duration)

	tuneOutbox func(*outbox.Options)   // for tests: shorter times
	tuneStore  func(*store.Options)    // for tests: a disk that fails
	tuneSlack  func(*slackapp.Options) // for tests: shorter times
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = Wall{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.Load == nil {
		o.Load = func() (*configs.Config, error) { return configs.Load(o.ConfigFile) }
	}
	return o
}
