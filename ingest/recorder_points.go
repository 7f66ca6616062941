package ingest

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/tidewatch/tidewatch"
)

// recordingDetector is a detector of the segment that is being written, with the points that wait for the next Flush.
type recordingDetector struct {
	ref  uint64
	rec  recordedDetector // what it is called, for the count
	wait tidewatch.Block  // columns that follow each other
	late []int64          // when each was decided, after its grid time
	past bool             // they are history
	rows map[uint64]int   // of wait, by series
}

// maxColumns bounds what one record of points holds; an XOR chunk counts its samples in 16 bits.
const maxColumns = 1 << 14

// Points records points of a detector: what its models learnt from before it decided (history), or what it decided on at now,
// Unix milliseconds. Columns that are recorded already (a restart repeats them from the journal) are left out; history from
// an earlier time begins the detector anew.
func (r *Recorder) Points(source, expr string, now int64, history bool, b tidewatch.Block) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return
	}
	next := r.decided[b.Detector]
	switch {
	case b.From >= next, history:
	default: // repeated
		skip := min(int64(b.N), (next-b.From)/b.Step)
		b = b.Cut(int(skip), b.N)
	}
	for at := 0; at < b.N; at += maxColumns {
		r.addPoints(source, expr, now, history, b.Cut(at, min(b.N, at+maxColumns)))
	}
	if b.N > 0 {
		r.decided[b.Detector] = b.End()
	}
}

func (r *Recorder) addPoints(source, expr string, now int64, history bool, b tidewatch.Block) {
	d := r.detectors[b.Detector]
	if d == nil || d.rec.source != source || d.rec.expr != expr || d.rec.step != b.Step {
		r.putDetector(d)
		d = r.newDetector(source, expr, b)
	}
	if d.wait.N > 0 && (d.past != history || d.wait.End() != b.From || d.wait.N+b.N > maxColumns) {
		r.putDetector(d)
	}
	d.past = history
	d.take(now, b)
	if int64(d.wait.N)*int64(len(d.wait.Rows)) >= frameTarget/2 {
		r.putDetector(d)
		r.full()
	}
}

func (r *Recorder) newDetector(source, expr string, b tidewatch.Block) *recordingDetector {
	of := r.source(source)
	r.plain = binary.AppendUvarint(append(r.plain, recDetector), uint64(len(r.detectors)+1))
	d := &recordingDetector{ref: uint64(len(r.detectors) + 1)}
	d.rec = recordedDetector{name: b.Detector, source: source, expr: expr, step: b.Step}
	r.plain = binary.AppendUvarint(r.plain, of)
	r.plain = appendBytes(appendBytes(r.plain, b.Detector), expr)
	r.plain = binary.AppendUvarint(r.plain, uint64(b.Step))
	r.detectors[b.Detector] = d
	return d
}

// take puts columns behind those that wait.
func (d *recordingDetector) take(now int64, b tidewatch.Block) {
	if d.wait.N == 0 {
		d.wait = tidewatch.Block{Detector: b.Detector, From: b.From, Step: b.Step}
		d.rows, d.late = map[uint64]int{}, nil
	}
	for _, row := range b.Rows {
		i, ok := d.rows[row.Series.ID]
		if !ok {
			i = len(d.wait.Rows)
			d.rows[row.Series.ID] = i
			d.wait.Rows = append(d.wait.Rows, tidewatch.Row{Series: row.Series})
		}
		w := &d.wait.Rows[i]
		for len(w.V) < d.wait.N {
			w.V = append(w.V, math.NaN())
		}
		w.V = append(w.V, row.V...)
	}
	for i := range b.N {
		d.late = append(d.late, max(0, now-b.Time(i)))
	}
	d.wait.N += b.N
}

// putPoints writes the points that wait, in the order in which detectors came into the segment.
func (r *Recorder) putPoints() {
	all := make([]*recordingDetector, len(r.detectors))
	for _, d := range r.detectors {
		all[d.ref-1] = d
	}
	for _, d := range all {
		r.putDetector(d)
	}
}

// putDetector writes the points of one detector that wait.
func (r *Recorder) putDetector(d *recordingDetector) {
	if d == nil || d.wait.N == 0 {
		return
	}
	refs := make([]uint64, len(d.wait.Rows))
	for i, row := range d.wait.Rows {
		refs[i] = r.series("", labelFields(row.Series.Labels))
	}
	kind := uint64(0)
	if d.past {
		kind = 1
	}
	b := binary.AppendUvarint(binary.AppendUvarint(append(r.plain, recPoints), d.ref), kind)
	b = binary.AppendUvarint(binary.AppendVarint(b, d.wait.From), uint64(d.wait.N))
	for _, late := range d.late {
		if d.past {
			late = 0
		}
		b = binary.AppendUvarint(b, uint64(late))
	}
	b = binary.AppendUvarint(b, uint64(len(refs)))
	points := int64(0)
	for i, row := range d.wait.Rows {
		data, n, err := packPoints(d.wait, row.V)
		if err != nil {
			r.fail(fmt.Errorf("points of %s: %w", d.rec.name, err))
		}
		points += int64(n)
		b = appendBytes(binary.AppendUvarint(b, refs[i]), data)
	}
	r.plain = b
	r.tally.points(&d.rec, d.wait.From, d.wait.End()-d.wait.Step, points)
	d.wait = tidewatch.Block{}
	if len(r.plain) >= frameTarget {
		r.cut()
	}
}

// packPoints encodes the points of a row that are there.
func packPoints(b tidewatch.Block, v []float64) (data []byte, n int, err error) {
	c := chunkenc.NewXORChunk()
	app, err := c.Appender()
	if err != nil {
		return nil, 0, err
	}
	for i, x := range v {
		if !math.IsNaN(x) {
			app.Append(0, b.Time(i), x)
			n++
		}
	}
	return c.Bytes(), n, nil
}
