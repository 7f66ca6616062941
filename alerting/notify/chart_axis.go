package notify

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// tick is a line of the grid.
type tick struct {
	v    float64
	text string
}

// maxTicks guards the loops below against steps lost in rounding.
const maxTicks = 24

// valueTicks places about want ticks on round numbers of the unit in which the axis is labelled.
func valueTicks(lo, hi float64, unit string, want int) []tick {
	s := axisScale(unit, math.Max(math.Abs(lo), math.Abs(hi)))
	l, h := lo/s.by, hi/s.by
	step := niceStep((h - l) / float64(max(1, want)))
	var out []tick
	for i := math.Ceil(l/step - 1e-9); len(out) < maxTicks; i++ {
		v := i * step
		if !(v <= h*(1+1e-12)+step*1e-9) { // also ends on NaN
			break
		}
		text := tickNumber(v, step)
		if v != 0 { // zero is zero in any unit
			text += s.suffix
		}
		out = append(out, tick{v * s.by, text})
	}
	return out
}

// niceStep is the smallest of 1, 2, 2.5, 5 × 10ⁿ that is not below raw.
func niceStep(raw float64) float64 {
	if raw <= 0 || !finite(raw) {
		return 1
	}
	base := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*base >= raw*(1-1e-9) {
			return m * base
		}
	}
	return 10 * base
}

// tickNumber writes a tick with the decimals that its step needs.
func tickNumber(v, step float64) string {
	if v == 0 {
		return "0"
	}
	if a := math.Abs(v); a >= 1e7 || a < 1e-5 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	decimals := 0
	for d := step; decimals < 8 && math.Abs(d-math.Round(d)) > 1e-6*step; decimals++ {
		d *= 10
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

func (p *canvas) tickWidth(f *frame) float64 {
	w := 0.0
	for _, t := range f.ticks {
		w = math.Max(w, p.width(p.fonts.label, t.text))
	}
	return w
}

// grid draws the value axis.
func (p *canvas) grid(f *frame) {
	p.SetLineWidth(1.6)
	for _, t := range f.ticks {
		y := math.Round(f.y(t.v))
		p.SetColor(gridColor)
		p.DrawLine(f.left, y, plotRight, y)
		p.Stroke()
		p.text(p.fonts.label, dim, f.left-16, y+8, 1, t.text)
	}
}

// clockSteps are the distances of labels on the time axis below a day.
var clockSteps = []time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// wantTimeTicks is how many labels fit below the chart.
const wantTimeTicks = 11

// timeTicks places labels on round local times: hours and minutes, the date at midnight.
func timeTicks(t0, t1 float64, loc *time.Location) []tick {
	from, to := time.UnixMilli(int64(t0)).In(loc), time.UnixMilli(int64(t1)).In(loc)
	span := to.Sub(from)
	for _, step := range clockSteps {
		if span <= step*wantTimeTicks {
			return clockTicks(from, to, step)
		}
	}
	days := 1
	for _, days = range []int{1, 2, 7, 14, 30, 91, 182, 365, 3650} {
		if span <= time.Duration(days)*24*time.Hour*wantTimeTicks {
			break
		}
	}
	return dayTicks(from, to, days)
}

// clockTicks walks by the wall clock, so that a tick stays on its hour across a change of daylight saving time.
func clockTicks(from, to time.Time, step time.Duration) []tick {
	var out []tick
	y, m, d := from.Date()
	for i := 0; len(out) < maxTicks; i++ {
		at := time.Duration(i) * step
		t := time.Date(y, m, d, int(at.Hours()), int(at.Minutes())%60, 0, 0, from.Location())
		if t.After(to) {
			break
		}
		if t.Before(from) || (len(out) > 0 && float64(t.UnixMilli()) <= out[len(out)-1].v) {
			continue
		}
		text := t.Format("15:04")
		if t.Hour() == 0 && t.Minute() == 0 {
			text = t.Format("Mon 2 Jan")
		}
		out = append(out, tick{float64(t.UnixMilli()), text})
	}
	return out
}

func dayTicks(from, to time.Time, days int) []tick {
	format := "Mon 2 Jan"
	if days >= 91 {
		format = "Jan 2006"
	}
	var out []tick
	y, m, d := from.Date()
	for i := 1; len(out) < maxTicks; i += days {
		t := time.Date(y, m, d+i, 0, 0, 0, 0, from.Location())
		if t.After(to) {
			break
		}
		out = append(out, tick{float64(t.UnixMilli()), t.Format(format)})
	}
	return out
}

// timeAxis labels the time axis below the last panel.
func (p *canvas) timeAxis(d *chartData, main, second *frame) {
	bottom := main.bottom
	if second.bottom > 0 {
		bottom = second.bottom
	}
	p.SetColor(axisColor)
	p.SetLineWidth(2)
	p.DrawLine(main.left, bottom, plotRight, bottom)
	p.Stroke()
	if len(d.t) == 0 {
		return
	}
	zone := d.loc
	last := math.Inf(-1)
	for _, t := range timeTicks(d.t0, d.t1, zone) {
		x := main.x(int64(t.v))
		w := p.width(p.fonts.label, t.text)
		at := math.Max(main.left+w/2-30, math.Min(plotRight-w/2+30, x))
		if at-w/2 < last+14 {
			continue
		}
		last = at + w/2
		p.SetColor(axisColor)
		p.DrawLine(x, bottom, x, bottom+9)
		p.Stroke()
		p.text(p.fonts.label, dim, at, bottom+38, 0.5, t.text)
	}
	name, _ := time.UnixMilli(int64(d.t1)).In(zone).Zone()
	p.text(p.fonts.label, faint, main.left, bottom+68, 0, "times in "+name)
}

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
