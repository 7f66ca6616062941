package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notify"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/outbox"
	"github.com/tidewatch/tidewatch/internal/slackfake"
	"github.com/tidewatch/tidewatch/internal/store"
)

// chaos is a service in a world that is made of one thread and a virtual time: nothing in it is left to chance but for the seed.
// Death is the copy of the state directory as it lies there at that point; what the dying instance does from then on, nobody sees.
type chaos struct {
	seed    uint64
	rng     *rand.Rand
	calm    bool // no faults
	trouble float64
	deadly  float64
	dieAt   int // the point at which the run dies in any case
	points  int // at which the run could have died

	s       *Service
	opts    Options
	yaml    string   // the configuration
	clock   *Virtual // the one that is evaluated on
	slack   *slackfake.Server
	root    string
	dir     string // the state
	dirs    int
	dead    bool
	corpse  string           // the state that the dead one leaves
	synced  map[string]int64 // how much of a file is on disk for sure
	torn    [2]int64         // the length of SQLite's log before and after the commit under way
	full    int64            // the disk is full until then
	roomy   bool             // the disk does not fill up now
	deaths  int
	forgot  bool // some of its decisions died with it, as there was no room for them on the disk
	logbook []string

	seen  int64 // where the evaluation's clock stood when the outbox was last given time
	now   int64 // Slack's time
	skew  int64 // by how much the outbox's clock is wrong
	limit int64 // until then the outbox may send
	pause context.CancelFunc
	late  []lateRequest
}

func newChaos(t *testing.T, p *play, from int64, seed uint64, calm bool) *chaos {
	t.Helper()
	c := &chaos{
		seed: seed, rng: rand.New(rand.NewPCG(seed, 2)), calm: calm, clock: NewVirtual(from), root: chaosDir(t),
		synced: map[string]int64{}, yaml: p.yaml, now: from, limit: from, seen: from,
	}
	c.trouble, c.deadly = c.rng.Float64()*0.1, c.rng.Float64()*0.006
	if p.points > 0 {
		c.dieAt = 1 + int(seed/chaosPlays)*1_000_003%p.points // a prime: all points have their turn
	}
	c.slack = slackfake.New(slackfake.Options{Token: "xoxb-secret", RateLimit: true, Clock: c.slackTime})
	t.Cleanup(c.slack.Close)
	src := p.source()
	c.opts = Options{
		Clock: c.clock, Workers: 1,
		Load:       func() (*configs.Config, error) { return configs.Parse("chaos.yml", []byte(c.yaml)) },
		OpenSource: func(configs.Source) (ingest.Source, error) { return src, nil },
		tuneOutbox: func(o *outbox.Options) { o.Clock, o.Elapsed, o.Sleep = c.hostTime, c.elapsed, c.sleep },
		tuneStore: func(o *store.Options) {
			o.Clock, o.FS, o.Commit = c.hostTime, chaosFS{c}, c.commit
		},
	}
	c.clock.Moved = c.moved
	c.dir = c.newDir(t)
	if err := os.CopyFS(c.dir, os.DirFS(p.state)); err != nil {
		t.Fatal(err)
	}
	return c
}

// chaosDir is a directory in memory where there is one: a run writes to disk some hundred times.
func chaosDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "tidewatch-chaos-") //nolint:usetesting // t.TempDir is on a disk
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func (c *chaos) newDir(t *testing.T) string {
	t.Helper()
	c.dirs++
	dir := filepath.Join(c.root, fmt.Sprint(c.dirs))
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (c *chaos) slackTime() time.Time { return time.UnixMilli(c.now) }
func (c *chaos) hostTime() time.Time  { return time.UnixMilli(c.now + c.skew) }

func (c *chaos) elapsed() time.Duration { return time.Duration(c.now) * time.Millisecond }

// note writes down what went wrong.
func (c *chaos) note(format string, args ...any) {
	c.logbook = append(c.logbook, c.slackTime().UTC().Format("02 15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// told is the faults of the run, a line each.
func (c *chaos) told() string {
	return fmt.Sprintf("%d points, %d deaths:\n%s\n", c.points, c.deaths, strings.Join(c.logbook, "\n"))
}

// start brings the service up from the state that is there, however often it dies on the way.
func (c *chaos) start(t *testing.T) {
	t.Helper()
	for range 100 {
		c.opts.DataDir, c.opts.Registry = c.dir, prometheus.NewRegistry()
		s, err := New(t.Context(), c.opts)
		if err == nil {
			c.s = s
			err = c.connect(t.Context())
		}
		switch {
		case c.dead:
			c.bury(t)
		case err == nil:
			return
		case !errors.Is(err, store.ErrFull):
			t.Fatalf("the service does not start: %v\n%s", err, c.told())
		default:
			c.note("not started: %v", err)
			c.full = 0 // somebody makes room
			c.end(t)
		}
	}
	t.Fatalf("the service does not start\n%s", c.told())
}

// connect has the service talk to the fake Slack through chaos.
func (c *chaos) connect(ctx context.Context) error {
	for i, in := range c.s.ints {
		n, err := notify.NewSlack(notify.SlackConfig{
			Name: in.receiver, APIURL: c.slack.APIURL(), Channel: "#oncall", Clock: c.hostTime,
			Token: func() (string, error) { return "xoxb-secret", nil }, HTTPClient: &http.Client{Transport: c},
		})
		if err != nil {
			return err
		}
		c.s.ints[i].notifier = n
		if c.calm || c.seed%32 != 0 {
			c.s.ints[i].notifier = chartless{n}
		}
	}
	return c.s.outbox.SetNotifiers(ctx, c.s.notifiers())
}

// chartless leaves out charts: to draw them takes longer than all the rest.
type chartless struct{ alerting.Notifier }

// Notify implements alerting.Notifier.
func (c chartless) Notify(ctx context.Context, n *alerting.Notice, d alerting.Delivery) (alerting.Delivery, error) {
	for i := range n.Alarms {
		n.Alarms[i].Chart = nil
	}
	return c.Notifier.Notify(ctx, n, d)
}

// QueueKey implements outbox.Queued.
func (c chartless) QueueKey() string { return c.Notifier.(outbox.Queued).QueueKey() }

// bury ends the dead instance; the next one finds what it has left.
func (c *chaos) bury(t *testing.T) {
	t.Helper()
	c.end(t)
	if err := os.RemoveAll(c.dir); err != nil {
		t.Fatal(err)
	}
	c.dir, c.corpse, c.dead = c.corpse, "", false
	c.clock.ms.Store(c.seen)
}

// end closes the state without an orderly end.
func (c *chaos) end(t *testing.T) {
	t.Helper()
	if c.s == nil {
		return
	}
	if err := c.s.store.Close(); err != nil && !errors.Is(err, store.ErrFull) {
		t.Error(err)
	}
	c.s = nil
}
