package engine

import (
	"math"

	"github.com/tidewatch/tidewatch"
)

// recent is a ring of the newest points as charts, the band endpoint and exported scores show them: 18 bytes a point in
// single precision, one point every stride grid steps.
type recent struct {
	y, mid, lower, upper []float32
	score                []uint16 // anomaly_score in hundredths
	n                    int      // points ever pushed
	next                 int64    // grid time of the next slot
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
	if r.y == nil {
		r.y, r.mid = make([]float32, size), make([]float32, size)
		r.lower, r.upper = make([]float32, size), make([]float32, size)
		r.score = make([]uint16, size)
	}
	i := r.n % len(r.y)
	r.y[i], r.mid[i] = float32(y), float32(b.Mid)
	r.lower[i], r.upper[i] = float32(b.Lower), float32(b.Upper)
	r.score[i] = uint16(min(score*100, math.MaxUint16))
	r.n++
	r.next = t
}

// view returns the points with from <= t <= to.
func (r *recent) view(step, from, to int64) View {
	v := View{Step: step}
	held := min(r.n, len(r.y))
	for k := held - 1; k >= 0; k-- {
		t := r.next - int64(k)*step
		if t < from || t > to {
			continue
		}
		i := (r.n - 1 - k) % len(r.y)
		v.T = append(v.T, t)
		v.Y = append(v.Y, float64(r.y[i]))
		v.Mid = append(v.Mid, float64(r.mid[i]))
		v.Lower = append(v.Lower, float64(r.lower[i]))
		v.Upper = append(v.Upper, float64(r.upper[i]))
		v.Score = append(v.Score, float64(r.score[i])/100)
	}
	return v
}
