package models

import "math"

// Constants of the short memory.
const (
	arOrder  = 10
	arMoment = (arOrder + 1) * (arOrder + 2) / 2
	arEvery  = 64   // learnt points between two solves
	arMemory = 2000 // points after which a product has faded to 1/e
	arMost   = 1 << 15
	arRidge  = 1e-3 // of the variance
)

// short is the short memory: a ridge autoregression of the deviation from level and season on its own last ten values, by
// exponentially forgotten normal equations with Huber weights. It is used while it lowers the prequential absolute loss.
type short struct {
	lags   [arOrder]float32  // deviations, newest first; missing and anomalous ones are replaced by bounded guesses
	moment [arMoment]float32 // means of products of (target, lag 1 … lag 10), standardised, upper triangle by rows
	coef   [arOrder]float32
	loss   [2]float32 // mean |e| without and with it
	n      uint16     // points learnt; where they are arMost, half of them
	use    bool
	since  int8 // points since the last missing one, at most arOrder
}

// guess is the expected deviation, whether used or not.
func (a *short) guess() float64 {
	sum := 0.0
	for i, c := range a.coef {
		sum += float64(float64(c) * float64(a.lags[i]))
	}
	return sum
}

// push makes e the newest lag.
func (a *short) push(e float64) {
	copy(a.lags[1:], a.lags[:arOrder-1])
	a.lags[0] = float32(e)
}

// learn updates the moments with the deviation e, before it is pushed. scale is the mean |e| and weight the Huber weight.
func (a *short) learn(e, guess, scale, weight float64) {
	if a.n++; a.n == arMost {
		a.n /= 2
	}
	rate := max(1/float64(a.n), 1.0/arMemory)
	blend(&a.loss[0], math.Abs(e), max(rate, 1.0/500))
	blend(&a.loss[1], math.Abs(e-guess), max(rate, 1.0/500))
	inverse := 1 / scale
	var v [arOrder + 1]float32
	v[0] = standard(e * inverse)
	for i, l := range a.lags {
		v[i+1] = standard(float64(l) * inverse)
	}
	r, w, k := float32(rate), float32(weight), 0
	for i, x := range v {
		x *= w
		with := v[i:]
		products := a.moment[k : k+len(with)]
		for n, y := range with {
			m := products[n]
			products[n] = m + float32(r*float32(float32(x*y)-m))
		}
		k += len(with)
	}
	if a.n%arEvery == 0 {
		a.solve()
	}
}

// standard bounds a deviation over its usual size.
func standard(e float64) float32 { return float32(min(max(e, -8), 8)) }

// fade lets new points outweigh what was learnt so far.
func (a *short) fade() { a.n = min(a.n, 4*arEvery) }

// solve finds the coefficients; where the equations cannot be solved the old ones stay.
func (a *short) solve() {
	power := float64(a.moment[0])
	if power <= 1e-9 {
		return
	}
	ridge := power * (arRidge + 5/float64(a.n))
	var q [arOrder][arOrder]float64 // the lower triangle: first of the equations, then of their factor
	var x [arOrder]float64
	k := arOrder + 1
	for j := range arOrder {
		x[j] = float64(a.moment[j+1])
		for i := j; i < arOrder; i++ {
			q[i][j] = float64(a.moment[k])
			k++
		}
		q[j][j] += ridge
	}
	if !factorize(&q) {
		return
	}
	substitute(&q, &x)
	for i, c := range x {
		a.coef[i] = float32(min(max(c, -4), 4))
	}
	a.use = a.loss[1] < 0.98*a.loss[0]
}

// factorize replaces the lower triangle of a symmetric matrix by its Cholesky factor (Golub & Van Loan, "Matrix Computations", algorithm
// 4.2.1), or reports that it is not positive definite. Plain loops over so few rows are several times as fast as a library.
func factorize(q *[arOrder][arOrder]float64) bool {
	for j := range arOrder {
		for k := range j {
			for i := j; i < arOrder; i++ {
				q[i][j] -= float64(q[i][k] * q[j][k])
			}
		}
		if !(q[j][j] > 0) {
			return false
		}
		d := math.Sqrt(q[j][j])
		for i := j; i < arOrder; i++ {
			q[i][j] /= d
		}
	}
	return true
}

// substitute solves the equations of the factor q for the right side x.
func substitute(q *[arOrder][arOrder]float64, x *[arOrder]float64) {
	for i := range arOrder {
		for k := range i {
			x[i] -= float64(q[i][k] * x[k])
		}
		x[i] /= q[i][i]
	}
	for i := arOrder - 1; i >= 0; i-- {
		for k := i + 1; k < arOrder; k++ {
			x[i] -= float64(q[k][i] * x[k])
		}
		x[i] /= q[i][i]
	}
}

func (a *short) visit(c *codec) {
	c.f32s(a.lags[:])
	c.f32s(a.moment[:])
	c.f32s(a.coef[:])
	c.f32s(a.loss[:])
	n := int32(a.n)
	c.i32(&n)
	c.within("points of the short memory", float64(n), 0, math.MaxInt32)
	a.n = uint16(n)
	if n >= arMost {
		a.n = uint16(arMost/2 + n%(arMost/2))
	}
	c.bool(&a.use)
}
