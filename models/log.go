package models

import "math"

// logCells is how many cells the mantissa's range is cut into.
const logCells = 128

// logTable has, for the middle of each cell of [1, 2), its reciprocal and the logarithm of that reciprocal's inverse.
var logTable = func() (t [logCells]struct{ inverse, log float64 }) {
	for i := range t {
		c := math.Float64frombits(math.Float64bits(1+(float64(i)+0.5)/logCells) &^ (1<<32 - 1))
		t[i].inverse = 1 / c
		t[i].log = -math.Log(t[i].inverse)
	}
	t[0].inverse, t[0].log = 1, 0 // exact at 1
	t[logCells-1].inverse, t[logCells-1].log = 0.5, math.Ln2
	return t
}()

// ln is the natural logarithm of x, which is positive and normal, to 1e-14: a table and five terms of a series, at a fraction of the
// library's cost, and the same bits on every architecture, as no product is fused with a sum.
func ln(x float64) float64 {
	bits := math.Float64bits(x)
	e := int(bits>>52) - 1023
	m := math.Float64frombits(bits&(1<<52-1) | 1023<<52)
	cell := &logTable[bits>>(52-7)&(logCells-1)]
	r := float64(m*cell.inverse) - 1
	r2 := float64(r * r)
	// r - r²/2 + r³/3 - r⁴/4 + r⁵/5 - r⁶/6
	even := 0.5 + float64(r2*(0.25+float64(r2*(1.0/6))))
	odd := 1.0/3 + float64(r2*0.2)
	return float64(float64(e)*math.Ln2) + (cell.log + (r + float64(r2*(float64(r*odd)-even))))
}

// decades is -log10 q, for q in (0, 1].
func decades(q float64) float64 { return -(1 / math.Ln10) * ln(q) }

// expCells is how many cells an octave is cut into.
const expCells = 128

// expTable[i] is 2 to the power of i/expCells.
var expTable = func() (t [expCells]float64) {
	for i := range t {
		t[i] = math.Exp2(float64(i) / expCells)
	}
	return t
}()

// exp is e to the power of x, to 1e-13: like ln a table and a short series, without a product that is fused with a sum. x is taken for
// at least -708 and at most 709, where results are normal numbers.
func exp(x float64) float64 {
	x = min(max(x, -708), 709)
	cells := math.Floor(float64(x*(expCells/math.Ln2)) + 0.5)
	k := int(cells)
	r := x - float64(cells*(math.Ln2/expCells)) // |r| <= ln 2/256
	// 1 + r + r²/2 + r³/6 + r⁴/24
	r2 := float64(r * r)
	p := 1 + (r + float64(r2*(0.5+float64(r*(1.0/6+float64(r*(1.0/24)))))))
	return float64(p*expTable[k&(expCells-1)]) * math.Float64frombits(uint64(1023+k>>7)<<52)
}

// power10 is 10 to the power of x.
func power10(x float64) float64 { return exp(math.Ln10 * x) }
