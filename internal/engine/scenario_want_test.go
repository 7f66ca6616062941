package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// turn is a transition at a time, which may be so many points off where it is wanted.
type turn struct {
	to     alerting.State
	t      int64
	within int
	note   string
}

// wants are what a scenario wants to happen.
type wants struct {
	listed bool // turns are all that there are
	turns  []turn
	atMost int // alarms; -1: as many as there are
	spans  []stretch
	bands  []bandCheck
	count  int // lines
}

// stretch is a half-open stretch of time, Unix milliseconds, in which an alarm begins (loud) or none does.
type stretch struct {
	from, to int64
	loud     bool
}

func (e *wants) empty() bool { return e.count == 0 }

func (e *wants) read(w *words) {
	if e.count++; e.count == 1 {
		e.atMost = -1
	}
	loud := len(w.f) > 0 && w.f[0] == "loud"
	switch {
	case w.is("none"):
		e.listed = true
	case w.is("at most"):
		e.atMost = w.count()
	case w.is("quiet"), w.is("loud"):
		q := stretch{from: w.time(), loud: loud}
		w.must("for")
		q.to = q.from + w.duration().Milliseconds()
		e.spans = append(e.spans, q)
	case w.is("band"):
		e.bands = append(e.bands, readBandCheck(w))
	default:
		e.listed = true
		e.turns = append(e.turns, readTurn(w))
	}
}

func readTurn(w *words) turn {
	s := w.word()
	to, ok := map[string]alerting.State{"ALARM": alerting.Alarming, "OK": alerting.OK, "INSUFFICIENT_DATA": alerting.InsufficientData}[s]
	if !ok {
		w.fail("%q is not a state", s)
	}
	e := turn{to: to, t: w.time()}
	w.must("within")
	e.within = w.count()
	if len(w.f) > 0 {
		e.note = w.word()
	}
	return e
}

// inherit takes from f what e does not speak of.
func (e *wants) inherit(f *wants) {
	if e.empty() {
		return
	}
	if !e.listed && e.atMost < 0 {
		e.listed, e.turns, e.atMost = f.listed, f.turns, f.atMost
	}
	if len(e.spans) == 0 {
		e.spans = f.spans
	}
	if len(e.bands) == 0 {
		e.bands = f.bands
	}
}

// problems says what is not as it is wanted, and found, for what is a matter of more or less, what it is like.
func (e *wants) problems(s *scenario, o *played) (problems, found []string) {
	add := func(p string) {
		if p != "" {
			problems = append(problems, p)
		}
	}
	if e.listed {
		add(e.compare(s, o.turns))
	}
	alarms := 0
	for _, g := range o.turns {
		if g.to == alerting.Alarming {
			alarms++
		}
	}
	for _, q := range e.spans {
		add(q.problem(s, o.turns))
	}
	if e.atMost >= 0 {
		found = append(found, fmt.Sprintf("%d alarms, at most %d are wanted", alarms, e.atMost))
		if alarms > e.atMost {
			add(found[0])
		}
	}
	for i := range e.bands {
		p, f := e.bands[i].problem(o)
		add(p)
		found = append(found, f)
	}
	return problems, found
}

// problem says what is not as the stretch wants it.
func (q stretch) problem(s *scenario, turns []turn) string {
	for _, g := range turns {
		if g.to == alerting.Alarming && g.t >= q.from && g.t < q.to {
			if q.loud {
				return ""
			}
			return s.line(g) + ", where quiet is wanted"
		}
	}
	if q.loud {
		return "no alarm from " + clockTime(q.from) + " to " + clockTime(q.to)
	}
	return ""
}

// compare says how the transitions differ from those that are wanted, and nothing where they do not.
func (e *wants) compare(s *scenario, got []turn) string {
	if len(e.turns) != len(got) {
		return fmt.Sprintf("%d transitions, want %d", len(got), len(e.turns))
	}
	for i, w := range e.turns {
		g := got[i]
		off := (g.t - w.t) / s.step.Milliseconds()
		if g.to != w.to || g.note != w.note || max(off, -off) > int64(w.within) {
			return fmt.Sprintf("transition %d is %s, want %s within %d points", i+1, s.line(g), s.line(w), w.within)
		}
	}
	return ""
}

func (s *scenario) line(e turn) string {
	at := time.UnixMilli(e.t).In(s.zone).Format("Mon 2006-01-02 15:04")
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", e.to, at, e.note))
}

func (s *scenario) list(turns []turn) string {
	if len(turns) == 0 {
		return "none"
	}
	var lines []string
	for _, e := range turns {
		lines = append(lines, s.line(e))
	}
	return strings.Join(lines, "\n")
}
