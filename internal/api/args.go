package api

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// The limits of what a request may ask for.
const (
	maxSelectors     = 64
	maxSelectorBytes = 4096
	maxShownBytes    = 64 // of a wrong value in an error
)

// The range of times that RFC 3339 can write, in Unix milliseconds.
var (
	minTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	maxTime = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC).UnixMilli()
)

// args reads the parameters of one request. Every getter notes what is wrong and goes on, so that err names all of it.
type args struct {
	route *route
	req   *http.Request
	query url.Values
	errs  []error
}

func newArgs(rt *route, r *http.Request) *args {
	a := &args{route: rt, req: r}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		a.errs = append(a.errs, fmt.Errorf("query string: %w; percent-encode braces, quotes and semicolons (curl -G --data-urlencode)", err))
	}
	a.query = q
	a.checkNames()
	return a
}

// checkNames refuses parameters that the route does not have: a misspelt filter must not widen the answer in silence.
func (a *args) checkNames() {
	names := make([]string, 0, len(a.query))
	for name := range a.query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		i := slices.IndexFunc(a.route.params, func(p param) bool { return p.name == name && !p.path })
		switch {
		case i < 0:
			a.errs = append(a.errs, fmt.Errorf("unknown parameter %s; %s", shown(name), a.known(name)))
		case len(a.query[name]) > 1 && a.route.params[i].kind != kindSelector:
			a.errs = append(a.errs, fmt.Errorf("invalid parameter %q: given %d times, takes one value", name, len(a.query[name])))
		}
	}
}

func (a *args) known(name string) string {
	var names []string
	for _, p := range a.route.params {
		if p.path {
			continue
		}
		if len(name) <= maxShownBytes && levenshtein.ComputeDistance(strings.TrimSuffix(name, "[]"), strings.TrimSuffix(p.name, "[]")) <= 2 {
			return fmt.Sprintf("did you mean %q?", p.name)
		}
		names = append(names, p.name)
	}
	if len(names) == 0 {
		return "there are none here"
	}
	return "there are " + strings.Join(names, ", ")
}

// err joins what was wrong, nil if nothing was.
func (a *args) err() error {
	if len(a.errs) == 0 {
		return nil
	}
	texts := make([]string, len(a.errs))
	for i, err := range a.errs {
		texts[i] = err.Error()
	}
	return badData(errors.New(strings.Join(texts, "; ")))
}

// value returns a parameter's text and whether it was given. An empty query value counts as not given.
func (a *args) value(name string) (*param, string, bool) {
	p := a.route.param(name)
	v := a.query.Get(name)
	if p.path {
		v = a.req.PathValue(name)
	}
	return p, v, v != ""
}

func (a *args) reject(p *param, value, format string, more ...any) {
	a.errs = append(a.errs, fmt.Errorf("invalid parameter %q: %s %s", p.name, shown(value), fmt.Sprintf(format, more...)))
}

// shown quotes a wrong value, cut to a readable length.
func shown(v string) string {
	if len(v) <= maxShownBytes {
		return strconv.Quote(v)
	}
	return strconv.Quote(v[:maxShownBytes]) + fmt.Sprintf("… (%d bytes)", len(v))
}

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

// count reads a whole number within the parameter's range.
func (a *args) count(name string) int {
	p, v, ok := a.value(name)
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
