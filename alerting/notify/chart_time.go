package notify

import (
	"math"
	"time"
)

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
	p.text(p.fonts.label, faint, main.left, bottom+68, 0, windowText(time.UnixMilli(int64(d.t0)).In(zone), time.UnixMilli(int64(d.t1)).In(zone)))
}

// windowText is "Mon 23 Nov to Tue 24 Nov 2026, times in CET": whoever looks a day later must not take the hours for today's.
func windowText(from, to time.Time) string {
	const day = "Mon 2 Jan"
	text := to.Format(day + " 2006")
	if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
		text = from.Format(day) + " to " + text
	}
	name, _ := to.Zone()
	return text + ", times in " + name
}
