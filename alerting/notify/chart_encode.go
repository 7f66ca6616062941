package notify

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
)

// paletteSize is the most colours that a PNG with a palette holds.
const paletteSize = 256

// encode writes the picture as a PNG with a palette. A chart has few colours beyond the blends at the edges of lines and
// letters; the commonest are kept exactly, the others go to the nearest of them, which nobody sees. That makes the file a
// quarter of the size, and encoding it several times faster.
func (p *canvas) encode() ([]byte, error) {
	var buf bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&buf, quantise(p.im)); err != nil {
		return nil, fmt.Errorf("encoding the chart: %w", err)
	}
	return buf.Bytes(), nil
}

// pixel is a premultiplied RGBA colour in one word.
type pixel uint32

func pixelAt(px []uint8) pixel {
	return pixel(px[0]) | pixel(px[1])<<8 | pixel(px[2])<<16 | pixel(px[3])<<24
}

// color is the pixel with straight alpha, as PNG stores it.
func (c pixel) color() color.NRGBA {
	out := color.NRGBA{R: uint8(c), G: uint8(c >> 8), B: uint8(c >> 16), A: uint8(c >> 24)}
	if a := uint32(out.A); a > 0 && a < 255 {
		out.R = uint8(min(255, (uint32(out.R)*255+a/2)/a))
		out.G = uint8(min(255, (uint32(out.G)*255+a/2)/a))
		out.B = uint8(min(255, (uint32(out.B)*255+a/2)/a))
	}
	return out
}

func (c pixel) distance(d pixel) int {
	sum := 0
	for shift := 0; shift < 32; shift += 8 {
		x := int(uint8(c>>shift)) - int(uint8(d>>shift))
		sum += x * x
	}
	return sum
}

// quantise maps an image to its commonest colours.
func quantise(im *image.RGBA) *image.Paletted {
	counts := map[pixel]int{}
	eachRun(im, func(c pixel, _, n int) { counts[c] += n })
	kept := commonest(counts)
	index := make(map[pixel]uint8, len(counts))
	palette := make(color.Palette, len(kept))
	for i, c := range kept {
		index[c] = uint8(i)
		palette[i] = c.color()
	}
	for c := range counts {
		if _, ok := index[c]; !ok {
			index[c] = nearest(kept, c)
		}
	}
	out := image.NewPaletted(im.Rect, palette)
	eachRun(im, func(c pixel, at, n int) {
		v := index[c]
		for i := at; i < at+n; i++ {
			out.Pix[i] = v
		}
	})
	return out
}

// eachRun calls f for every run of equal pixels: the colour, the index of the first and the length.
func eachRun(im *image.RGBA, f func(c pixel, at, n int)) {
	total := len(im.Pix) / 4
	for at := 0; at < total; {
		c := pixelAt(im.Pix[4*at:])
		end := at + 1
		for end < total && pixelAt(im.Pix[4*end:]) == c {
			end++
		}
		f(c, at, end-at)
		at = end
	}
}

// commonest returns at most paletteSize colours, the most frequent first, ties in the order of their values.
func commonest(counts map[pixel]int) []pixel {
	all := make([]pixel, 0, len(counts))
	for c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b pixel) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return all[:min(len(all), paletteSize)]
}

func nearest(kept []pixel, c pixel) uint8 {
	best, dist := 0, kept[0].distance(c)
	for i, k := range kept[1:] {
		if d := k.distance(c); d < dist {
			best, dist = i+1, d
		}
	}
	return uint8(best)
}
