package notify

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/tidewatch/tidewatch/alerting"
)

// fontFiles are the embedded Go fonts, parsed once. They hold Latin, Greek and Cyrillic; other scripts are drawn as boxes.
var fontFiles = sync.OnceValues(func() ([2]*opentype.Font, error) {
	regular, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return [2]*opentype.Font{}, fmt.Errorf("reading the embedded font: %w", err)
	}
	bold, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return [2]*opentype.Font{}, fmt.Errorf("reading the embedded bold font: %w", err)
	}
	return [2]*opentype.Font{regular, bold}, nil
})

// faces are the fonts in the sizes used. They are not safe for concurrent use, so each canvas has its own.
type faces struct{ title, subtitle, label, bold font.Face }

func newFaces() (*faces, error) {
	files, err := fontFiles()
	if err != nil {
		return nil, err
	}
	f := &faces{}
	for _, s := range []struct {
		face *font.Face
		file *opentype.Font
		size float64
	}{{&f.title, files[1], 34}, {&f.subtitle, files[0], 26}, {&f.label, files[0], 24}, {&f.bold, files[1], 25}} {
		*s.face, err = opentype.NewFace(s.file, &opentype.FaceOptions{Size: s.size, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			return nil, fmt.Errorf("preparing the embedded font: %w", err)
		}
	}
	return f, nil
}

// text draws a line with its base line at y; anchor 0 puts its left end at x, 0.5 its middle, 1 its right end.
func (p *canvas) text(face font.Face, c color.Color, x, y, anchor float64, s string) {
	x -= anchor * p.width(face, s)
	d := font.Drawer{Dst: p.im, Src: image.NewUniform(c), Face: face, Dot: fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(y * 64)}}
	d.DrawString(s)
}

// halo draws a centred line on a light plate, so that it can be read above lines.
func (p *canvas) halo(face font.Face, c color.Color, x, y float64, s string) {
	w := p.width(face, s)
	p.DrawRoundedRectangle(x-w/2-8, y-25, w+16, 34, 6)
	p.SetRGBA(1, 1, 1, 0.82)
	p.Fill()
	p.text(face, c, x, y, 0.5, s)
}

func (*canvas) width(face font.Face, s string) float64 {
	return float64(font.MeasureString(face, s)) / 64
}

// ellipsis shortens s to at most w pixels.
func (p *canvas) ellipsis(face font.Face, s string, w float64) string {
	s = strings.Join(strings.Fields(clean(s)), " ")
	if len(s) > 2000 { // far more than fits; measuring has a cost
		s = cut(s, 2000)
	}
	if p.width(face, s) <= w {
		return s
	}
	runes := []rune(s)
	lo, hi := 0, len(runes)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if p.width(face, string(runes[:mid])+"…") <= w {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return strings.TrimRight(string(runes[:lo]), " ") + "…"
}

// headings are the title, the line below it and the legend.
func (p *canvas) headings(c *alerting.Chart, left float64) {
	legend := p.legend()
	p.text(p.fonts.title, ink, left, titleY, 0, p.ellipsis(p.fonts.title, c.Title, legend-left-40))
	p.text(p.fonts.subtitle, dim, left, subtitleY, 0, p.ellipsis(p.fonts.subtitle, c.Subtitle, plotRight-left))
}

// legend draws the legend, right to left, and returns where it begins.
func (p *canvas) legend() float64 {
	x := plotRight
	for _, e := range []struct {
		text string
		draw func(x, y float64)
	}{
		{"anomalous", func(x, y float64) { p.stroke(redColor, anomalousWidth, x, y) }},
		{"range", func(x, y float64) { p.DrawRectangle(x, y-11, 40, 22); p.SetColor(bandColor); p.Fill() }},
		{"expected", func(x, y float64) { p.SetDash(9, 7); p.stroke(midColor, 2.4, x, y); p.SetDash() }},
		{"observed", func(x, y float64) { p.stroke(ink, observedWidth, x, y) }},
	} {
		p.text(p.fonts.label, dim, x, titleY-4, 1, e.text)
		x -= p.width(p.fonts.label, e.text) + 52
		e.draw(x, titleY-12)
		x -= 36
	}
	return x
}

func (p *canvas) stroke(c color.Color, w, x, y float64) {
	p.SetColor(c)
	p.SetLineWidth(w)
	p.DrawLine(x, y, x+40, y)
	p.Stroke()
}
