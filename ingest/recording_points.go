package ingest

import (
	"context"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/tidewatch/tidewatch"
)

// recordedDetector are the points that one detector decided on.
type recordedDetector struct {
	name, source, expr string
	step               int64
	stretches          []stretch
}

// stretch is a record of points.
type stretch struct {
	from  int64
	n     int
	late  []int64 // nil in history
	frame int32
	at    int32 // of the rows, in the frame
	rows  int
	byRef map[uint64]*recordedSeries // of the segment
}

func (s *stretch) end(step int64) int64 { return s.from + int64(s.n)*step }

// load notes where a record of points is. A detector that learns its history again begins anew: what was decided before was
// decided by a model that is gone.
func (d *recordedDetector) load(l *segmentLoader, p pointsRecord) error {
	if p.n == 0 || p.from%d.step != 0 {
		return fmt.Errorf("%d points of %s from %d on, which is not on its grid", p.n, d.name, p.from)
	}
	s := stretch{from: p.from, n: p.n, frame: l.current, at: int32(p.at), rows: p.rows, byRef: l.byRef}
	if !p.history {
		s.late = p.late
		l.span(p.from+p.late[0], s.end(d.step)-d.step+p.late[p.n-1])
	}
	if n := len(d.stretches); n > 0 && s.from < d.stretches[n-1].end(d.step) {
		d.stretches = nil
	}
	d.stretches = append(d.stretches, s)
	points, err := s.walk(p.body, func(*recordedSeries, []byte) error { return nil })
	l.tally.points(d, s.from, s.end(d.step)-d.step, points)
	return err
}

// Tick is a stretch of a detector's grid that was decided at one time: N points from From on, at Now. Unix milliseconds.
type Tick struct {
	Now, From int64
	N         int
}

// Ticks are the times at which a detector's points were decided, in order; none where only history was recorded, or for another
// source, expression or step.
func (r *Recording) Ticks(source string, q Query) []Tick {
	d := r.detectors[q.Detector]
	if !d.has(q, source) {
		return nil
	}
	var out []Tick
	for i := range d.stretches {
		s := &d.stretches[i]
		for k, late := range s.late {
			t := s.from + int64(k)*d.step
			if n := len(out); n > 0 && out[n-1].Now == t+late && out[n-1].From+int64(out[n-1].N)*d.step == t {
				out[n-1].N++
			} else {
				out = append(out, Tick{Now: t + late, From: t, N: 1})
			}
		}
	}
	return out
}

// walk calls each with every row of a stretch, and counts its points.
func (s *stretch) walk(f fields, each func(*recordedSeries, []byte) error) (points int64, err error) {
	for range s.rows {
		ref, data := f.u(), f.s()
		one, ok := s.byRef[ref]
		if f.bad || !ok || len(data) < 2 {
			return points, errNoSuchRef
		}
		k := chunk{enc: chunkenc.EncXOR, size: len(data), padded: data}
		points += int64(k.samples())
		if err := each(one, data); err != nil {
			return points, err
		}
	}
	return points, nil
}

// has says whether the points are those of the query's expression and grid.
func (d *recordedDetector) has(q Query, source string) bool {
	return d != nil && d.source == source && d.expr == q.Expr && d.step == q.Step && len(d.stretches) > 0
}

// lacks says what of the query's range was not decided on; "" if all was.
func (d *recordedDetector) lacks(q Query) string {
	var have []span
	for i := range d.stretches {
		have = append(have, span{d.stretches[i].from, d.stretches[i].end(d.step) - 1})
	}
	have = mergeSpans(have)
	for _, h := range have {
		if h.from <= q.From && q.To <= h.to {
			return ""
		}
	}
	return fmt.Sprintf("points of %s from %s to %s; it has %s", q.Detector, showTime(q.From), showTime(q.To), showSpans(have))
}

// readPoints lays recorded points on the query's grid.
func (r *Recording) readPoints(ctx context.Context, d *recordedDetector, q Query) (tidewatch.Block, error) {
	rs := newRows(q, labels.EmptyLabels()) // they have the source's labels already
	for i := range d.stretches {
		s := &d.stretches[i]
		if s.end(d.step) <= q.From || s.from > q.To {
			continue
		}
		if ctx.Err() != nil {
			return tidewatch.Block{}, ctx.Err()
		}
		plain, err := r.unpacked(s.frame)
		if err != nil {
			return tidewatch.Block{}, err
		}
		var m promql.Matrix
		_, err = s.walk(fields{b: plain, at: int(s.at)}, func(one *recordedSeries, data []byte) error {
			floats, err := pointsBetween(data, q)
			if len(floats) > 0 {
				m = append(m, promql.Series{Metric: one.lset, Floats: floats})
			}
			return err
		})
		if err != nil {
			return tidewatch.Block{}, fmt.Errorf("recording: points of %s: %w", d.name, err)
		}
		if err := rs.add(m); err != nil {
			return tidewatch.Block{}, err
		}
	}
	if err := rs.tooMany(); err != nil {
		return tidewatch.Block{}, err
	}
	return rs.block(), nil
}

func pointsBetween(data []byte, q Query) ([]promql.FPoint, error) {
	padded := append(append(make([]byte, 0, len(data)+slack), data...), make([]byte, slack)...)
	ts, vs, _, err := decodeXOR(padded, len(data), nil, nil)
	if err != nil {
		return nil, err
	}
	var out []promql.FPoint
	for i, t := range ts {
		if t >= q.From && t <= q.To {
			if (t-q.From)%q.Step != 0 || math.IsNaN(vs[i]) {
				return nil, fmt.Errorf("a point at %d with the value %v", t, vs[i])
			}
			out = append(out, promql.FPoint{T: t, F: vs[i]})
		}
	}
	return out, nil
}
