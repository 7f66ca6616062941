package engine

import (
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// Record is one input of the core as the journal keeps it: the decision time and the points that were decided on. Feeding
// the same records to the same snapshot gives the same decisions.
type Record struct {
	Now      int64  // Unix milliseconds, after Core has made it monotonic
	Notes    []Note // taken before the blocks
	Blocks   []tidewatch.Block
	Controls []alerting.Control // what people asked for; such a record has no blocks and no notes
	Resumed  bool               // nothing was decided or sent until Now, see Core.Resume; such a record has nothing else
}

// recordVersion is of records with blocks alone, which older releases read as well; in the others controls follow as JSON, notes
// stand before the blocks, or there is nothing but the time.
const (
	recordVersion        = 1
	recordVersionControl = 2
	recordVersionNotes   = 3
	recordVersionResumed = 4
)

// Append encodes the record. The labels of series that known reports are left out: the core has them already when it reads
// the record. A nil known writes all.
func (r Record) Append(b []byte, known func(detector string, id uint64) bool) []byte {
	version := r.version()
	e := encoder{b: append(slices.Grow(b, r.size()), version)}
	e.i64(r.Now)
	if version == recordVersionNotes {
		e.uint(len(r.Notes))
		for _, n := range r.Notes {
			e.note(n)
		}
	}
	e.uint(len(r.Blocks))
	for _, blk := range r.Blocks {
		e.str(blk.Detector)
		e.i64(blk.From)
		e.i64(blk.Step)
		e.uint(blk.N)
		e.uint(len(blk.Rows))
		for _, row := range blk.Rows {
			e.u64(row.Series.ID)
			if known != nil && known(blk.Detector, row.Series.ID) {
				e.labels(labels.EmptyLabels())
			} else {
				e.labels(row.Series.Labels)
			}
			for _, v := range row.V {
				e.f64(v)
			}
		}
	}
	if len(r.Controls) > 0 {
		e.controls(r.Controls)
	}
	return e.b
}

func (r Record) version() byte {
	switch {
	case r.Resumed:
		return recordVersionResumed
	case len(r.Controls) > 0:
		return recordVersionControl
	case len(r.Notes) > 0:
		return recordVersionNotes
	default:
		return recordVersion
	}
}

// Labelled is blocks of a decoded record with the labels that Append left out, in place. The core must have run them.
func (c *Core) Labelled(blocks []tidewatch.Block) []tidewatch.Block {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, b := range blocks {
		d := c.engine.find(b.Detector)
		for i := range b.Rows {
			if s := &b.Rows[i].Series; d != nil && s.Labels.IsEmpty() {
				s.Labels = d.labelsOf(s.ID)
			}
		}
	}
	return blocks
}

// labelsOf are the labels of a series that the detector knows.
func (d *detector) labelsOf(id uint64) labels.Labels {
	if d.Join == nil {
		if g := d.group(id); g != nil {
			return g.rows[0].series.Labels
		}
	} else if g := d.home[id]; g != nil {
		if i, ok := g.members().find(id); ok {
			return g.members()[i].series.Labels
		}
	}
	return labels.EmptyLabels()
}

// size is roughly the length of the encoded record without labels.
func (r Record) size() int {
	n := 16
	for _, blk := range r.Blocks {
		n += len(blk.Detector) + 32 + len(blk.Rows)*(9+8*blk.N)
	}
	return n
}

// DecodeRecord restores a record.
func DecodeRecord(b []byte) (Record, error) {
	d := decoder{b: b}
	version := d.take(1)[0]
	if version < recordVersion || version > recordVersionResumed {
		return Record{}, fmt.Errorf("journal record has version %d, want %d to %d", version, recordVersion, recordVersionResumed)
	}
	r := Record{Now: d.i64(), Resumed: version == recordVersionResumed}
	if version == recordVersionNotes {
		for range d.count(10) {
			r.Notes = append(r.Notes, d.note())
		}
	}
	r.Blocks = make([]tidewatch.Block, d.count(1))
	for i := range r.Blocks {
		blk := tidewatch.Block{Detector: d.str(), From: d.i64(), Step: d.i64(), N: d.uint()}
		blk.Rows = make([]tidewatch.Row, d.count(8))
		for k := range blk.Rows {
			id := d.u64()
			row := tidewatch.Row{Series: tidewatch.Series{ID: id, Labels: d.labels()}}
			if blk.N*8 > len(d.b) {
				return Record{}, errShort
			}
			row.V = make([]float64, blk.N)
			for j := range row.V {
				row.V[j] = math.Float64frombits(d.u64())
			}
			blk.Rows[k] = row
		}
		r.Blocks[i] = blk
	}
	if version == recordVersionControl && d.err == nil {
		var err error
		if r.Controls, err = d.controls(); err != nil {
			return Record{}, err
		}
	}
	return r, d.err
}
