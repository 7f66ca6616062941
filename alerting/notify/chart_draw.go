package notify

import (
	"image/color"
	"math"

	"github.com/tidewatch/tidewatch/alerting"
)

var (
	paper      = color.RGBA{0xff, 0xff, 0xff, 0xff}
	edge       = color.RGBA{0xdd, 0xdd, 0xe2, 0xff}
	ink        = color.RGBA{0x1d, 0x1c, 0x1d, 0xff}
	dim        = color.RGBA{0x5e, 0x5d, 0x63, 0xff}
	faint      = color.RGBA{0x8f, 0x8f, 0x97, 0xff}
	gridColor  = color.RGBA{0xec, 0xec, 0xef, 0xff}
	axisColor  = color.RGBA{0xc9, 0xc9, 0xcf, 0xff}
	bandColor  = color.NRGBA{0x5b, 0x96, 0xe0, 0x3c} // translucent, so that the anomalous stretch shows through
	midColor   = color.RGBA{0x2a, 0x66, 0xc8, 0xff}
	redColor   = color.RGBA{0xd0, 0x0f, 0x4a, 0xff}
	redShade   = color.RGBA{0xfd, 0xe7, 0xee, 0xff}
	hatchShade = color.NRGBA{0x1d, 0x1c, 0x2d, 0x0c} // translucent, as the band's
	hatchColor = color.NRGBA{0x5e, 0x5d, 0x70, 0x40}
	markColor  = color.RGBA{0x6f, 0x42, 0xb8, 0xff}
)

const (
	observedWidth  = 2.6
	anomalousWidth = 3.4
	minShade       = 8.0 // pixels of an anomalous stretch, however short
)

// shade colours the background of the anomalous stretches, half a step beyond their first and last points.
func (p *canvas) shade(d *chartData, f *frame) {
	half := d.step / 2
	for _, r := range d.runs(func(i int) bool { return d.anomalous[i] }) {
		x0, x1 := f.x(d.t[r.from]-half), f.x(d.t[r.to]+half)
		if x1-x0 < minShade {
			mid := (x0 + x1) / 2
			x0, x1 = mid-minShade/2, mid+minShade/2
		}
		x0, x1 = math.Max(x0, f.left), math.Min(x1, plotRight)
		p.DrawRectangle(x0, f.top, x1-x0, f.bottom-f.top)
	}
	p.SetColor(redShade)
	p.Fill()
}

// band fills between the bounds, once for each stretch without a gap.
func (p *canvas) band(d *chartData, f *frame) {
	for _, r := range d.runs(func(i int) bool { return !math.IsNaN(d.lower[i]) && !math.IsNaN(d.upper[i]) }) {
		from, to := r.from, r.to
		if from == to { // a single point has no area: give it the width of a step
			w := math.Max(3, (f.x(d.t[from]+d.step)-f.x(d.t[from]))/2)
			left, right := math.Max(f.left, f.x(d.t[from])-w), math.Min(plotRight, f.x(d.t[from])+w)
			p.DrawRectangle(left, f.y(d.upper[from]), right-left, f.y(d.lower[from])-f.y(d.upper[from]))
			continue
		}
		p.MoveTo(f.x(d.t[from]), f.y(d.upper[from]))
		for i := from + 1; i <= to; i++ {
			p.LineTo(f.x(d.t[i]), f.y(d.upper[i]))
		}
		for i := to; i >= from; i-- {
			p.LineTo(f.x(d.t[i]), f.y(d.lower[i]))
		}
		p.ClosePath()
	}
	p.SetColor(bandColor)
	p.Fill()
}

// expected draws the expectation, dashed.
func (p *canvas) expected(d *chartData, f *frame) {
	p.SetColor(midColor)
	p.SetLineWidth(2)
	p.SetDash(9, 7)
	p.polyline(d, f, d.mid, d.runs(func(i int) bool { return !math.IsNaN(d.mid[i]) }))
	p.SetDash()
}

// observed draws the observations: calm in black, anomalous in red, a point without neighbours as a dot.
func (p *canvas) observed(d *chartData, f *frame) {
	runs := d.runs(func(i int) bool { return !math.IsNaN(d.y[i]) })
	p.SetLineCapRound()
	p.SetLineJoinRound()
	p.SetColor(ink)
	p.SetLineWidth(observedWidth)
	p.segments(d, f, runs, false)
	p.SetColor(redColor)
	p.SetLineWidth(anomalousWidth)
	p.segments(d, f, runs, true)
	for _, r := range runs {
		if r.from == r.to {
			p.dot(f, d.t[r.from], d.y[r.from], d.anomalous[r.from])
		}
	}
	p.SetLineCapButt()
}

func (p *canvas) dot(f *frame, t int64, v float64, anomalous bool) {
	p.SetColor(ink)
	if anomalous {
		p.SetColor(redColor)
	}
	p.DrawCircle(f.x(t), f.y(v), 5)
	p.Fill()
}

// segments strokes those pieces between neighbouring points that are anomalous, or those that are not. A piece is anomalous
// if one of its ends is.
func (p *canvas) segments(d *chartData, f *frame, runs []run, anomalous bool) {
	for _, r := range runs {
		n := 0
		for i := r.from; i < r.to; i++ {
			if (d.anomalous[i] || d.anomalous[i+1]) != anomalous {
				n = 0
				continue
			}
			n = p.extend(n, f, d, d.y, i)
		}
	}
	p.Stroke()
}

// strokePoints is how many points are stroked at once: the rasteriser's time grows faster than the length of a path.
const strokePoints = 48

// extend draws the piece from point i to the next; n is how many pieces the current path has. It returns the new n.
func (p *canvas) extend(n int, f *frame, d *chartData, v []float64, i int) int {
	if n >= strokePoints {
		p.Stroke()
		n = 0
	}
	if n == 0 {
		p.MoveTo(f.x(d.t[i]), f.y(v[i]))
	}
	p.LineTo(f.x(d.t[i+1]), f.y(v[i+1]))
	return n + 1
}

// polyline strokes every run in one path, so that dashes go on evenly.
func (p *canvas) polyline(d *chartData, f *frame, v []float64, runs []run) {
	for _, r := range runs {
		p.MoveTo(f.x(d.t[r.from]), f.y(v[r.from]))
		for i := r.from + 1; i <= r.to; i++ {
			p.LineTo(f.x(d.t[i]), f.y(v[i]))
		}
	}
	p.Stroke()
}

// statistic draws the second panel: the deciding channel's figure and its limit.
func (p *canvas) statistic(c *alerting.Chart, d *chartData, f *frame) {
	p.SetColor(ink)
	p.SetLineWidth(observedWidth)
	p.polyline(d, f, d.stat, d.runs(func(i int) bool { return !math.IsNaN(d.stat[i]) }))
	name := c.StatisticName
	if name == "" {
		name = "statistic"
	}
	p.text(p.fonts.label, dim, f.left, f.top-14, 0, p.ellipsis(p.fonts.label, name, 900))
	if !finite(c.Limit) {
		return
	}
	y := f.y(c.Limit)
	p.SetColor(redColor)
	p.SetLineWidth(2)
	p.SetDash(12, 8)
	p.DrawLine(f.left, y, plotRight, y)
	p.Stroke()
	p.SetDash()
	p.text(p.fonts.label, redColor, plotRight, f.top-14, 1, "limit "+number(c.Limit))
}

// peak labels the anomalous point that lies farthest from its expectation.
func (p *canvas) peak(c *alerting.Chart, d *chartData, f *frame) {
	best, far := -1, -1.0
	for i, v := range d.y {
		if !d.anomalous[i] || !finite(v) {
			continue
		}
		away := 0.0
		if finite(d.mid[i]) {
			away = math.Abs(clampValue(v) - clampValue(d.mid[i]))
		}
		if away > far {
			best, far = i, away
		}
	}
	if best < 0 {
		return
	}
	x, y, above := f.x(d.t[best]), f.y(d.y[best]), !finite(d.mid[best]) || d.y[best] >= d.mid[best]
	p.SetColor(redColor)
	p.DrawCircle(x, y, 6)
	p.Fill()
	label := p.ellipsis(p.fonts.bold, alerting.FormatValue(d.y[best], c.Unit), 300)
	w := p.width(p.fonts.bold, label)
	x = math.Max(f.left+w/2+6, math.Min(plotRight-w/2-6, x))
	if above {
		y -= 16
	} else {
		y += 36
	}
	y = math.Max(f.top+26, math.Min(f.bottom-12, y))
	p.halo(p.fonts.bold, redColor, x, y, label)
}
