package notify

import (
	"cmp"
	"image/color"
	"math"
	"slices"

	"github.com/tidewatch/tidewatch/alerting"
)

// wordRows are the ends of the words in each of the rows that a chart has for them.
type wordRows [3]float64

// wordRow is the pixels from one row to the next.
const wordRow = 38.0

// place finds the first row in which there is room for a word w wide from a pixel on. Words come from left to right.
func (r *wordRows) place(from, w, gap float64) (row int, ok bool) {
	for row := range r {
		if from >= r[row]+gap {
			r[row] = from + w
			return row, true
		}
	}
	return 0, false
}

// marks draws events as dashed lines with a word; words that would overlap go one row down. Those for which there is no room are counted
// below them, where the last of them lies.
func (p *canvas) marks(c *alerting.Chart, d *chartData, f *frame) {
	var rows wordRows
	left, last := 0, 0.0
	sorted := slices.Clone(c.Marks)
	slices.SortStableFunc(sorted, func(a, b alerting.Mark) int { return cmp.Compare(a.T, b.T) })
	for _, m := range sorted {
		if float64(m.T) < d.t0 || float64(m.T) > d.t1 {
			continue
		}
		x := f.x(m.T)
		p.markLine(x, f)
		text := p.ellipsis(p.fonts.label, m.Text, 360)
		w := p.width(p.fonts.label, text)
		from := x + 10
		if from+w > plotRight {
			from = x - 10 - w
		}
		row, ok := rows.place(from, w, 8)
		if !ok {
			left, last = left+1, x
			continue
		}
		p.halo(p.fonts.label, markColor, from+w/2, f.top+26+float64(row)*wordRow, text)
	}
	if left > 0 {
		p.leftOut(markColor, f, last, f.top+26+float64(len(rows))*wordRow, count(left, "more event", "more events"))
	}
}

func (p *canvas) markLine(x float64, f *frame) {
	p.SetColor(markColor)
	p.SetLineWidth(2.2)
	p.SetDash(8, 7)
	p.DrawLine(x, f.top, x, f.bottom)
	p.Stroke()
	p.SetDash()
}

// leftOut says beside x how many words there was no room for.
func (p *canvas) leftOut(ink color.Color, f *frame, x, y float64, text string) {
	half := p.width(p.fonts.label, text) / 2
	p.halo(p.fonts.label, ink, math.Max(f.left+10+half, math.Min(x, plotRight-10-half)), y, text)
}
