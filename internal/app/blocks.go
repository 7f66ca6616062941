package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/tidewatch/tidewatch/ingest"
)

// blockSpan is the time that an exported block covers: a server with the usual retention takes it, and a fortnight is 14 of them.
const blockSpan = 24 * time.Hour

// ExportBlocks writes the samples of a source as TSDB blocks into dir, from where Prometheus takes them when they lie in its data
// directory. Nothing is lost: staleness markers and native histograms stay what they are.
func ExportBlocks(ctx context.Context, rec *ingest.Recording, source, dir string) (blocks, samples int, err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return 0, 0, err
	}
	from, to, span := rec.Manifest.From(), rec.Manifest.To(), blockSpan.Milliseconds()
	for at := from - mod(from, span); at <= to; at += span {
		n, err := exportBlock(ctx, rec, source, dir, at, at+span-1)
		if err != nil {
			return blocks, samples, fmt.Errorf("block from %s: %w", time.UnixMilli(at).UTC().Format(time.RFC3339), err)
		}
		if n > 0 {
			blocks, samples = blocks+1, samples+n
		}
	}
	return blocks, samples, nil
}

// exportBlock writes the samples in [from, to].
func exportBlock(ctx context.Context, rec *ingest.Recording, source, dir string, from, to int64) (n int, err error) {
	w, err := tsdb.NewBlockWriter(slog.New(slog.DiscardHandler), dir, 2*blockSpan.Milliseconds())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	err = rec.EachSeries(source, func(s storage.Series) error {
		app := w.Appender(ctx)
		added, err := appendSamples(app, s, from, to)
		if err != nil {
			return errors.Join(fmt.Errorf("series %s: %w", s.Labels(), err), app.Rollback())
		}
		n += added
		return app.Commit()
	})
	if err != nil || n == 0 {
		return n, err
	}
	_, err = w.Flush(ctx)
	return n, err
}

func appendSamples(app storage.Appender, s storage.Series, from, to int64) (n int, err error) {
	ref, it := storage.SeriesRef(0), s.Iterator(nil)
	for kind := it.Seek(from); kind != chunkenc.ValNone && it.AtT() <= to; kind = it.Next() {
		switch kind {
		case chunkenc.ValFloat:
			t, v := it.At()
			ref, err = app.Append(ref, s.Labels(), t, v)
		case chunkenc.ValHistogram:
			t, h := it.AtHistogram(nil)
			ref, err = app.AppendHistogram(ref, s.Labels(), t, h, nil)
		default:
			t, h := it.AtFloatHistogram(nil)
			ref, err = app.AppendHistogram(ref, s.Labels(), t, nil, h)
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, it.Err()
}

// ImportBlocks records all samples of the TSDB blocks in dir, and of its write-ahead log if there is one, as all there is of a
// source. The directory is only read.
func ImportBlocks(ctx context.Context, rec *ingest.Recorder, source, dir string) (series int, err error) {
	db, err := tsdb.OpenDBReadOnly(dir, "", slog.New(slog.DiscardHandler))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	q, err := openQuerier(db, dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	set := q.Select(ctx, true, nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+"))
	last := int64(math.MinInt64)
	for set.Next() {
		s := set.At()
		newest, err := rec.Samples(source, s)
		if err != nil {
			return series, err
		}
		series, last = series+1, max(last, newest)
	}
	switch {
	case set.Err() != nil:
		return series, set.Err()
	case series == 0:
		return 0, fmt.Errorf("%s holds no sample", dir)
	}
	rec.Whole(source, last+ingest.LookbackDelta.Milliseconds())
	return series, nil
}

// openQuerier reads a server's data directory, or blocks alone, which have no write-ahead log beside them.
func openQuerier(db *tsdb.DBReadOnly, dir string) (storage.Querier, error) {
	if _, err := os.Stat(filepath.Join(dir, "wal")); err == nil {
		return db.Querier(math.MinInt64, math.MaxInt64)
	}
	blocks, err := db.Blocks()
	if err != nil {
		return nil, err
	}
	qs := make([]storage.Querier, len(blocks))
	for i, b := range blocks {
		if qs[i], err = tsdb.NewBlockQuerier(b, math.MinInt64, math.MaxInt64); err != nil {
			return nil, err
		}
	}
	return storage.NewMergeQuerier(qs, nil, storage.ChainedSeriesMerge), nil
}
