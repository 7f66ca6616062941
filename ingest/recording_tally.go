package ingest

import (
	"cmp"
	"slices"
)

// tally counts what is in a segment, for the manifest.
type tally struct {
	series  int
	c       SegmentContent
	ranges  map[[2]string][]span // by source and selector
	details []RecordedPoints
}

func (t *tally) chunk(c *wireChunk) {
	k := chunk{enc: c.enc, size: len(c.data), padded: c.data}
	t.c.cover(c.mint, c.maxt)
	t.c.Chunks++
	t.c.Samples += int64(k.samples())
}

func (t *tally) answered(source, selector string, from, to int64) {
	if t.ranges == nil {
		t.ranges = map[[2]string][]span{}
	}
	key := [2]string{source, selector}
	t.ranges[key] = mergeSpans(append(t.ranges[key], span{from, to}))
}

// points counts points of a detector between two grid times.
func (t *tally) points(d *recordedDetector, from, to, n int64) {
	t.c.cover(from, to)
	t.c.Points += n
	for i := range t.details {
		p := &t.details[i]
		if p.Detector == d.name && p.Source == d.source && p.Expr == d.expr && p.Step == d.step {
			p.From, p.To, p.Points = min(p.From, from), max(p.To, to), p.Points+n
			return
		}
	}
	t.details = append(t.details, RecordedPoints{
		Detector: d.name, Source: d.source, Expr: d.expr, Step: d.step, From: from, To: to, Points: n,
	})
}

// content is the count in a fixed order.
func (t *tally) content() SegmentContent {
	c := t.c
	c.Series = t.series
	for key, ranges := range t.ranges {
		for _, r := range ranges {
			c.Selectors = append(c.Selectors, RecordedRange{Source: key[0], Selector: key[1], From: r.from, To: r.to})
		}
	}
	slices.SortFunc(c.Selectors, func(a, b RecordedRange) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Selector, b.Selector), cmp.Compare(a.From, b.From))
	})
	c.Detectors = slices.Clone(t.details)
	slices.SortFunc(c.Detectors, func(a, b RecordedPoints) int {
		return cmp.Or(cmp.Compare(a.Detector, b.Detector), cmp.Compare(a.Expr, b.Expr), cmp.Compare(a.From, b.From))
	})
	return c
}
