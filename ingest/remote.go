package ingest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

const userAgent = "tidewatch"

// Remote is a Source over Prometheus's remote-read: it reads raw samples and evaluates PromQL locally.
//
// Memory: most reads evaluate series as they come. Others hold the raw samples of one window and its look-back in their
// compressed form (1.5 to 7 bytes each), at most MaxBytesInFlight/Concurrency, plus one float per output series and step. A window
// that is over it is halved and read again, so that a read of any length works within the bound unless a single step does not.
type Remote struct {
	caller
	cfg      RemoteConfig
	client   *http.Client
	engine   *promql.Engine
	slots    slots
	names    interners
	sampled  atomic.Bool  // the server's last answer was not streamed
	disorder atomic.Bool  // a streamed answer's series were not in order
	refused  atomic.Int64 // when queries were refused together, Unix milliseconds
	limits   atomic.Pointer[ServerLimits]

	limitsMu sync.Mutex
	limitsAt time.Time // when they were asked for

	mu       sync.Mutex
	ext      labels.Labels
	extKnown bool
	extAt    time.Time     // when they were detected
	extStale time.Duration // how old they may be when a read finds nothing
}

// detectAgain is how old detected external labels must be to be asked for again when a read finds nothing: the server may
// have been given others, and would never answer to the old ones.
const detectAgain = 5 * time.Minute

var _ Source = (*Remote)(nil)

// NewRemote checks the configuration and prepares a client; it does not connect.
func NewRemote(cfg RemoteConfig) (*Remote, error) {
	client, calls, err := cfg.open()
	if err != nil {
		return nil, err
	}
	r := &Remote{
		caller: calls, cfg: cfg, client: client,
		slots:  newSlots(cfg.Concurrency, cfg.Name, calls.metrics),
		engine: newEngine(cfg.MaxSamples),
		ext:    cfg.ExternalLabels, extKnown: !cfg.DetectExternalLabels, extStale: detectAgain,
	}
	r.sampled.Store(cfg.SampledOnly)
	return r, nil
}

// newEngine is Prometheus's engine with Prometheus's defaults. Its own time-out is out of the way: requests have theirs, and
// the caller's context ends the rest.
func newEngine(maxSamples int) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger: promslog.NewNopLogger(), MaxSamples: maxSamples, Timeout: 24 * time.Hour, LookbackDelta: LookbackDelta,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: exprParser,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
	})
}

// Name is the source's name.
func (r *Remote) Name() string { return r.cfg.Name }

// Close drops idle connections.
func (r *Remote) Close() { r.client.CloseIdleConnections() }

// share is how many bytes one read may hold of what all may.
func (r *Remote) share() int64 { return shareOf(r.cfg.MaxBytesInFlight, r.cfg.Concurrency) }

// shareOf is share where so many reads run at a time.
func shareOf(maxBytesInFlight int64, concurrency int) int64 {
	return maxBytesInFlight / int64(concurrency)
}

// bound is a new budget of one read, or of one series where a read takes series by series.
func (r *Remote) bound() *budget {
	return &budget{maxBytes: r.share(), maxSamples: int64(r.cfg.MaxSamples)}
}

func (r *Remote) inFlight() prometheus.Gauge { return r.metrics.inFlight.WithLabelValues(r.name) }

// external gives the external labels in use.
func (r *Remote) external() labels.Labels {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ext
}

// knowExternal detects the external labels before the first read, if that was asked for.
func (r *Remote) knowExternal(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.extKnown {
		return nil
	}
	ext, err := r.DetectExternalLabels(ctx)
	if err != nil {
		return err
	}
	r.ext, r.extKnown, r.extAt = ext, true, time.Now()
	return nil
}

// foundNothing lets the next read detect the external labels again, if they are old.
func (r *Remote) foundNothing() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cfg.DetectExternalLabels && time.Since(r.extAt) >= r.extStale {
		r.extKnown = false
	}
}

// damaged says that what the server sent cannot be decoded.
func (r *Remote) damaged(err error) error {
	var own *limitError
	if errors.As(err, &own) {
		return err
	}
	return &Error{Kind: KindProtocol, Source: r.cfg.Name, Op: "decode samples", URL: r.shown, Err: err}
}
