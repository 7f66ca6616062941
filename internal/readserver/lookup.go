package readserver

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// lookupRange reads start, end and limit. Absent times mean all of time, as in Prometheus.
type lookupRange struct {
	from, to int64 // Unix milliseconds
	limit    int   // 0 is none
}

func parseLookup(r *http.Request) (lookupRange, error) {
	from, err := timeParameter(r, "start", time.UnixMilli(math.MinInt64))
	if err != nil {
		return lookupRange{}, err
	}
	to, err := timeParameter(r, "end", time.UnixMilli(math.MaxInt64))
	if err != nil {
		return lookupRange{}, err
	}
	out := lookupRange{from: from.UnixMilli(), to: to.UnixMilli()}
	if s := r.FormValue("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return lookupRange{}, badParameter("limit", fmt.Errorf("%q must be a number from 0 up", s))
		}
		out.limit = n
	}
	if out.to < out.from {
		return lookupRange{}, badParameter("end", errors.New("end timestamp must not be before start time"))
	}
	return out, nil
}

// cut applies the limit and says so, as Prometheus does.
func cut[T any](list []T, limit int) ([]T, []string) {
	if limit > 0 && len(list) > limit {
		return list[:limit], []string{fmt.Sprintf("results truncated due to limit: %d of %d shown", limit, len(list))}
	}
	return list, nil
}

func (a *api) series(r *http.Request) (any, []string, error) {
	lr, err := parseLookup(r)
	if err != nil {
		return nil, nil, err
	}
	sets, err := a.matcherSets(r)
	if err != nil {
		return nil, nil, err
	}
	if len(sets) == 0 {
		return nil, nil, &apiError{"bad_data", errors.New("no match[] parameter provided")}
	}
	found, err := a.selectSeries(r, lr, sets)
	if err != nil {
		return nil, nil, err
	}
	list, warnings := cut(found, lr.limit)
	return list, warnings, nil
}

func (a *api) selectSeries(r *http.Request, lr lookupRange, sets [][]*labels.Matcher) (out []labels.Labels, err error) {
	q, err := a.store.Querier(lr.from, lr.to)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	out = []labels.Labels{}
	hints := &storage.SelectHints{Start: lr.from, End: lr.to, Func: "series"} // no chunks are read
	for _, ms := range sets {
		set := q.Select(r.Context(), true, hints, ms...)
		for set.Next() {
			out = append(out, set.At().Labels().Copy()) // Copy: the store's memory may go with the querier
		}
		if err := set.Err(); err != nil {
			return nil, &apiError{"execution", err}
		}
	}
	slices.SortFunc(out, labels.Compare)
	return slices.CompactFunc(out, labels.Equal), nil
}

func (a *api) labelNames(r *http.Request) (any, []string, error) {
	return a.lookup(r, func(q storage.LabelQuerier, ms []*labels.Matcher) ([]string, error) {
		names, _, err := q.LabelNames(r.Context(), nil, ms...)
		return names, err
	})
}

func (a *api) labelValues(r *http.Request) (any, []string, error) {
	name := r.PathValue("name")
	if !model.UTF8Validation.IsValidLabelName(name) {
		return nil, nil, &apiError{"bad_data", fmt.Errorf("invalid label name: %q", name)}
	}
	return a.lookup(r, func(q storage.LabelQuerier, ms []*labels.Matcher) ([]string, error) {
		values, _, err := q.LabelValues(r.Context(), name, nil, ms...)
		return values, err
	})
}

// lookup unites the strings that each matcher set gives, sorted and without repeats.
func (a *api) lookup(r *http.Request, find func(storage.LabelQuerier, []*labels.Matcher) ([]string, error)) (data any, warnings []string, err error) {
	lr, err := parseLookup(r)
	if err != nil {
		return nil, nil, err
	}
	sets, err := a.matcherSets(r)
	if err != nil {
		return nil, nil, err
	}
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	q, err := a.store.Querier(lr.from, lr.to)
	if err != nil {
		return nil, nil, fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	all := []string{}
	for _, ms := range sets {
		part, err := find(q, ms)
		if err != nil {
			return nil, nil, &apiError{"execution", err}
		}
		for _, s := range part {
			all = append(all, string([]byte(s))) // the store's memory may go with the querier
		}
	}
	slices.Sort(all)
	list, warnings := cut(slices.Compact(all), lr.limit)
	return list, warnings, nil
}

func (a *api) metadata(r *http.Request) (any, []string, error) {
	limit := -1
	if s := r.FormValue("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, nil, badParameter("limit", errors.New("limit must be a number"))
		}
		limit = n
	}
	names := make([]string, 0, len(a.opts.Metadata))
	for name := range a.opts.Metadata {
		if want := r.FormValue("metric"); want == "" || want == name {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if limit >= 0 && limit < len(names) {
		names = names[:limit]
	}
	out := make(map[string][]Metadata, len(names))
	for _, name := range names {
		out[name] = []Metadata{a.opts.Metadata[name]}
	}
	return out, nil, nil
}
