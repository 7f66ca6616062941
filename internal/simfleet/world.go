package simfleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/tsdb"

	"github.com/tidewatch/tidewatch/internal/readserver"
)

// Feed is where a World's samples come from: a Fleet or a Recorded.
type Feed interface {
	// AdvanceTo emits, in order of time within each series, every sample up to t that was not emitted before.
	AdvanceTo(t int64, emit Emit) error
}

// World is an embedded TSDB that a Feed fills. AdvanceTo is for one goroutine at a time; the handler may serve meanwhile.
type World struct {
	feed    Feed
	db      *tsdb.DB
	dir     string
	ownsDir bool
	live    *appender
	now     atomic.Int64
}

// liveBlock is the time range that the TSDB keeps in memory before it writes a block.
const liveBlock = 4 * 24 * time.Hour

// Open makes a TSDB in dir and fills it with the feed's samples of [from, to], in Unix milliseconds; samples before from are
// passed over, so that a shorter history is the same world remembered for less long. An empty dir is a temporary directory
// that Close removes; any other must be empty or not exist, and stays.
func Open(ctx context.Context, dir string, feed Feed, from, to int64) (_ *World, err error) {
	w := &World{feed: feed, dir: dir}
	if dir == "" {
		if w.dir, err = os.MkdirTemp("", "tidewatch-world-"); err != nil {
			return nil, fmt.Errorf("make a directory for the simulated world: %w", err)
		}
		w.ownsDir = true
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if err := writeHistory(ctx, w.dir, feed, from, to); err != nil {
		return nil, err
	}
	opts := tsdb.DefaultOptions()
	opts.WALSegmentSize = -1 // nothing here has to survive the process
	opts.RetentionDuration = 0
	opts.StripeSize = 1024
	opts.MinBlockDuration = liveBlock.Milliseconds()
	opts.MaxBlockDuration = liveBlock.Milliseconds()
	if w.db, err = tsdb.Open(w.dir, slog.New(slog.DiscardHandler), nil, opts, nil); err != nil {
		return nil, fmt.Errorf("open the simulated world's TSDB: %w", err)
	}
	w.live = &appender{start: w.db.AppenderV2}
	w.now.Store(to)
	return w, nil
}

// AdvanceTo appends the feed's samples up to t. It returns when they can be read.
func (w *World) AdvanceTo(ctx context.Context, t int64) error {
	if err := w.live.fill(ctx, w.feed, t); err != nil {
		return err
	}
	w.now.Store(t)
	return nil
}

// Now is the time up to which the world has been filled, in Unix milliseconds.
func (w *World) Now() int64 { return w.now.Load() }

// DB is the store, for tests and for readers that skip HTTP.
func (w *World) DB() *tsdb.DB { return w.db }

// Handler serves the world as a Prometheus server would. Its clock is the world's.
func (w *World) Handler() http.Handler {
	return readserver.Handler(w.db, readserver.Options{
		Metadata: Metadata(), Version: "simulated", Now: func() time.Time { return time.UnixMilli(w.Now()) },
	})
}

// Close releases the store, and removes its directory if Open made it.
func (w *World) Close() error {
	var err error
	if w.db != nil {
		err = w.db.Close()
	}
	if w.ownsDir {
		err = errors.Join(err, os.RemoveAll(w.dir))
	}
	if err != nil {
		return fmt.Errorf("close the simulated world: %w", err)
	}
	return nil
}
