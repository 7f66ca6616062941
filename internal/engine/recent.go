package engine

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/tidewatch/tidewatch"
)

// slotSize is the length of one point in a recent ring: y, mid, lower and upper in single precision, the anomaly score in
// hundredths.
const slotSize = 4*4 + 2

// recent is a ring of the newest points as charts, the band endpoint and exported scores show them: a place in the memory of many.
type recent struct {
	*shelf
	place uint32
	held  uint32 // points that are held, at most the shelf's columns
	next  int64  // grid time of the newest point
}

// View is a stretch of a series' recent points, oldest first; NaN where there is nothing.
type View struct {
	Series                      tidewatch.Series
	Detector                    string
	Step                        int64 // milliseconds between points
	T                           []int64
	Y, Mid, Lower, Upper, Score []float64
}

func (r *recent) push(t, step int64, y float64, b tidewatch.Band, score float64) {
	s := r.slot(t / step)
	for i, v := range [4]float64{y, b.Mid, b.Lower, b.Upper} {
		binary.LittleEndian.PutUint32(s[4*i:], math.Float32bits(float32(v)))
	}
	binary.LittleEndian.PutUint16(s[16:], uint16(min(score*100, math.MaxUint16)))
	r.held = min(r.held+1, uint32(r.columns))
	r.next = t
}

// slot is the place of the point of the given grid index.
func (r *recent) slot(k int64) []byte { return r.in(r.column(k)) }

// column is that of a grid index.
func (r *recent) column(k int64) int {
	column := int(k % int64(r.columns))
	if column < 0 {
		column += r.columns
	}
	return column
}

// in is the ring's place in a column.
func (r *recent) in(column int) []byte {
	at := (column*r.rows + int(r.place)) * slotSize
	return r.b[at : at+slotSize : at+slotSize]
}

// view returns the points with from <= t <= to.
func (r *recent) view(step, from, to int64) View {
	v := View{Step: step}
	if r.held == 0 {
		return v
	}
	from, to = max(from, r.next-int64(r.held-1)*step), min(to, r.next)
	if from > to {
		return v
	}
	// ages of the oldest and the newest point, in steps
	oldest, newest := int((r.next-from)/step), int((r.next-to+step-1)/step)
	v.grow(oldest - newest + 1)
	for k := oldest; k >= newest; k-- {
		t := r.next - int64(k)*step
		v.append(t, r.slot(t/step))
	}
	return v
}

// grow makes room for n points.
func (v *View) grow(n int) {
	if n <= 0 {
		return
	}
	v.T = make([]int64, 0, n)
	values := make([]float64, 5*n)
	for i, to := range []*[]float64{&v.Y, &v.Mid, &v.Lower, &v.Upper, &v.Score} {
		*to = values[i*n : i*n : (i+1)*n]
	}
}

func (v *View) append(t int64, slot []byte) {
	single := func(i int) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(slot[4*i:]))) }
	v.T = append(v.T, t)
	v.Y, v.Mid = append(v.Y, single(0)), append(v.Mid, single(1))
	v.Lower, v.Upper = append(v.Lower, single(2)), append(v.Upper, single(3))
	v.Score = append(v.Score, float64(binary.LittleEndian.Uint16(slot[16:]))/100)
}

// recent appends the points, oldest first.
func (e *encoder) recent(r *recent, step int64) {
	e.uint(int(r.held))
	e.i64(r.next)
	if r.held == 0 {
		return
	}
	b := slices.Grow(e.b, int(r.held)*slotSize)
	column := r.column(r.next/step - int64(r.held) + 1)
	for range r.held {
		b = append(b, r.in(column)...)
		if column++; column == r.columns {
			column = 0
		}
	}
	e.b = b
}

// recent fills an empty ring; of more points than it has room for it keeps the newest.
func (d *decoder) recent(r *recent, step int64) {
	held := d.count(slotSize)
	r.next = d.i64()
	b := d.take(held * slotSize)
	if d.err != nil {
		return
	}
	r.held = uint32(min(held, r.columns))
	for k := range int64(r.held) {
		copy(r.slot(r.next/step-k), b[(held-1-int(k))*slotSize:])
	}
}
