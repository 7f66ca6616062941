package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// The limits of what a request may ask for.
const (
	maxSelectors     = 64
	maxSelectorBytes = 4096
	maxShownBytes    = 64 // of a wrong value in an error
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
