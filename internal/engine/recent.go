package engine

import (
	"encoding/binary"
	"math"

	"github.com/tidewatch/tidewatch"
)

// slotSize is the length of one point in a recent ring: y, mid, lower and upper in single precision, the anomaly score in
// hundredths.
const slotSize = 4*4 + 2

// recent is a ring of the newest points as charts, the band endpoint and exported scores show them. A point is one slot of
// bytes, as in a snapshot: a push touches one place in memory, and a snapshot copies.
type recent struct {
	slots []byte // slotSize for each of the detector's size; nil before the first point
	n     int    // points ever pushed, or held when it was restored
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

func (r *recent) push(t int64, y float64, b tidewatch.Band, score float64, size int) {
	if r.slots == nil {
		r.slots = make([]byte, size*slotSize)
	}
	s := r.slot(r.n)
	for i, v := range [4]float64{y, b.Mid, b.Lower, b.Upper} {
		binary.LittleEndian.PutUint32(s[4*i:], math.Float32bits(float32(v)))
	}
	binary.LittleEndian.PutUint16(s[16:], uint16(min(score*100, math.MaxUint16)))
	r.n++
	r.next = t
}

// slot is the place of the i-th point ever pushed.
func (r *recent) slot(i int) []byte {
	at := i % (len(r.slots) / slotSize) * slotSize
	return r.slots[at : at+slotSize : at+slotSize]
}

// held is how many points there are.
func (r *recent) held() int { return min(r.n, len(r.slots)/slotSize) }

// view returns the points with from <= t <= to.
func (r *recent) view(step, from, to int64) View {
	v := View{Step: step}
	held := r.held()
	if held == 0 {
		return v
	}
	from, to = max(from, r.next-int64(held-1)*step), min(to, r.next)
	if from > to {
		return v
	}
	// ages of the oldest and the newest point, in steps
	oldest, newest := int((r.next-from)/step), int((r.next-to+step-1)/step)
	v.grow(oldest - newest + 1)
	for k := oldest; k >= newest; k-- {
		v.append(r.next-int64(k)*step, r.slot(r.n-1-k))
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
func (e *encoder) recent(r *recent) {
	held := r.held()
	e.uint(held)
	e.i64(r.next)
	if held == 0 {
		return
	}
	oldest := (r.n - held) % (len(r.slots) / slotSize) * slotSize
	end := min(oldest+held*slotSize, len(r.slots))
	e.b = append(e.b, r.slots[oldest:end]...)
	e.b = append(e.b, r.slots[:held*slotSize-(end-oldest)]...)
}

// recent restores a ring of size points; of a longer one it keeps the newest.
func (d *decoder) recent(size int) recent {
	held := d.count(slotSize)
	r := recent{next: d.i64()}
	b := d.take(held * slotSize)
	if d.err != nil || held == 0 {
		return r
	}
	r.n = min(held, size)
	r.slots = make([]byte, size*slotSize)
	copy(r.slots, b[len(b)-r.n*slotSize:])
	return r
}
