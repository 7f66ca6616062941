package engine

import (
	"math"
	"slices"
	"strings"
	"time"
)

// shape is something that is injected.
type shape struct {
	kind     string
	from, to int64 // Unix milliseconds, half-open
	times    float64
	plus     float64
	over     time.Duration // of a ramp
	weekday  int           // of a cron job; -1 is every day
	minute   int           // of the local day
	length   time.Duration
	only     string   // the one series that it befalls; "": all
	days     []string // a holiday's, or those that a cron job leaves out, as 2006-01-02
}

const dateOnly = "2006-01-02"

func readShape(kind string, w *words) shape {
	p := shape{kind: kind, times: 1, weekday: -1, to: math.MaxInt64}
	switch kind {
	case "holiday":
		p.days = []string{w.day().Format(dateOnly)}
		return p
	case "cron":
		p.readCron(w)
		return p
	case "spike", "level", "outage", "ramp", "missing":
	default:
		w.fail("there is no field %q", kind)
		return p
	}
	p.from = w.time()
	if kind != "missing" {
		p.amount(w)
	}
	if kind == "ramp" {
		w.must("over")
		p.over = w.duration()
	}
	if w.is("for") {
		p.to = p.from + w.duration().Milliseconds()
	}
	if w.is("of") {
		p.only = w.word()
	}
	return p
}

func (p *shape) readCron(w *words) {
	at := w.word()
	for d := time.Sunday; d <= time.Saturday; d++ {
		if d.String()[:3] == at {
			p.weekday, at = int(d), w.word()
		}
	}
	t, err := time.Parse("15:04", at)
	if err != nil {
		w.fail("%q is not a time of day", at)
	}
	p.minute = 60*t.Hour() + t.Minute()
	p.amount(w)
	w.must("for")
	p.length = w.duration()
	if w.is("except") {
		for len(w.f) > 0 && w.err == nil {
			p.days = append(p.days, w.day().Format(dateOnly))
		}
	}
}

func (p *shape) amount(w *words) {
	s := w.word()
	n := words{f: []string{strings.TrimPrefix(s, "x")}}
	v := n.number()
	switch {
	case n.err != nil || !strings.ContainsAny(s[:min(1, len(s))], "x+-"):
		w.fail("%q is not an amount like x50, +40 or -40", s)
	case s[0] == 'x':
		p.times = v
	default:
		p.plus = v
	}
}

// apply puts the shape on the value x at t.
func (p *shape) apply(t int64, local time.Time, x float64) float64 {
	switch p.kind {
	case "holiday":
		return x
	case "cron":
		in := time.Duration(60*local.Hour()+local.Minute()-p.minute) * time.Minute
		if in < 0 || in >= p.length || p.weekday >= 0 && int(local.Weekday()) != p.weekday || slices.Contains(p.days, local.Format(dateOnly)) {
			return x
		}
		return x*p.times + p.plus
	}
	if t < p.from || t >= p.to {
		return x
	}
	switch p.kind {
	case "missing":
		return math.NaN()
	case "ramp":
		return x + p.plus*min(float64(t-p.from)/float64(p.over.Milliseconds()), 1)
	}
	return x*p.times + p.plus
}
