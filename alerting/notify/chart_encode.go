package notify

import (
	"bytes"
	"cmp"
	"encoding/binary"
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

func pixelAt(px []uint8) pixel { return pixel(binary.LittleEndian.Uint32(px)) }

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
	r, g := int(uint8(c))-int(uint8(d)), int(uint8(c>>8))-int(uint8(d>>8))
	b, a := int(uint8(c>>16))-int(uint8(d>>16)), int(c>>24)-int(d>>24)
	return r*r + g*g + b*b + a*a
}

// pixelRun is a run of equal pixels: the number of their colour, in the order in which colours appear, and its length.
type pixelRun struct{ color, n int32 }

// quantise maps an image to its commonest colours.
func quantise(im *image.RGBA) *image.Paletted {
	colors, counts, runs := runsOf(im)
	kept := commonest(colors, counts)
	index := make(map[pixel]uint8, len(kept))
	palette := make(color.Palette, len(kept))
	for i, c := range kept {
		index[c] = uint8(i)
		palette[i] = c.color()
	}
	numbers := make([]uint8, len(colors))
	for i, c := range colors {
		v, ok := index[c]
		if !ok {
			v = nearest(kept, c)
		}
		numbers[i] = v
	}
	out := image.NewPaletted(im.Rect, palette)
	rest := out.Pix
	for _, r := range runs {
		v, here := numbers[r.color], rest[:r.n]
		for i := range here {
			here[i] = v
		}
		rest = rest[r.n:]
	}
	return out
}

// runsOf reads a picture once: its colours, how many pixels have each, and its runs.
func runsOf(im *image.RGBA) (colors []pixel, counts []int, runs []pixelRun) {
	number := map[pixel]int32{}
	pix := im.Pix
	runs = make([]pixelRun, 0, 1<<16)
	for at := 0; at < len(pix); {
		c := pixelAt(pix[at:])
		end := at + 4
		for two := uint64(c)<<32 | uint64(c); end+8 <= len(pix) && binary.LittleEndian.Uint64(pix[end:]) == two; {
			end += 8
		}
		for end < len(pix) && pixelAt(pix[end:]) == c {
			end += 4
		}
		i, ok := number[c]
		if !ok {
			i = int32(len(colors))
			number[c], colors, counts = i, append(colors, c), append(counts, 0)
		}
		n := (end - at) / 4
		counts[i] += n
		runs = append(runs, pixelRun{i, int32(n)})
		at = end
	}
	return colors, counts, runs
}

// commonest returns at most paletteSize colours, the most frequent first, ties in the order of their values.
func commonest(colors []pixel, counts []int) []pixel {
	order := make([]int, len(colors))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(colors[a], colors[b]))
	})
	kept := make([]pixel, min(len(order), paletteSize))
	for i := range kept {
		kept[i] = colors[order[i]]
	}
	return kept
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
