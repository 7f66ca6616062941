package baseline

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/tidewatch/tidewatch/models"
)

// keptVariance is the share of the channels' variance that the kept components explain.
const keptVariance = 0.9

// pcaLeast is the least standard deviation of a channel's residual, in standard deviations of the channel: one that the kept
// components explain fully would otherwise divide by nothing.
const pcaLeast = 0.1

// zLargest bounds a standardised value, so that one absurd channel leaves the others' residuals exact.
const zLargest = 1e3

var pcaSpec = multivariate("pca", "Residual of the channels outside the components that hold 90 % of their variance, standardised per channel; refitted daily, forgetting over a week.",
	func(c models.Config) (jointJudge, int) {
		n := c.Rows
		return &pca{
			drifting: newDrifting(c), every: points(c, day), warm: warmUp(c), products: mat.NewSymDense(n, nil),
			z: make([]float64, n), scale: make([]float64, n),
		}, warmUp(c)
	})

type pca struct {
	drifting
	every, warm int
	seen        int
	products    *mat.SymDense // forgetting mean of z zᵀ

	fitted     []drift   // the channels as the fit saw them
	components []float64 // one after the other, c.Rows each
	scale      []float64 // standard deviation of each channel's residual
	z          []float64 // scratch
}

// standardise fills p.z; a missing value is its mean.
func (p *pca) standardise(x []float64, by []drift) {
	for i, v := range x {
		p.z[i] = 0
		if z := by[i].z(v); !math.IsNaN(z) {
			p.z[i] = math.Copysign(min(z, zLargest), v-by[i].mean)
		}
	}
}

// score is the root mean square of the standardised residuals of the channels that have a value.
func (p *pca) score(x []float64) float64 {
	p.standardise(x, p.fitted)
	rows := len(x)
	for at := 0; at < len(p.components); at += rows {
		v := p.components[at : at+rows]
		dot := 0.0
		for i, z := range p.z {
			dot += float64(v[i] * z)
		}
		for i := range p.z {
			p.z[i] -= float64(v[i] * dot)
		}
	}
	sum, n := 0.0, 0.0
	for i, v := range x {
		if !math.IsNaN(v) {
			r := p.z[i] / p.scale[i]
			sum += float64(r * r)
			n++
		}
	}
	return min(math.Sqrt(sum/max(n, 1)), most)
}

func (p *pca) learn(x []float64) {
	p.drifting.learn(x)
	p.standardise(x, p.channels)
	p.seen++
	w := max(1/float64(p.seen), p.least)
	raw := p.products.RawSymmetric() // its upper triangle counts
	for i, a := range p.z {
		for j, old := range raw.Data[i*raw.Stride+i : i*raw.Stride+len(p.z)] {
			raw.Data[i*raw.Stride+i+j] = old + float64(w*(float64(a*p.z[i+j])-old))
		}
	}
	if p.seen == p.warm || p.seen > p.warm && (p.seen-p.warm)%p.every == 0 {
		p.fit()
	}
}

// fit keeps the largest components until they hold keptVariance. What the dropped ones hold of a channel is the variance of
// its residual. Where the decomposition fails the last fit stays, or none is kept.
func (p *pca) fit() {
	p.fitted = append(p.fitted[:0], p.channels...)
	rows := len(p.z)
	var eigen mat.EigenSym
	var vectors mat.Dense
	p.components = p.components[:0]
	if eigen.Factorize(p.products, true) {
		eigen.VectorsTo(&vectors)
		values := eigen.Values(nil) // ascending
		total, kept := mat.Trace(p.products), 0.0
		for k := rows - 1; k >= 0 && kept < keptVariance*total; k-- {
			kept += values[k]
			for i := range rows {
				p.components = append(p.components, vectors.At(i, k))
			}
		}
	}
	for i := range rows {
		p.scale[i] = math.Sqrt(max(p.residual(i), pcaLeast*pcaLeast))
	}
}

// residual is the variance of what the kept components leave of channel i: component i of (I − VVᵀ) C (I − VVᵀ).
func (p *pca) residual(i int) float64 {
	rows := len(p.z)
	e := make([]float64, rows) // (I − VVᵀ) e_i
	e[i] = 1
	for at := 0; at < len(p.components); at += rows {
		v := p.components[at : at+rows]
		for j := range e {
			e[j] -= float64(v[j] * v[i])
		}
	}
	sum := 0.0
	for a := range e {
		for b := range e {
			sum += float64(float64(e[a]*e[b]) * p.products.At(a, b))
		}
	}
	return sum
}
