package simfleet

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// historyBlock is the time range of one block of history. Longer blocks are quicker to read, shorter ones need less memory
// to write.
const historyBlock = 5 * 24 * time.Hour

// writeHistory writes the feed's samples of [from, to] as blocks, which the TSDB takes up when it opens the directory.
func writeHistory(ctx context.Context, dir string, feed Feed, from, to int64) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the simulated world's directory: %w", err)
	}
	discard := func(*Series, int64, float64) error { return ctx.Err() }
	if err := feed.AdvanceTo(from, discard); err != nil {
		return fmt.Errorf("skip what was before the history: %w", err)
	}
	for at := from; at < to; at += historyBlock.Milliseconds() {
		if err := writeBlock(ctx, dir, feed, min(at+historyBlock.Milliseconds(), to)); err != nil {
			return fmt.Errorf("write the history from %s: %w", time.UnixMilli(at).UTC().Format(time.RFC3339), err)
		}
	}
	return nil
}

func writeBlock(ctx context.Context, dir string, feed Feed, to int64) (err error) {
	w, err := tsdb.NewBlockWriter(slog.New(slog.DiscardHandler), dir, 2*historyBlock.Milliseconds())
	if err != nil {
		return fmt.Errorf("open a block writer: %w", err)
	}
	defer func() {
		if cerr := w.Close(); err == nil {
			err = cerr
		}
	}()
	a := &appender{start: w.AppenderV2}
	if err := a.fill(ctx, feed, to); err != nil {
		return err
	}
	if a.total == 0 {
		return nil
	}
	_, err = w.Flush(ctx)
	return err
}

// appender appends a feed's samples, keeping each series' reference, in transactions of bounded size.
type appender struct {
	start func(context.Context) storage.AppenderV2
	refs  []storage.SeriesRef
	total int
}

// batchSamples bounds a transaction.
const batchSamples = 50_000

func (a *appender) fill(ctx context.Context, feed Feed, to int64) error {
	app := a.start(ctx)
	pending := 0
	err := feed.AdvanceTo(to, func(s *Series, t int64, v float64) error {
		for len(a.refs) <= s.Slot {
			a.refs = append(a.refs, 0)
		}
		ref, err := app.Append(a.refs[s.Slot], s.Labels, 0, t, v, nil, nil, storage.AppendV2Options{})
		if err != nil {
			return fmt.Errorf("append %s at %d: %w", s.Labels, t, err)
		}
		a.refs[s.Slot] = ref
		a.total++
		if pending++; pending < batchSamples {
			return nil
		}
		pending = 0
		if err := app.Commit(); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		app = a.start(ctx)
		return ctx.Err()
	})
	if err != nil {
		_ = app.Rollback() // the error that led here is the one to tell
		return err
	}
	if err := app.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
