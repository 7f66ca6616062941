package notify

import (
	"math"
	"strconv"
)

// tick is a line of the grid.
type tick struct {
	v    float64
	text string
}

// maxTicks guards the loops below against steps lost in rounding.
const maxTicks = 24

// valueTicks places about want ticks on round numbers of the unit in which the axis is labelled.
func valueTicks(lo, hi float64, unit string, want int) []tick {
	s := axisScale(unit, math.Max(math.Abs(lo), math.Abs(hi)))
	l, h := lo/s.by, hi/s.by
	step := niceStep((h - l) / float64(max(1, want)))
	var out []tick
	for i := math.Ceil(l/step - 1e-9); len(out) < maxTicks; i++ {
		v := i * step
		if !(v <= h*(1+1e-12)+step*1e-9) { // also ends on NaN
			break
		}
		text := tickNumber(v, step)
		if v != 0 { // zero is zero in any unit
			text += s.suffix
		}
		out = append(out, tick{v * s.by, text})
	}
	return out
}

// niceStep is the smallest of 1, 2, 2.5, 5 × 10ⁿ that is not below raw.
func niceStep(raw float64) float64 {
	if raw <= 0 || !finite(raw) {
		return 1
	}
	base := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*base >= raw*(1-1e-9) {
			return m * base
		}
	}
	return 10 * base
}

// tickNumber writes a tick with the decimals that its step needs.
func tickNumber(v, step float64) string {
	if v == 0 {
		return "0"
	}
	if a := math.Abs(v); a >= 1e7 || a < 1e-5 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	decimals := 0
	for d := step; decimals < 8 && math.Abs(d-math.Round(d)) > 1e-6*step; decimals++ {
		d *= 10
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

func (p *canvas) tickWidth(f *frame) float64 {
	w := 0.0
	for _, t := range f.ticks {
		w = math.Max(w, p.width(p.fonts.label, t.text))
	}
	return w
}

// grid draws the value axis.
func (p *canvas) grid(f *frame) {
	p.SetLineWidth(1.6)
	for _, t := range f.ticks {
		y := math.Round(f.y(t.v))
		p.SetColor(gridColor)
		p.DrawLine(f.left, y, plotRight, y)
		p.Stroke()
		p.text(p.fonts.label, dim, f.left-16, y+8, 1, t.text)
	}
}
