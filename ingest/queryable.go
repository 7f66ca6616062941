package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// reader is the storage that the PromQL engine sees during one window of a read. The engine selects everything that an
// expression needs before it evaluates anything, so that the first step of any result set can read all of it at once:
// equal selectors with touching ranges are read once, different ones in one request.
type reader struct {
	remote *Remote
	ctx    context.Context // of the read; a reader lives no longer than it
	budget *budget
	whole  bool // one request or none

	wanted []*selection
	groups []*group
	parts  []part
	held   float64 // bytes reported as in flight
	once   sync.Once
	err    error
}

// selection is what one selector of the expression asked for, and where its answer is.
type selection struct {
	matchers   []*labels.Matcher
	key        string
	start, end int64
	group      *group
	err        error
}

// group is a run of touching selections with equal matchers.
type group struct {
	key        string
	start, end int64
	matchers   []*labels.Matcher
	list       []*series
}

// Querier implements storage.Queryable.
func (r *reader) Querier(mint, maxt int64) (storage.Querier, error) {
	return &querier{reader: r, mint: mint, maxt: maxt}, nil
}

type querier struct {
	noLabels
	reader     *reader
	mint, maxt int64
}

// Select notes what is wanted; the data comes with the first Next.
func (q *querier) Select(_ context.Context, _ bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	s := &selection{matchers: ms, key: matcherString(ms), start: q.mint, end: q.maxt}
	if hints != nil {
		s.start, s.end = hints.Start, hints.End
	}
	q.reader.want(s)
	return &seriesSet{reader: q.reader, selection: s}
}

// want notes a selection. One that comes after everything was read is of another evaluation over the same data.
func (r *reader) want(s *selection) {
	if r.groups == nil {
		r.wanted = append(r.wanted, s)
		return
	}
	for _, g := range r.groups {
		if g.key == s.key && g.start <= s.start && g.end >= s.end {
			s.group = g
			return
		}
	}
	s.err = fmt.Errorf("%s from %d to %d was not expected", s.key, s.start, s.end)
}

// noLabels is the part of a storage.Querier that neither the engine nor a plan asks for.
type noLabels struct{}

var errNoLabels = errors.New("a remote-read source has no label index")

// LabelValues is not something that remote-read can answer, and the engine does not ask.
func (noLabels) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, errNoLabels
}

// LabelNames is not something that remote-read can answer, and the engine does not ask.
func (noLabels) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, errNoLabels
}

// Close has nothing to release: the data goes with the read.
func (noLabels) Close() error { return nil }

// seriesSet gives the series of one selection, sorted by labels so that sums add up in the same order every time.
type seriesSet struct {
	reader    *reader
	selection *selection
	i         int
}

// Next moves to the next series; the first call reads everything that the expression selects.
func (s *seriesSet) Next() bool {
	if s.i == 0 {
		s.reader.once.Do(s.reader.load)
	}
	if s.reader.err != nil || s.selection.group == nil || s.i >= len(s.selection.group.list) {
		return false
	}
	s.i++
	return true
}

// At is the current series.
func (s *seriesSet) At() storage.Series { return s.selection.group.list[s.i-1] }

// Err is the error of the read.
func (s *seriesSet) Err() error {
	if s.reader.err != nil {
		return s.reader.err
	}
	return s.selection.err
}

// Warnings is always empty.
func (*seriesSet) Warnings() annotations.Annotations { return nil }

func (r *reader) load() { r.err = r.read() }

func (r *reader) read() error {
	r.groups = groupSelections(r.wanted)
	r.parts = make([]part, len(r.groups))
	for i, g := range r.groups {
		ms, strip := withExternal(g.matchers, r.remote.external(), r.remote.cfg.DropLabels)
		r.parts[i] = part{matchers: ms, from: g.start, to: g.end, into: newCollector(g.start, g.end, r.budget, r.remote.names.of(strip))}
	}
	fetch := r.remote.fetch
	if r.whole {
		fetch = r.remote.request
	}
	if err := fetch(r.ctx, r.parts); err != nil {
		return err
	}
	r.held = float64(r.budget.bytes)
	r.remote.inFlight().Add(r.held)
	r.remote.countSamples(r.budget.samples)
	for i, g := range r.groups {
		list, err := r.parts[i].into.finish()
		if err != nil {
			return r.remote.damaged(err)
		}
		g.list = list
		r.remote.noteNewestOf(list)
	}
	return nil
}

// noteNewestOf notes the newest sample of series that were read.
func (r *Remote) noteNewestOf(list []*series) {
	for _, s := range list {
		if n := len(s.chunks); n > 0 {
			r.noteNewest(min(s.chunks[n-1].maxt, s.maxt))
		}
	}
}

// release gives back the memory of everything that was read; no series of it may be used any more.
func (r *reader) release() {
	for _, p := range r.parts {
		p.into.release()
	}
	r.remote.inFlight().Sub(r.held)
	r.parts, r.groups, r.wanted, r.held = nil, nil, nil, 0
}

// groupSelections makes one group of equal selectors whose ranges overlap or touch, in a fixed order.
func groupSelections(wanted []*selection) []*group {
	sorted := slices.Clone(wanted)
	slices.SortStableFunc(sorted, func(a, b *selection) int {
		switch {
		case a.key != b.key && a.key < b.key, a.key == b.key && a.start < b.start:
			return -1
		case a.key == b.key && a.start == b.start:
			return 0
		default:
			return 1
		}
	})
	var (
		out  []*group
		last string
	)
	for _, s := range sorted {
		if n := len(out); n > 0 && last == s.key && s.start <= out[n-1].end+1 {
			out[n-1].end = max(out[n-1].end, s.end)
		} else {
			out = append(out, &group{key: s.key, start: s.start, end: s.end, matchers: s.matchers})
		}
		last, s.group = s.key, out[len(out)-1]
	}
	return out
}
