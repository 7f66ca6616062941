package ingest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// segmentLoader puts the records of one segment into the index of a recording.
type segmentLoader struct {
	r       *Recording
	file    int
	current int32
	tally   tally
	sources map[uint64]*recordedSource
	byRef   map[uint64]*recordedSeries
	dets    map[uint64]*recordedDetector
	builder labels.ScratchBuilder
}

func (l *segmentLoader) frame(offset, size int64) {
	l.current = int32(len(l.r.frames))
	l.r.frames = append(l.r.frames, recordedFrame{file: l.file, offset: offset, size: size})
}

func (l *segmentLoader) source(ref uint64, name, url string, external labels.Labels) {
	s, ok := l.r.sources[name]
	if !ok {
		s = &recordedSource{byKey: map[string]*recordedSeries{}}
		l.r.sources[name] = s
	}
	s.name, s.url, s.external = name, url, external
	if l.sources == nil {
		l.sources = map[uint64]*recordedSource{}
	}
	l.sources[ref] = s
}

var errNoSuchRef = errors.New("it names something that no record before it does")

func (l *segmentLoader) series(ref, source uint64, key []byte) error {
	lset, err := decodeLabels(key, &l.builder)
	if err != nil {
		return err
	}
	if l.byRef == nil {
		l.byRef = map[uint64]*recordedSeries{}
	}
	l.tally.series++
	if source == 0 {
		l.byRef[ref] = &recordedSeries{lset: lset}
		return nil
	}
	s, ok := l.sources[source]
	if !ok {
		return errNoSuchRef
	}
	one, ok := s.byKey[string(key)]
	if !ok {
		one = &recordedSeries{key: slices.Clone(key), lset: lset}
		s.byKey[string(key)] = one
		s.series = append(s.series, one)
	}
	l.byRef[ref] = one
	return nil
}

func (l *segmentLoader) chunk(series uint64, c wireChunk, at int) error {
	s, ok := l.byRef[series]
	if !ok {
		return errNoSuchRef
	}
	s.chunks = append(s.chunks, recordedChunk{
		mint: c.mint, maxt: c.maxt, frame: l.current, at: int32(at), size: int32(len(c.data)), enc: c.enc,
	})
	l.tally.chunk(&c)
	return nil
}

func (l *segmentLoader) answered(source uint64, selector string, from, to int64) error {
	s, ok := l.sources[source]
	if !ok {
		return errNoSuchRef
	}
	ms, err := parseSelector(selector)
	if err != nil {
		return err
	}
	s.answered = append(s.answered, answered{matchers: ms, from: from, to: to})
	l.tally.answered(s.name, selector, from, to)
	return nil
}

// parseSelector cuts a selector as matcherString writes it into its matchers; {} selects everything.
func parseSelector(selector string) ([]string, error) {
	if selector == "{}" {
		return nil, nil
	}
	ms, err := exprParser.ParseMetricSelector(selector)
	if err != nil {
		return nil, fmt.Errorf("selector %s: %w", selector, err)
	}
	out := make([]string, len(ms))
	for i, m := range ms {
		out[i] = m.String()
	}
	return out, nil
}

func (l *segmentLoader) detector(ref, source uint64, name, expr string, step int64) error {
	s, ok := l.sources[source]
	if !ok {
		return errNoSuchRef
	}
	if l.dets == nil {
		l.dets = map[uint64]*recordedDetector{}
	}
	d, ok := l.r.detectors[name]
	if !ok || d.source != s.name || d.expr != expr || d.step != step {
		d = &recordedDetector{name: name, source: s.name, expr: expr, step: step} // what came before was another detector's
		l.r.detectors[name] = d
	}
	l.dets[ref] = d
	return nil
}

func (l *segmentLoader) points(p pointsRecord) error {
	d, ok := l.dets[p.detector]
	if !ok {
		return errNoSuchRef
	}
	return d.load(l, p)
}

func (l *segmentLoader) span(from, to int64) {
	if l.r.From == 0 || from < l.r.From {
		l.r.From = from
	}
	l.r.To = max(l.r.To, to)
}

func newSection(r io.ReaderAt, offset, size int64) io.Reader {
	return io.NewSectionReader(r, offset, size)
}

// span is a range of times, both ends included, Unix milliseconds.
type span struct{ from, to int64 }

// mergeSpans gives the ranges in order, those that touch as one.
func mergeSpans(all []span) []span {
	slices.SortFunc(all, func(a, b span) int {
		switch {
		case a.from < b.from:
			return -1
		case a.from > b.from:
			return 1
		}
		return 0
	})
	var out []span
	for _, s := range all {
		if n := len(out); n > 0 && s.from <= out[n-1].to+1 {
			out[n-1].to = max(out[n-1].to, s.to)
		} else {
			out = append(out, s)
		}
	}
	return out
}

func showTime(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.999Z07:00")
}

// showSpans names the first few ranges and how many there are beside them.
func showSpans(all []span) string {
	const most = 3
	var parts []string
	for i, s := range all {
		if i == most {
			parts = append(parts, fmt.Sprintf("%d more ranges", len(all)-most))
			break
		}
		parts = append(parts, showTime(s.from)+" to "+showTime(s.to))
	}
	return strings.Join(parts, ", ")
}
