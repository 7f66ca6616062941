package engine

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// words reads a line from left to right; the first mistake stays.
type words struct {
	f    []string
	zone *time.Location
	err  error
}

func (w *words) fail(format string, a ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, a...)
	}
}

func (w *words) word() string {
	if len(w.f) == 0 {
		w.fail("the line ends too early")
		return ""
	}
	s := w.f[0]
	w.f = w.f[1:]
	return s
}

// is takes the next words where they are these.
func (w *words) is(text string) bool {
	want := strings.Fields(text)
	if len(w.f) < len(want) {
		return false
	}
	for i, s := range want {
		if w.f[i] != s {
			return false
		}
	}
	w.f = w.f[len(want):]
	return true
}

func (w *words) must(text string) {
	if !w.is(text) {
		w.fail("%q where %q is wanted", strings.Join(w.f, " "), text)
	}
}

func (w *words) number() float64 {
	s := w.word()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		w.fail("%q is not a number", s)
	}
	return v
}

func (w *words) count() int {
	v := w.number()
	if v != math.Trunc(v) || v < 0 {
		w.fail("%g is not a count", v)
	}
	return int(v)
}

func (w *words) duration() time.Duration {
	s := w.word()
	if d, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(d)
		if err != nil || n < 1 {
			w.fail("%q is not a duration", s)
		}
		return time.Duration(n) * 24 * time.Hour
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		w.fail("%q is not a duration", s)
	}
	return d
}

// at reads a local time with its weekday, which must be the right one.
func (w *words) at(layout string) time.Time {
	n := len(strings.Fields(layout))
	if len(w.f) < n {
		w.fail("%q is no time like %s", strings.Join(w.f, " "), layout)
		return time.Time{}
	}
	s := strings.Join(w.f[:n], " ")
	w.f = w.f[n:]
	t, err := time.ParseInLocation(layout, s, w.zone)
	switch {
	case err != nil:
		w.fail("%q is no time like %s", s, layout)
	case t.Format(layout) != s:
		w.fail("%q does not exist: it would be %s", s, t.Format(layout))
	}
	return t
}

func (w *words) time() int64    { return w.at("Mon 2006-01-02 15:04").UnixMilli() }
func (w *words) day() time.Time { return w.at("Mon 2006-01-02") }
