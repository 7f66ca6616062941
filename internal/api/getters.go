package api

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// The range of times that RFC 3339 can write, in Unix milliseconds.
var (
	minTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	maxTime = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC).UnixMilli()
)

// timeRange reads from and to. The defaults are the day before now.
func (a *args) timeRange(now time.Time) (from, to int64) {
	to = a.time("to", now.UnixMilli())
	from = a.time("from", max(to-24*time.Hour.Milliseconds(), minTime))
	if from > to && len(a.errs) == 0 {
		a.errs = append(a.errs, fmt.Errorf("invalid parameter \"from\": %s is after \"to\" (%s); it must not be later", Time(from), Time(to)))
	}
	return from, to
}

// time reads a time in Unix milliseconds.
func (a *args) time(name string, def int64) int64 {
	p, v, ok := a.value(name)
	if !ok {
		return def
	}
	t, ok := parseTime(v)
	switch {
	case !ok:
		a.reject(p, v, "is neither RFC 3339 nor Unix seconds; for example 2026-11-22T03:00:00Z or 1795402800.5")
	case t < minTime || t > maxTime:
		a.reject(p, v, "is outside the years 1 to 9999; Unix times are in seconds, not milliseconds")
	}
	return t
}

func parseTime(v string) (ms int64, ok bool) {
	if f, err := strconv.ParseFloat(v, 64); err == nil && !math.IsNaN(f) {
		return int64(math.Round(min(max(f*1000, -1e15), 1e15))), true
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	return t.UnixMilli(), err == nil
}

// number reads a finite number that is at least the parameter's minimum; 0 if it was not given.
func (a *args) number(name string) float64 {
	p, v, ok := a.value(name)
	if !ok {
		return 0
	}
	f, err := strconv.ParseFloat(v, 64)
	switch {
	case err != nil || math.IsNaN(f) || math.IsInf(f, 0):
		a.reject(p, v, "is not a finite number; for example %s", p.exampleText())
	case f < float64(p.min):
		a.reject(p, v, "is less than %d", p.min)
	}
	return f
}

// limit reads how many rows are wanted: a whole number within the parameter's range.
func (a *args) limit() int {
	p, v, ok := a.value(paramLimit.name)
	if !ok {
		return p.def
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < p.min || n > p.max {
		a.reject(p, v, "is not a whole number from %d to %d", p.min, p.max)
	}
	return n
}

// text reads free text, or one of the parameter's words.
func (a *args) text(name string) string {
	p, v, ok := a.value(name)
	if ok && p.enum != nil && !slices.Contains(p.enum, v) {
		a.reject(p, v, "is not one of %s", strings.Join(p.enum, ", "))
	}
	return v
}

// seriesID reads a 64-bit number.
func (a *args) seriesID(name string) uint64 {
	p, v, _ := a.value(name)
	id, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		a.reject(p, v, "is not a series id; a decimal number below 2^64, as series_id of an alarm or anomaly")
	}
	return id
}

// selectors reads every selector.
func (a *args) selectors(name string) [][]*labels.Matcher {
	p := a.route.param(name)
	given := a.query[name]
	if len(given) > maxSelectors {
		a.errs = append(a.errs, fmt.Errorf("invalid parameter %q: given %d times, at most %d", name, len(given), maxSelectors))
		return nil
	}
	var out [][]*labels.Matcher
	for _, v := range given {
		if len(v) > maxSelectorBytes {
			a.reject(p, v, "is longer than %d bytes", maxSelectorBytes)
			continue
		}
		ms, err := selectorParser.ParseMetricSelector(v)
		if err != nil {
			a.reject(p, v, "is not a series selector (%s); for example %s", oneLine(err), p.exampleText())
			continue
		}
		out = append(out, ms)
	}
	return out
}

var selectorParser = parser.NewParser(parser.Options{})

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
