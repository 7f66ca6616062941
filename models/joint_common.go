package models

import (
	"sync"

	"gonum.org/v1/gonum/mat"
)

// common tells what the series of a group do together from what one does alone. It keeps the second moments C of the bent
// residuals y and weighs a point by yᵀ(I + C/λ)⁻¹y: a direction in which the group often moves, which principal component analysis
// would remove, counts by 1/(1 + v/λ) of its variance v, a direction in which it never moved counts fully (ridge-regularised
// Mahalanobis distance; Ledoit & Wolf 2004 shrink towards the identity in the same way).
type common struct {
	n      int       // series
	learnt int32     // points in the moments
	moment []float32 // C, upper triangle by rows
	weight []float32 // (I + C/λ)⁻¹ at the last estimate, full
}

const (
	commonRidge = 1   // λ, in the unit of evidence: log(1 + z²/3)
	commonEvery = 512 // learnt points between two estimates
)

// resize makes room for n series, keeping what is known.
func (c *common) resize(n int) {
	moment, weight := make([]float32, n*(n+1)/2), make([]float32, n*n)
	k := 0
	for i := range n {
		weight[i*n+i] = 1
		for j := i; j < n; j++ {
			if j < c.n {
				moment[k] = c.moment[c.at(i, j)]
				weight[i*n+j] = c.weight[i*c.n+j]
				weight[j*n+i] = weight[i*n+j]
			}
			k++
		}
	}
	c.n, c.moment, c.weight = n, moment, weight
}

// at is the place of row i, column j >= i in the upper triangle.
func (c *common) at(i, j int) int { return i*c.n - i*(i-1)/2 + j - i }

// clear forgets what is known of a series.
func (c *common) clear(row int) {
	for j := range c.n {
		c.moment[c.at(min(row, j), max(row, j))] = 0
		c.weight[row*c.n+j], c.weight[j*c.n+row] = 0, 0
	}
	c.weight[row*c.n+row] = 1
}

// part is series i's summand of the weighed sum.
func (c *common) part(i int, y []float64) float64 {
	if y[i] == 0 {
		return 0
	}
	sum := 0.0
	for j, w := range c.weight[i*c.n : (i+1)*c.n] {
		sum += float64(float64(w) * y[j])
	}
	return float64(y[i] * sum)
}

// learn takes a calm point into the moments.
func (c *common) learn(y []float64) {
	c.learnt = min(c.learnt+1, 1<<30)
	rate := float32(max(1/float64(c.learnt), 1/usualMemory))
	k := 0
	for i, a := range y {
		f := float32(a)
		for _, b := range y[i:] {
			m := c.moment[k]
			c.moment[k] = m + float32(rate*float32(float32(f*float32(b))-m))
			k++
		}
	}
	if c.learnt%commonEvery == 0 {
		c.estimate()
	}
}

// commonWork is the room of one estimate.
type commonWork struct {
	a, inverse *mat.SymDense
	chol       mat.Cholesky
}

var commonPool sync.Pool

// estimate solves for the weights; where that cannot be done the old ones stay.
func (c *common) estimate() {
	w, ok := commonPool.Get().(*commonWork)
	if !ok || w.a.SymmetricDim() != c.n {
		w = &commonWork{a: mat.NewSymDense(c.n, nil), inverse: mat.NewSymDense(c.n, nil)}
	}
	defer commonPool.Put(w)
	k := 0
	for i := range c.n {
		for j := i; j < c.n; j++ {
			v := float64(c.moment[k]) / commonRidge
			if i == j {
				v++
			}
			w.a.SetSym(i, j, v)
			k++
		}
	}
	if !w.chol.Factorize(w.a) || w.chol.InverseTo(w.inverse) != nil {
		return
	}
	for i := range c.n {
		for j := range c.n {
			c.weight[i*c.n+j] = float32(w.inverse.At(i, j))
		}
	}
}
