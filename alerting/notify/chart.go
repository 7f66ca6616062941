package notify

import (
	"image"
	"math"
	"sync"

	"git.sr.ht/~sbinet/gg"

	"github.com/tidewatch/tidewatch/alerting"
)

// The picture's size in pixels. Slack shows it at about half of that, so that it is sharp on any screen.
const (
	ChartWidth  = 2000
	ChartHeight = 800
)

// The layout, in pixels.
const (
	cornerRadius = 20.0
	plotRight    = ChartWidth - 48.0
	plotTop      = 140.0
	plotBottom   = 712.0
	minLeft      = 96.0
	panelGap     = 64.0  // between the two panels
	panelHeight  = 150.0 // of the second one
	titleY       = 56.0
	subtitleY    = 102.0
)

// RenderChart draws a chart as a PNG of ChartWidth × ChartHeight. The same chart gives the same bytes on one architecture. It
// brings its own background, so it looks the same in Slack's light and dark theme. Slices of unequal length are an error;
// anything else can be drawn: no points, only NaN, infinities, one point.
func RenderChart(c *alerting.Chart) ([]byte, error) {
	d, err := newChartData(c)
	if err != nil {
		return nil, err
	}
	p, err := newCanvas()
	if err != nil {
		return nil, err
	}
	defer pictures.Put(p.im)
	p.draw(c, d)
	return p.encode()
}

// pictures are the six megabytes that a picture is drawn in, to be used again.
var pictures sync.Pool

// canvas is a picture being drawn.
type canvas struct {
	*gg.Context
	im    *image.RGBA
	fonts *faces
}

func newCanvas() (*canvas, error) {
	f, err := newFaces()
	if err != nil {
		return nil, err
	}
	im, _ := pictures.Get().(*image.RGBA)
	if im == nil {
		im = image.NewRGBA(image.Rect(0, 0, ChartWidth, ChartHeight))
	}
	copy(im.Pix, card().Pix)
	return &canvas{gg.NewContextForRGBA(im), im, f}, nil
}

// card is the background of every chart: white, with rounded transparent corners and a thin edge.
var card = sync.OnceValue(func() *image.RGBA {
	im := image.NewRGBA(image.Rect(0, 0, ChartWidth, ChartHeight))
	dc := gg.NewContextForRGBA(im)
	dc.DrawRoundedRectangle(1, 1, ChartWidth-2, ChartHeight-2, cornerRadius)
	dc.SetColor(paper)
	dc.FillPreserve()
	dc.SetColor(edge)
	dc.SetLineWidth(2)
	dc.Stroke()
	return im
})

// draw fills the card.
func (p *canvas) draw(c *alerting.Chart, d *chartData) {
	main, second := &frame{top: plotTop, bottom: plotBottom}, &frame{}
	if d.stat != nil {
		second = &frame{top: plotBottom - panelHeight, bottom: plotBottom}
		main.bottom = second.top - panelGap
	}
	main.setY(d.lo, d.hi, c.Unit)
	if d.stat != nil {
		second.setY(d.statLo, d.statHi, "")
	}
	left := max(minLeft, 40+max(p.tickWidth(main), p.tickWidth(second)))
	main.setX(left, d)
	second.setX(left, d)

	p.headings(c, left)
	p.shade(d, main)
	p.hatch(c, d, main)
	p.grid(main)
	if d.stat != nil {
		p.shade(d, second)
		p.hatch(c, d, second)
		p.grid(second)
	}
	p.timeAxis(d, main, second)
	p.band(d, main)
	p.expected(d, main)
	p.observed(d, main)
	if d.stat != nil {
		p.statistic(c, d, second)
	}
	p.stretchWords(c, d, main)
	p.marks(c, d, main)
	p.peak(c, d, main)
	if d.empty {
		p.halo(p.fonts.bold, dim, (main.left+plotRight)/2, (main.top+main.bottom)/2, "no data in this window")
	}
}

// frame maps one panel's data to pixels.
type frame struct {
	left, top, bottom float64
	lo, hi            float64 // of the value axis
	t0, t1            float64 // of the time axis, Unix ms
	ticks             []tick
}

func (f *frame) setY(lo, hi float64, unit string) {
	f.lo, f.hi = lo, hi
	f.ticks = valueTicks(lo, hi, unit, int((f.bottom-f.top)/115)+1)
}

func (f *frame) setX(left float64, d *chartData) { f.left, f.t0, f.t1 = left, d.t0, d.t1 }

// x is the pixel of a time.
func (f *frame) x(t int64) float64 {
	return f.left + (float64(t)-f.t0)/(f.t1-f.t0)*(plotRight-f.left)
}

// y is the pixel of a value, kept a little inside the panel's surroundings when the value lies beyond the axis.
func (f *frame) y(v float64) float64 {
	y := f.bottom - (clampValue(v)-f.lo)/(f.hi-f.lo)*(f.bottom-f.top)
	return math.Max(f.top-2, math.Min(f.bottom+2, y))
}
