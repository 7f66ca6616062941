package ingest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// segmentReader is told of every record of a segment. Byte slices belong to the frame and are valid during the call.
type segmentReader interface {
	frame(offset, size int64) // the records that follow are in this frame
	source(ref uint64, name, url string, external labels.Labels)
	series(ref, source uint64, key []byte) error
	chunk(series uint64, c wireChunk, at int) error
	answered(source uint64, selector string, from, to int64) error
	detector(ref, source uint64, name, expr string, step int64) error
	points(p pointsRecord) error
	span(from, to int64)
}

// pointsRecord is a record of decided points. rows reads the rows of it; at is where they begin in the frame.
type pointsRecord struct {
	detector uint64
	history  bool
	from     int64
	n        int
	late     []int64 // when each column was decided, after its grid time; nil in history
	rows     int
	at       int
	body     fields // at the first row
}

// scanResult is what the scan of a segment found besides its records.
type scanResult struct {
	good int64  // bytes up to the end of the last good frame
	size int64  // bytes of the file
	sha  string // of the good bytes
	torn bool   // the file goes on after them, with a frame that was cut short
}

// scanSegment reads a whole segment. Its errors name the file and the offset of the frame that is damaged.
func scanSegment(name string, into segmentReader) (res scanResult, err error) {
	f, err := os.Open(name)
	if err != nil {
		return res, fmt.Errorf("recording: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return res, fmt.Errorf("recording: %w", err)
	}
	res, err = scanRecords(f, name, into)
	res.size = info.Size()
	return res, err
}

// scanRecords reads a segment's bytes; name is that of the file, for errors.
func scanRecords(f io.Reader, name string, into segmentReader) (res scanResult, err error) {
	damaged := func(at int64, err error) error {
		return fmt.Errorf("recording: %s, offset %d: %w", name, at, err)
	}
	sum := sha256.New()
	seen := &bytes.Buffer{} // what was read since the last good frame
	r := bufio.NewReaderSize(f, 1<<20)
	tee := io.TeeReader(r, seen)
	magic := make([]byte, len(segmentMagic))
	if n, err := io.ReadFull(tee, magic); err != nil && bytes.HasPrefix([]byte(segmentMagic), magic[:n]) {
		res.torn = true
		return res, nil
	}
	if string(magic) != segmentMagic {
		return res, damaged(0, fmt.Errorf("it begins with %q, a segment with %q", magic, segmentMagic))
	}
	var plain []byte
	for {
		_, _ = seen.WriteTo(sum)
		res.good = max(res.good, int64(len(segmentMagic)))
		at := res.good
		var n int64
		plain, n, err = readSegmentFrame(tee, plain)
		switch {
		case errors.Is(err, io.EOF):
			res.sha = hex.EncodeToString(sum.Sum(nil))
			return res, nil
		case errors.Is(err, errTorn):
			res.torn, res.sha = true, hex.EncodeToString(sum.Sum(nil))
			return res, nil
		case err != nil:
			return res, damaged(at, err)
		}
		into.frame(at, n)
		if err := readRecords(plain, into); err != nil {
			return res, damaged(at, err)
		}
		res.good += n
	}
}

// readRecords hands out the records of a frame.
func readRecords(plain []byte, into segmentReader) error {
	f := fields{b: plain}
	for f.at < len(plain) {
		at := f.at
		kind := plain[f.at]
		f.at++
		err := readRecord(&f, kind, into)
		if f.bad {
			return fmt.Errorf("the record %q at byte %d of the frame is cut short", kind, at)
		}
		if err != nil {
			return fmt.Errorf("the record %q at byte %d of the frame: %w", kind, at, err)
		}
	}
	return nil
}

func readRecord(f *fields, kind byte, into segmentReader) error {
	switch kind {
	case recSource:
		return readSource(f, into)
	case recSeries:
		ref, source, key := f.u(), f.u(), f.s()
		if f.bad {
			return nil
		}
		return into.series(ref, source, key)
	case recChunk:
		return readChunk(f, into)
	case recAnswered:
		source, selector, from, to := f.u(), string(f.s()), f.i(), f.i()
		if f.bad {
			return nil
		}
		return into.answered(source, selector, from, to)
	case recDetector:
		ref, source, name, expr, step := f.u(), f.u(), string(f.s()), string(f.s()), int64(f.u())
		if f.bad {
			return nil
		}
		if step <= 0 {
			return fmt.Errorf("detector %q has the step %d ms", name, step)
		}
		return into.detector(ref, source, name, expr, step)
	case recPoints:
		return readPoints(f, into)
	case recRange:
		from, to := f.i(), f.i()
		if !f.bad {
			into.span(from, to)
		}
		return nil
	default:
		return errors.New("no such kind")
	}
}

func readSource(f *fields, into segmentReader) error {
	ref, name, url, ext := f.u(), string(f.s()), string(f.s()), f.s()
	if f.bad {
		return nil
	}
	b := labels.NewScratchBuilder(4)
	external, err := decodeLabels(ext, &b)
	if err != nil {
		return err
	}
	into.source(ref, name, url, external)
	return nil
}

func readChunk(f *fields, into segmentReader) error {
	series := f.u()
	c := wireChunk{enc: chunkenc.Encoding(f.u()), mint: f.i()}
	c.maxt = c.mint + int64(f.u())
	c.data = f.s()
	switch {
	case f.bad:
		return nil
	case len(c.data) < 2:
		return fmt.Errorf("a chunk of %d bytes", len(c.data))
	case c.maxt < c.mint:
		return fmt.Errorf("a chunk from %d to %d", c.mint, c.maxt)
	}
	return into.chunk(series, c, f.at-len(c.data))
}

func readPoints(f *fields, into segmentReader) error {
	p := pointsRecord{detector: f.u(), history: f.u() == 1, from: f.i(), n: f.count()}
	for range p.n {
		p.late = append(p.late, int64(f.u()))
	}
	p.rows = f.count()
	p.at, p.body = f.at, *f
	for range p.rows {
		f.u()
		f.s()
	}
	if f.bad {
		return nil
	}
	return into.points(p)
}

// checkName checks that a sealed segment holds what its name says.
func checkName(name, sha string) error {
	if want := strings.TrimSuffix(filepath.Base(name), segmentSuffix); want != sha {
		return fmt.Errorf("recording: %s: the SHA-256 of its content is %s: the file was changed after it was written", name, sha)
	}
	return nil
}
