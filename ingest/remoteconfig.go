package ingest

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
)

// RemoteConfig says how to read one Prometheus-compatible server by remote-read. Name and URL are needed; every other zero
// value has a default.
type RemoteConfig struct {
	Name       string                  // the source's name, in errors and self-metrics
	URL        string                  // for example http://prometheus:9090/api/v1/read
	HTTPClient config.HTTPClientConfig // authentication, TLS, proxy, headers; secrets in files are read again when they change
	Timeout    time.Duration           // of the server for one answer, a streamed one may take longer at 4 KiB/s; default 1 m

	// Labels are added to every series of a result, unless it has a label of that name. Expressions do not see them.
	Labels labels.Labels
	// DropLabels are removed from every series read, before anything is evaluated. Series that become equal by it are
	// replicas and are merged.
	DropLabels []string
	// ExternalLabels are the server's external_labels: they become matchers of every request and are removed from what is
	// read, so that an expression means here what it means on the server itself.
	ExternalLabels labels.Labels
	// DetectExternalLabels asks the server for its external labels before the first read instead (see
	// Remote.DetectExternalLabels); the first read fails, and can be tried again, while it is unreachable.
	DetectExternalLabels bool
	// DetectLimits asks a Prometheus for its own limits before the first read, and once an hour, and keeps to them (see ServerLimits). One
	// that does not tell has none as far as we know.
	DetectLimits bool

	Concurrency      int           // requests at a time, over all detectors; default 2
	MaxSamples       int           // most raw samples of a window that is held, and most that the PromQL engine loads; default 50 million
	MaxBytesInFlight int64         // most raw data held by all reads together; default 256 MiB
	Window           time.Duration // the span of time read and evaluated in one piece; default 24 h, at least twice the look-back

	RequestsPerSecond float64 // most requests a second, on average; 0 is no limit
	SamplesPerSecond  float64 // most raw samples a second, on average, or points of query_range; 0 is no limit

	// Transport replaces the transport of the HTTP client, next: to record what passes, or to answer from a recording.
	Transport func(next http.RoundTripper) http.RoundTripper

	// SampledOnly asks for sampled answers, as a server gives that cannot stream: several times the cost, for comparison.
	SampledOnly bool

	Clock      Clock                 // for pauses; default: the real one
	Logger     *slog.Logger          // default: silent
	Registerer prometheus.Registerer // for the self-metrics; default: none
}

// open checks and completes the configuration and makes what sends its requests.
func (cfg *RemoteConfig) open() (*http.Client, caller, error) {
	if err := cfg.complete(); err != nil {
		return nil, caller{}, err
	}
	client, err := config.NewClientFromConfig(cfg.HTTPClient, "source_"+cfg.Name, config.WithUserAgent(userAgent))
	if err != nil {
		return nil, caller{}, fmt.Errorf("source %q: HTTP client: %w", cfg.Name, err)
	}
	if cfg.Transport != nil {
		client.Transport = cfg.Transport(client.Transport)
	}
	m, err := newMetrics(cfg.Registerer)
	if err != nil {
		return nil, caller{}, fmt.Errorf("source %q: registering self-metrics: %w", cfg.Name, err)
	}
	return client, newCaller(cfg, m), nil
}

func (cfg *RemoteConfig) complete() error {
	if cfg.Name == "" {
		return errors.New("source: name is missing")
	}
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return fmt.Errorf("source %q: url does not parse; write for example http://prometheus:9090/api/v1/read", cfg.Name)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("source %q: url %q must begin with http:// or https:// and a host", cfg.Name, RedactURL(cfg.URL))
	}
	if err := cfg.HTTPClient.Validate(); err != nil {
		return fmt.Errorf("source %q: %w", cfg.Name, err)
	}
	setDefault(&cfg.Timeout, time.Minute)
	setDefault(&cfg.Concurrency, 2)
	setDefault(&cfg.MaxSamples, 50_000_000)
	setDefault(&cfg.MaxBytesInFlight, 256<<20)
	setDefault(&cfg.Window, 24*time.Hour)
	if cfg.Clock == nil {
		cfg.Clock = Wall{}
	}
	if cfg.Logger == nil {
		cfg.Logger = promslog.NewNopLogger()
	}
	return nil
}

// setDefault replaces a value that is not positive.
func setDefault[T ~int | ~int64](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
