package app

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// cursor reads a detector's range in stretches and hands out what is due.
type cursor struct {
	d      configs.Detector
	source ingest.Source
	ticks  []ingest.Tick // when it was decided; none: at its due times
	begun  bool          // its training is over
	block  tidewatch.Block
	loaded bool
}

// begins is when the detector decides for the first time, in a replay that begins at from.
func (c *cursor) begins(from int64) int64 {
	if len(c.ticks) > 0 {
		return c.ticks[0].Now
	}
	return from
}

// trainedTo is the newest grid point of the history of a detector that begins at now.
func (c *cursor) trainedTo(now int64) int64 {
	if len(c.ticks) > 0 {
		return c.ticks[0].From - c.d.Step.Milliseconds()
	}
	return newestDue(c.d, now-1)
}

// nextDue is the first time after now at which points of the detector are decided.
func (c *cursor) nextDue(now int64) int64 {
	if len(c.ticks) == 0 {
		return nextDue(c.d, now)
	}
	if i := c.tick(now + 1); i < len(c.ticks) {
		return c.ticks[i].Now
	}
	return math.MaxInt64
}

// tick is the index of the first tick at or after now.
func (c *cursor) tick(now int64) int {
	i, _ := slices.BinarySearchFunc(c.ticks, now, func(t ingest.Tick, now int64) int { return cmp.Compare(t.Now, now) })
	return i
}

// take gives the points that are due at now, in a replay that ends at to.
func (c *cursor) take(ctx context.Context, now, to int64) (tidewatch.Block, error) {
	if len(c.ticks) == 0 {
		return c.column(ctx, newestDue(c.d, now), newestDue(c.d, to))
	}
	i := c.tick(now)
	t, step := c.ticks[i], c.d.Step.Milliseconds()
	for _, more := range c.ticks[i+1:] { // a long stretch after an outage is decided in parts
		if more.Now != now || more.From != t.From+int64(t.N)*step {
			break
		}
		t.N += more.N
	}
	if t.N > 1 {
		return readBehind(ctx, c.source, c.d, query(c.d, t.From, t.From+int64(t.N-1)*step))
	}
	last := c.ticks[len(c.ticks)-1]
	return c.column(ctx, t.From, last.From+int64(last.N-1)*step)
}

// column returns the block of grid time t alone; stretches up to last are read ahead.
func (c *cursor) column(ctx context.Context, t, last int64) (tidewatch.Block, error) {
	if !c.loaded || t < c.block.From || t >= c.block.End() {
		b, err := readBehind(ctx, c.source, c.d, query(c.d, t, spans(t, max(last, t), c.d.Step)[0][1]))
		if err != nil {
			return tidewatch.Block{}, err
		}
		c.block, c.loaded = b, true
	}
	i := int((t - c.block.From) / c.block.Step)
	out := tidewatch.Block{Detector: c.d.Name, From: t, Step: c.block.Step, N: 1, Rows: make([]tidewatch.Row, 0, len(c.block.Rows))}
	for _, row := range c.block.Rows {
		if v := row.V[i]; !math.IsNaN(v) {
			out.Rows = append(out.Rows, tidewatch.Row{Series: row.Series, V: row.V[i : i+1]})
		}
	}
	return out, nil
}
