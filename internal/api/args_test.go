package api_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
)

func TestBadParametersAreNamed(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for _, c := range []struct{ query, want string }{
		{"from=yesterday", `invalid parameter "from": "yesterday" is neither RFC 3339 nor Unix seconds; for example 2026-11-22T03:00:00Z or 1795402800.5`},
		{"from=NaN", `"NaN" is neither RFC 3339`},
		{"to=Inf", `invalid parameter "to": "Inf" is outside the years 1 to 9999`},
		{"to=1795402800000", `"1795402800000" is outside the years 1 to 9999; Unix times are in seconds, not milliseconds`},
		{"from=2026-11-23T03:00:00Z&to=2026-11-23T02:00:00Z", `invalid parameter "from": 2026-11-23T03:00:00Z is after "to" (2026-11-23T02:00:00Z)`},
		{"min_score=high", `invalid parameter "min_score": "high" is not a finite number; for example 1.5`},
		{"min_score=-1", `"-1" is less than 0`},
		{"min_score=NaN", `not a finite number`},
		{"limit=1001", `invalid parameter "limit": "1001" is not a whole number from 1 to 1000`},
		{"limit=ten", `"ten" is not a whole number from 1 to 1000`},
		{"state=ALARM", `invalid parameter "state": "ALARM" is not one of active, ended`},
		{"cursor=abc", `invalid parameter "cursor": "abc" is malformed`},
		{"match[]=" + url.QueryEscape(`{job="a"`), `invalid parameter "match[]": "{job=\"a\"" is not a series selector (`},
		{"match[]=" + url.QueryEscape(`rate(a[5m])`), `for example http_errors{job="checkout"}`},
		{"match[]=" + long, `(5000 bytes) is longer than 4096 bytes`},
		{strings.Repeat("match[]=a&", 65), `given 65 times, at most 64`},
		{"limit=1&limit=2", `invalid parameter "limit": given 2 times, takes one value`},
		{"min-score=2", `unknown parameter "min-score"; did you mean "min_score"?`},
		{"match=a", `unknown parameter "match"; did you mean "match[]"?`},
		{"severity=2", `unknown parameter "severity"; there are from, to, min_score, match[], state, limit, cursor`},
		{"from=%zz", `query string: invalid URL escape "%zz"; percent-encode`},
		{"limit=0&state=x", `"x" is not one of active, ended; invalid parameter "limit": "0" is not`},
	} {
		got := getError(t, newHandler(t, nil), "/api/v1/anomalies?"+c.query, 400, "bad_data")
		if !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
			t.Errorf("%s:\n got %s\nwant %s", cut(c.query), got, c.want)
		}
		if len(got) > 1000 {
			t.Errorf("%s: the error is %d bytes long", cut(c.query), len(got))
		}
	}
}

// TestParametersReachTheBackend looks at what a request asks of the backend.
func TestParametersReachTheBackend(t *testing.T) {
	now := apitest.Now.UnixMilli()
	day := 24 * time.Hour.Milliseconds()
	for _, c := range []struct {
		query string
		want  api.AnomalyQuery
	}{
		{"", api.AnomalyQuery{From: now - day, To: now, Limit: 100}},
		{"from=&limit=", api.AnomalyQuery{From: now - day, To: now, Limit: 100}},
		{"from=1795402800.25&to=1795402800.5", api.AnomalyQuery{From: 1795402800250, To: 1795402800500, Limit: 100}},
		{"to=2026-11-23T04:00:00%2B01:00", api.AnomalyQuery{From: now - day, To: now, Limit: 100}},
		{"from=0&min_score=1.5&limit=1000&state=ended", api.AnomalyQuery{From: 0, To: now, MinScore: 1.5, Limit: 1000, State: "ended"}},
	} {
		var got api.AnomalyQuery
		h := newHandler(t, func(o *api.Options, b *apitest.Backend) { o.Backend = &spy{b, &got} })
		get[api.AnomalyList](t, h, "/api/v1/anomalies?"+c.query)
		if got.From != c.want.From || got.To != c.want.To || got.MinScore != c.want.MinScore || got.Limit != c.want.Limit || got.State != c.want.State || got.After != nil || got.Matchers != nil {
			t.Errorf("%s: %+v, want %+v", c.query, got, c.want)
		}
	}
}

// spy remembers the query.
type spy struct {
	*apitest.Backend
	got *api.AnomalyQuery
}

// Anomalies implements api.Backend.
func (s *spy) Anomalies(ctx context.Context, q api.AnomalyQuery) (api.AnomalyPage, error) {
	*s.got = q
	return s.Backend.Anomalies(ctx, q)
}

func TestSelectorsAreAlternatives(t *testing.T) {
	for _, c := range []struct {
		selectors []string
		want      string
	}{
		{nil, "a-checkout a-disk"},
		{[]string{`{job="checkout"}`}, "a-checkout"},
		{[]string{`disk_free_bytes`}, "a-disk"},
		{[]string{`{job="checkout"}`, `disk_free_bytes{instance=~"db-.*"}`}, "a-checkout a-disk"},
		{[]string{`{job="checkout", region="us1"}`}, ""},
		{[]string{`{detector="disk-free"}`}, "a-disk"},
		{[]string{`{}`}, "a-checkout a-disk"},
	} {
		q := url.Values{"match[]": c.selectors}
		list, _ := get[api.AlarmList](t, newHandler(t, nil), "/api/v1/alarms?"+q.Encode())
		var ids []string
		for _, a := range list.Alarms {
			ids = append(ids, a.ID)
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%v: %q, want %q", c.selectors, got, c.want)
		}
	}
}
