package slackapp

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/api"
)

// Credentials are those of one Slack app. Both functions read the secret as it is now; "" is none.
type Credentials struct {
	Name          string                 // for logs, for example "receiver oncall"
	SigningSecret func() (string, error) // of the HTTP endpoint
	SocketToken   func() (string, error) // app-level token of Socket Mode
	APIURL        string                 // base of Slack's Web API, with a trailing slash
	HTTPClient    *http.Client
}

// Options is what New needs; Controls, Backend and Apps are required.
type Options struct {
	Controls   api.Controls
	Backend    api.Backend
	Apps       func() []Credentials
	Now        func() time.Time // in which silences end; nil: time.Now
	Clock      func() time.Time // in which Slack signs, so the real one; nil: time.Now
	Location   func() *time.Location
	Visible    func() *alerting.Visible // the labels that answers show; nil: see alerting.Visible
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// AnswerWithin is how long Slack waits at most before it hears that a request has arrived; 0: two of Slack's three seconds.
	AnswerWithin time.Duration
	MinBackoff   time.Duration // before a Socket Mode connection is tried again; 0: a second
}

// App answers what people do in Slack. It is safe for concurrent use.
type App struct {
	opts      Options
	log       *slog.Logger
	results   *prometheus.CounterVec
	connected prometheus.Gauge
	slots     chan struct{} // one token per request under way

	mu   sync.Mutex
	seen map[string]bool // requests that took effect or are under way
	old  []string        // their ids, oldest first

	wg sync.WaitGroup
}

const (
	maxUnderWay = 64
	maxSeen     = 4096
)

// The results by which requests are counted.
const (
	resultAccepted    = "accepted"    // took effect, or was answered
	resultRepeated    = "repeated"    // delivered again; no second effect
	resultRefused     = "refused"     // understood, but it could not be done; the person was told why
	resultIgnored     = "ignored"     // nothing that Tidewatch offers
	resultForged      = "forged"      // the signature is not Slack's
	resultStale       = "stale"       // signed, but too old: replayed
	resultMalformed   = "malformed"   // not what Slack sends
	resultUnavailable = "unavailable" // too many at once, or no app is configured
)

// New builds an App.
func New(o Options) *App {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Location == nil {
		o.Location = func() *time.Location { return time.UTC }
	}
	if o.Visible == nil {
		o.Visible = func() *alerting.Visible { return nil }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.AnswerWithin = cmp.Or(o.AnswerWithin, 2*time.Second)
	o.MinBackoff = cmp.Or(o.MinBackoff, time.Second)
	f := promauto.With(o.Registerer)
	a := &App{
		opts: o, log: o.Logger, slots: make(chan struct{}, maxUnderWay), seen: map[string]bool{},
		results: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tidewatch_slack_interactions_total", Help: "What people did in Slack with buttons and commands, by what became of it.",
		}, []string{"result"}),
		connected: f.NewGauge(prometheus.GaugeOpts{
			Name: "tidewatch_slack_socket_connections", Help: "Open Socket Mode connections to Slack.",
		}),
	}
	for _, r := range []string{
		resultAccepted, resultRepeated, resultRefused, resultIgnored, resultForged, resultStale, resultMalformed, resultUnavailable,
	} {
		a.results.WithLabelValues(r)
	}
	return a
}

// Wait returns when what is under way is done.
func (a *App) Wait() { a.wg.Wait() }

// claim reports whether the request is new, and remembers it.
func (a *App) claim(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen[id] {
		return false
	}
	a.seen[id] = true
	a.old = append(a.old, id)
	if len(a.old) > maxSeen {
		delete(a.seen, a.old[0])
		a.old = a.old[1:]
	}
	return true
}

// release lets the request be delivered again, as it had no effect.
func (a *App) release(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.seen, id)
}

var errBusy = errors.New("too many requests are under way; try again")

// serve does what a request asks for. It returns when that is done, or when Slack must hear that the request has arrived, whichever
// comes first; then the rest is done behind it. What it returns is shown to the person; nil where nothing is, or where it comes later.
func (a *App) serve(ctx context.Context, r *request, c Credentials) (*reply, error) {
	if !a.claim(r.id) {
		a.results.WithLabelValues(resultRepeated).Inc()
		return nil, nil
	}
	select {
	case a.slots <- struct{}{}:
	default:
		a.release(r.id)
		a.results.WithLabelValues(resultUnavailable).Inc()
		return nil, errBusy
	}
	ctx = context.WithoutCancel(ctx) // a caller who hangs up does not leave it half done
	done, late := make(chan *reply), make(chan struct{})
	a.wg.Go(func() {
		defer func() { <-a.slots }()
		rep := a.do(ctx, r)
		inline := rep
		if r.action != nil {
			inline = nil // the answer in the request would replace the message
		}
		select {
		case done <- inline:
			if inline != nil {
				return
			}
		case <-late:
		}
		if err := a.respond(ctx, r.respond, rep, c); err != nil {
			a.log.Warn("the person in Slack could not be told what became of a request", "app", c.Name, "by", r.by.Name, "err", err)
		}
	})
	t := time.NewTimer(a.opts.AnswerWithin)
	defer t.Stop()
	select {
	case rep := <-done:
		return rep, nil
	case <-t.C:
		close(late)
		return nil, nil
	}
}
