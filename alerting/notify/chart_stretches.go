package notify

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tidewatch/tidewatch/alerting"
)

const (
	hatchGap   = 22.0 // pixels between two lines
	minStretch = 4.0  // pixels of a stretch, however short
)

// span is where a stretch lies in a panel, half a step beyond its first and last points; ok is false if it is outside.
func (f *frame) span(s alerting.Stretch, d *chartData) (x0, x1 float64, ok bool) {
	half := d.step / 2
	if len(d.t) == 0 || float64(s.To+half) < d.t0 || float64(s.From-half) > d.t1 {
		return 0, 0, false
	}
	x0, x1 = math.Max(f.left, f.x(s.From-half)), math.Min(plotRight, f.x(s.To+half))
	if x1-x0 < minStretch {
		x0 = math.Max(f.left, math.Min(x0, plotRight-minStretch))
		x1 = x0 + minStretch
	}
	return x0, x1, true
}

// hatch fills the excluded, silenced and muted stretches with slanting lines.
func (p *canvas) hatch(c *alerting.Chart, d *chartData, f *frame) {
	for _, r := range unite(c, d, f) {
		p.DrawRectangle(r[0], f.top, r[1]-r[0], f.bottom-f.top)
		p.SetColor(hatchShade)
		p.Fill()
		h := f.bottom - f.top
		for x := math.Floor((r[0]-h)/hatchGap) * hatchGap; x < r[1]; x += hatchGap {
			from, to := math.Max(x, r[0]), math.Min(x+h, r[1])
			if from < to {
				p.DrawLine(from, f.bottom-(from-x), to, f.bottom-(to-x))
			}
		}
		p.SetColor(hatchColor)
		p.SetLineWidth(1.5)
		p.Stroke()
	}
}

// unite are the pixels that stretches cover, so that none is hatched twice.
func unite(c *alerting.Chart, d *chartData, f *frame) (out [][2]float64) {
	for _, s := range c.Stretches {
		if x0, x1, ok := f.span(s, d); ok {
			out = append(out, [2]float64{x0, x1})
		}
	}
	slices.SortFunc(out, func(a, b [2]float64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	n := 0
	for _, r := range out {
		if n > 0 && r[0] <= out[n-1][1] {
			out[n-1][1] = math.Max(out[n-1][1], r[1])
			continue
		}
		out[n] = r
		n++
	}
	return out[:n]
}

// stretchWords say at the bottom what the hatching means, each thing once in a row of the same; words that would overlap go one row up, and
// those for which there is no room are counted above them.
func (p *canvas) stretchWords(c *alerting.Chart, d *chartData, f *frame) {
	var rows wordRows
	left, last, before := 0, 0.0, ""
	sorted := slices.Clone(c.Stretches)
	slices.SortStableFunc(sorted, func(a, b alerting.Stretch) int { return cmp.Compare(a.From, b.From) })
	for _, s := range sorted {
		x0, x1, ok := f.span(s, d)
		if !ok || s.Text == before {
			continue
		}
		before = s.Text
		text := p.ellipsis(p.fonts.label, s.Text, 360)
		w := p.width(p.fonts.label, text)
		from := math.Max(f.left+10, math.Min((x0+x1-w)/2, plotRight-w-10))
		row, ok := rows.place(from, w, 24)
		if !ok {
			left, last = left+1, (x0+x1)/2
			continue
		}
		p.halo(p.fonts.label, dim, from+w/2, f.bottom-14-float64(row)*wordRow, text)
	}
	if left > 0 {
		p.leftOut(dim, f, last, f.bottom-14-float64(len(rows))*wordRow, count(left, "more stretch", "more stretches"))
	}
}

// maxStretchWords is how many stretches the text for those who do not see the chart names.
const maxStretchWords = 5

// stretchText names the stretches of a chart; at writes a time.
func stretchText(c *alerting.Chart, at func(ms int64) string) string {
	var parts []string
	for _, s := range c.Stretches[:min(len(c.Stretches), maxStretchWords)] {
		word := strings.Join(strings.Fields(clean(s.Text)), " ")
		parts = append(parts, fmt.Sprintf("%s from %s to %s", fit(word, 120), at(s.From), at(s.To)))
	}
	if left := len(c.Stretches) - maxStretchWords; left > 0 {
		parts = append(parts, count(left, "more stretch", "more stretches"))
	}
	return strings.Join(parts, ", ")
}
