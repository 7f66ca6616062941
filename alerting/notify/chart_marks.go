package notify

import (
	"cmp"
	"slices"

	"github.com/tidewatch/tidewatch/alerting"
)

// marks draws events as dashed lines with a word; words that would overlap go one row down.
func (p *canvas) marks(c *alerting.Chart, d *chartData, f *frame) {
	var ends [3]float64
	sorted := slices.Clone(c.Marks)
	slices.SortStableFunc(sorted, func(a, b alerting.Mark) int { return cmp.Compare(a.T, b.T) })
	for _, m := range sorted {
		if float64(m.T) < d.t0 || float64(m.T) > d.t1 {
			continue
		}
		x := f.x(m.T)
		p.SetColor(markColor)
		p.SetLineWidth(2.2)
		p.SetDash(8, 7)
		p.DrawLine(x, f.top, x, f.bottom)
		p.Stroke()
		p.SetDash()
		text := p.ellipsis(p.fonts.label, m.Text, 360)
		w := p.width(p.fonts.label, text)
		from := x + 10
		if from+w > plotRight {
			from = x - 10 - w
		}
		for row := range ends {
			if from >= ends[row]+8 || row == len(ends)-1 {
				p.halo(p.fonts.label, markColor, from+w/2, f.top+26+float64(row)*38, text)
				ends[row] = from + w
				break
			}
		}
	}
}
