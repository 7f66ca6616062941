package engine

import (
	"fmt"
	"math"

	"github.com/tidewatch/tidewatch"
)

// bandCheck is one thing that is wanted of the band of all series.
type bandCheck struct {
	kind     string
	from, to int64
	within   float64 // the width; the factor; the share of the twin's width
	surprise float64 // holds: in decades
}

// readBandCheck reads what follows `want band`:
//
//	within W from T [for D]       at the limit it has edges, which are at most W apart
//	holds N at S from T [for D]   at most N × 10^-S of the points lie outside the band at surprise S, and as many have that surprise
//	                              by any channel
//	like twin within P% from T [for D]   at the limit each edge is at most P % of the width away from that of a twin run, in
//	                              which the points that spikes and outages have changed are missing
func readBandCheck(w *words) bandCheck {
	c := bandCheck{kind: w.word(), to: math.MaxInt64}
	switch c.kind {
	case "within":
		c.within = w.number()
	case "holds":
		c.within = w.number()
		w.must("at")
		c.surprise = w.number()
	case "like":
		w.must("twin within")
		c.within = (&words{f: []string{trimPercent(w)}}).number() / 100
	default:
		w.fail("band cannot be %q", c.kind)
		return c
	}
	w.must("from")
	c.from = w.time()
	if w.is("for") {
		c.to = c.from + w.duration().Milliseconds()
	}
	return c
}

func trimPercent(w *words) string {
	s := w.word()
	if len(s) < 2 || s[len(s)-1] != '%' {
		w.fail("%q is not a share like 1%%", s)
		return "0"
	}
	return s[:len(s)-1]
}

// in are the points of judged that the check is about.
func (c *bandCheck) in(judged []Judged) []Judged {
	var out []Judged
	for _, j := range judged {
		if j.T >= c.from && j.T < c.to && !math.IsNaN(j.X) {
			out = append(out, j)
		}
	}
	return out
}

// problem says where the band is not as it is wanted, and found what it is like.
func (c *bandCheck) problem(o *played) (problem, found string) {
	points := c.in(o.judged)
	if len(points) == 0 {
		return "there are no points to check", ""
	}
	switch c.kind {
	case "within":
		return c.width(points)
	case "holds":
		return c.holds(points)
	}
	return c.like(points, c.in(o.twin))
}

func (c *bandCheck) width(points []Judged) (problem, found string) {
	widest := 0.0
	for _, j := range points {
		width := j.Band.Upper - j.Band.Lower
		if math.IsNaN(width) || width <= 0 {
			return fmt.Sprintf("%s: the band is %+v", clockTime(j.T), j.Band), ""
		}
		widest = max(widest, width)
	}
	found = fmt.Sprintf("the band is at most %.1f wide", widest)
	if widest > c.within {
		problem = fmt.Sprintf("%s, want %g", found, c.within)
	}
	return problem, found
}

func (c *bandCheck) holds(points []Judged) (problem, found string) {
	outside, anyhow := 0.0, 0.0
	for _, j := range points {
		if float64(j.Score.Parts[tidewatch.ChannelBand]) >= c.surprise {
			outside++
		}
		if j.Score.Surprise >= c.surprise {
			anyhow++
		}
	}
	nominal := math.Pow(10, -c.surprise) * float64(len(points))
	found = fmt.Sprintf("%.0f of %d points are outside the band at surprise %g, and %.0f have it by any channel; %.0f are nominal",
		outside, len(points), c.surprise, anyhow, nominal)
	if max(outside, anyhow) > c.within*nominal {
		problem = fmt.Sprintf("%s, want at most %g times as many", found, c.within)
	}
	return problem, found
}

func (c *bandCheck) like(points, twin []Judged) (problem, found string) {
	if len(points) != len(twin) {
		return fmt.Sprintf("%d points, and the twin has %d", len(points), len(twin)), ""
	}
	worst, at := 0.0, int64(0)
	for i, j := range points {
		b := twin[i].Band
		d := max(math.Abs(j.Band.Lower-b.Lower), math.Abs(j.Band.Upper-b.Upper)) / (b.Upper - b.Lower)
		if d > worst || math.IsNaN(d) {
			worst, at = d, j.T
		}
	}
	found = fmt.Sprintf("the band is up to %.2f %% of the twin's width away from it, at %s", 100*worst, clockTime(at))
	if worst > c.within || math.IsNaN(worst) {
		problem = fmt.Sprintf("%s, want at most %g %%", found, 100*c.within)
	}
	return problem, found
}
