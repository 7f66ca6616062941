package notify

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"

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
	p.card()
	p.draw(c, d)
	var buf bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&buf, p.straight()); err != nil {
		return nil, fmt.Errorf("encoding the chart: %w", err)
	}
	return buf.Bytes(), nil
}

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
	im := image.NewRGBA(image.Rect(0, 0, ChartWidth, ChartHeight))
	return &canvas{gg.NewContextForRGBA(im), im, f}, nil
}

// card is the background: a white card with rounded corners and a thin edge.
func (p *canvas) card() {
	p.DrawRoundedRectangle(1, 1, ChartWidth-2, ChartHeight-2, cornerRadius)
	p.SetColor(paper)
	p.FillPreserve()
	p.SetColor(edge)
	p.SetLineWidth(2)
	p.Stroke()
}

// straight is the picture with straight instead of premultiplied alpha, which is what PNG stores. Only the corners differ.
func (p *canvas) straight() image.Image {
	out := &image.NRGBA{Pix: p.im.Pix, Stride: p.im.Stride, Rect: p.im.Rect}
	r := int(cornerRadius) + 4
	for y := range ChartHeight {
		for x := range ChartWidth {
			if y >= 3 && y < ChartHeight-3 && x == 3 {
				x = ChartWidth - 3 // the middle of the picture is opaque
			}
			if (y < r || y >= ChartHeight-r) || x < 3 || x >= ChartWidth-3 {
				unmultiply(out.Pix[y*out.Stride+4*x:])
			}
		}
	}
	return out
}

func unmultiply(px []uint8) {
	a := uint32(px[3])
	if a == 0 || a == 255 {
		return
	}
	for i := range 3 {
		px[i] = uint8(min(255, (uint32(px[i])*255+a/2)/a))
	}
}

// draw fills the card.
func (p *canvas) draw(c *alerting.Chart, d *chartData) {
	main, second := frame{top: plotTop, bottom: plotBottom}, frame{}
	if d.stat != nil {
		second = frame{top: plotBottom - panelHeight, bottom: plotBottom}
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
	p.grid(main)
	if d.stat != nil {
		p.shade(d, second)
		p.grid(second)
	}
	p.timeAxis(d, main, second)
	p.band(d, main)
	p.expected(d, main)
	p.observed(d, main)
	if d.stat != nil {
		p.statistic(c, d, second)
	}
	p.marks(c, d, main)
	p.peak(c, d, main)
	if d.empty {
		p.text(p.fonts.label, dim, (main.left+plotRight)/2, (main.top+main.bottom)/2, 0.5, "no data in this window")
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
