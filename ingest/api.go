package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
)

// maxAPIBody is the largest answer of the HTTP API that is read, in bytes.
const maxAPIBody = 256 << 20

// API asks a Prometheus server's HTTP API the few things that remote-read cannot answer. `tidewatch init` and `check` use
// it; the service only to detect external labels. Safe for concurrent use.
type API struct {
	source  string
	base    string // without /api/v1, "" when the read URL does not tell
	shown   string
	client  *http.Client
	timeout time.Duration
}

// NewAPI makes a client for the server that is read at readURL, which ends in /api/v1/read or /api/v1/query_range, with the same HTTP configuration
// as the source. A time-out of 0 is one minute.
func NewAPI(source, readURL string, hc config.HTTPClientConfig, timeout time.Duration) (*API, error) {
	cfg := RemoteConfig{Name: source, URL: readURL, HTTPClient: hc, Timeout: timeout}
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	client, err := config.NewClientFromConfig(hc, "source_"+source, config.WithUserAgent(userAgent))
	if err != nil {
		return nil, fmt.Errorf("source %q: HTTP client: %w", source, err)
	}
	return newAPI(source, readURL, client, cfg.Timeout), nil
}

func newAPI(source, readURL string, client *http.Client, timeout time.Duration) *API {
	a := &API{source: source, client: client, timeout: timeout}
	if base, ok := apiBase(readURL); ok {
		a.base, a.shown = base, RedactURL(base)
	}
	return a
}

// apiBase is the address before /api/v1/read or /api/v1/query_range.
func apiBase(source string) (string, bool) {
	u, err := url.Parse(source)
	if err != nil {
		return "", false
	}
	for _, end := range []string{readPath, rangePath} {
		if prefix, ok := strings.CutSuffix(strings.TrimSuffix(u.Path, "/"), end); ok {
			u.Path, u.RawPath, u.RawQuery, u.Fragment = prefix, "", "", ""
			return u.String(), true
		}
	}
	return "", false
}

const (
	readPath  = "/api/v1/read"
	rangePath = "/api/v1/query_range"
)

// API is the client for the HTTP API beside this source's remote-read.
func (r *Remote) API() *API { return newAPI(r.cfg.Name, r.cfg.URL, r.client, r.cfg.Timeout) }

// MetricNames are the names of all metrics that the server holds, sorted.
func (a *API) MetricNames(ctx context.Context) ([]string, error) {
	var names []string
	err := a.get(ctx, "/api/v1/label/__name__/values", nil, &names)
	slices.Sort(names)
	return names, err
}

// Series are the label sets of the series that match any of the selectors and have a sample within [from, to], sorted.
func (a *API) Series(ctx context.Context, selectors []string, from, to time.Time) ([]labels.Labels, error) {
	var list []labels.Labels
	err := a.get(ctx, "/api/v1/series", url.Values{"match[]": selectors, "start": {unixSeconds(from)}, "end": {unixSeconds(to)}}, &list)
	slices.SortFunc(list, labels.Compare)
	return list, err
}

// SeriesCount is how many series an expression gives at a time; a selector counts those alive then. It asks for the number
// only.
func (a *API) SeriesCount(ctx context.Context, expr string, at time.Time) (int, error) {
	vector, err := a.Query(ctx, "count("+expr+")", at)
	if err != nil || len(vector) == 0 {
		return 0, err
	}
	return int(vector[0].Value), nil
}

// Sample is one series of an instant query's answer.
type Sample struct {
	Labels labels.Labels
	Time   time.Time
	Value  float64
}

// Query evaluates an expression on the server at a time. The expression must give an instant vector of numbers.
func (a *API) Query(ctx context.Context, expr string, at time.Time) ([]Sample, error) {
	var data struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	}
	if err := a.get(ctx, "/api/v1/query", url.Values{"query": {expr}, "time": {unixSeconds(at)}}, &data); err != nil {
		return nil, err
	}
	if data.ResultType != "vector" {
		return nil, queryError(expr, fmt.Errorf("it gives a %s, not an instant vector", data.ResultType))
	}
	var result []struct {
		Metric labels.Labels `json:"metric"`
		Value  apiValue      `json:"value"`
	}
	if err := json.Unmarshal(data.Result, &result); err != nil {
		return nil, a.fail("query", 0, KindProtocol, fmt.Errorf("result of %q: %w", expr, err))
	}
	out := make([]Sample, len(result))
	for i, r := range result {
		out[i] = Sample{Labels: r.Metric, Time: r.Value.t, Value: r.Value.v}
	}
	slices.SortFunc(out, func(a, b Sample) int { return labels.Compare(a.Labels, b.Labels) })
	return out, nil
}

// apiValue is [ <Unix seconds>, "<value>" ].
type apiValue struct {
	t time.Time
	v float64
}

// UnmarshalJSON reads the pair.
func (p *apiValue) UnmarshalJSON(b []byte) error {
	var (
		at   float64
		text string
	)
	if err := json.Unmarshal(b, &[]any{&at, &text}); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(text, 64)
	p.t, p.v = time.UnixMilli(int64(at*1000)).UTC(), v
	return err
}

func unixSeconds(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)
}
