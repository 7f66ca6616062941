package api_test

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
)

// manyAnomalies are n anomalies, several of which begin at the same time.
func manyAnomalies(n int) []api.Anomaly {
	out := make([]api.Anomaly, n)
	for i := range out {
		start := apitest.Now.Add(-time.Duration(i/3) * time.Second).UnixMilli()
		out[i] = api.Anomaly{
			ID: fmt.Sprintf("n-%06d", i*7919%n), AlarmID: "a", Detector: "d", SeriesID: api.SeriesID(i), State: api.AnomalyActive,
			Labels: labels.FromStrings("job", "j", "instance", fmt.Sprintf("host-%d:9100", i%100)),
			Start:  api.Time(start), PeakAt: api.Time(start), Score: api.Value(1 + float64(i%10)/10), Points: 1, Channel: "band",
		}
	}
	return out
}

// readAll follows the cursors from a first request and calls between before each further page.
func readAll(t *testing.T, get func(target string) api.AnomalyList, target string, between func()) (ids []string) {
	t.Helper()
	list := get(target)
	for pages := 1; ; pages++ {
		for _, a := range list.Anomalies {
			ids = append(ids, a.ID)
		}
		if list.NextCursor == "" {
			return ids
		}
		if pages > 100 {
			t.Fatal("the cursors do not end")
		}
		between()
		list = get(target + "&cursor=" + url.QueryEscape(list.NextCursor))
	}
}

func TestPagesAreStableWhileAnomaliesArrive(t *testing.T) {
	const n = 100
	now := apitest.Now
	var backend *apitest.Backend
	h := newHandler(t, func(o *api.Options, b *apitest.Backend) {
		backend = b
		b.AllAnomalies = manyAnomalies(n)
		o.Now = func() time.Time { return now }
	})
	fetch := func(target string) api.AnomalyList {
		list, infos := get[api.AnomalyList](t, h, target)
		if (list.Remaining > 0) != (list.NextCursor != "") || (list.Remaining > 0) != (len(infos) == 1) {
			t.Errorf("remaining %d, cursor %q, infos %q do not agree", list.Remaining, list.NextCursor, infos)
		}
		return list
	}
	whole := fetch("/api/v1/anomalies?limit=1000")
	var want []string
	for _, a := range whole.Anomalies {
		want = append(want, a.ID)
	}
	if len(want) != n || len(slices.Compact(slices.Sorted(slices.Values(want)))) != n {
		t.Fatalf("%d anomalies on one page, want %d different ones", len(want), n)
	}
	arrived := 0
	got := readAll(t, fetch, "/api/v1/anomalies?limit=7", func() {
		arrived++ // time goes on, and newer anomalies push in at the front
		now = now.Add(time.Hour)
		backend.Add(api.Anomaly{ID: fmt.Sprint("new-", arrived), Start: api.Time(now.UnixMilli()), State: api.AnomalyActive, Points: 1})
	})
	if !slices.Equal(got, want) {
		t.Errorf("pages of 7 gave\n%v\nwant\n%v", got, want)
	}
	if arrived < 10 {
		t.Errorf("only %d anomalies arrived between pages", arrived)
	}
}

func TestACursorBelongsToItsQuery(t *testing.T) {
	h := newHandler(t, nil)
	first, infos := get[api.AnomalyList](t, h, "/api/v1/anomalies?limit=1&min_score=1")
	if first.Remaining != 1 || !slices.Equal(infos, []string{"remaining anomalies: 1; pass next_cursor as cursor"}) {
		t.Errorf("remaining %d, infos %q", first.Remaining, infos)
	}
	c := url.QueryEscape(first.NextCursor)
	second, _ := get[api.AnomalyList](t, h, "/api/v1/anomalies?limit=5&min_score=1&cursor="+c)
	if len(second.Anomalies) != 1 || second.Anomalies[0].ID != "n-1" || second.NextCursor != "" {
		t.Errorf("second page: %+v", second)
	}
	for _, target := range []string{"/api/v1/anomalies?cursor=", "/api/v1/anomalies?min_score=2&cursor=", "/api/v1/alarms?cursor="} {
		if text := getError(t, h, target+c, 400, "bad_data"); !strings.Contains(text, "belongs to another query") {
			t.Errorf("%s: %s", target, text)
		}
	}
}

func TestAlarmPages(t *testing.T) {
	h := newHandler(t, nil)
	first, _ := get[api.AlarmList](t, h, "/api/v1/alarms?limit=1")
	second, _ := get[api.AlarmList](t, h, "/api/v1/alarms?limit=1&cursor="+url.QueryEscape(first.NextCursor))
	if len(first.Alarms) != 1 || len(second.Alarms) != 1 || first.Alarms[0].ID != "a-checkout" || second.Alarms[0].ID != "a-disk" || second.NextCursor != "" {
		t.Errorf("pages: %+v, %+v", first, second)
	}
}

func TestPageAnomaliesFilters(t *testing.T) {
	nan := api.Value(math.NaN())
	all := []api.Anomaly{
		{ID: "ended", Start: 100, End: 200, Score: 2, State: api.AnomalyEnded},
		{ID: "active", Start: 150, Score: 3, State: api.AnomalyActive},
		{ID: "unscored", Start: 100, End: 200, Score: nan, State: api.AnomalyEnded},
	}
	for _, c := range []struct {
		name string
		q    api.AnomalyQuery
		want string
	}{
		{"all, newest first, then by id", api.AnomalyQuery{From: 0, To: 1000}, "active ended unscored"},
		{"before", api.AnomalyQuery{From: 0, To: 99}, ""},
		{"touches the start", api.AnomalyQuery{From: 0, To: 100}, "ended unscored"},
		{"touches the end", api.AnomalyQuery{From: 200, To: 300}, "active ended unscored"},
		{"after; active ones have no end", api.AnomalyQuery{From: 201, To: 300}, "active"},
		{"score at the limit", api.AnomalyQuery{To: 1000, MinScore: 2}, "active ended"},
		{"score, never NaN", api.AnomalyQuery{To: 1000, MinScore: 0.1}, "active ended"},
		{"state", api.AnomalyQuery{To: 1000, State: api.AnomalyEnded}, "ended unscored"},
		{"after a key", api.AnomalyQuery{To: 1000, After: &api.AnomalyKey{Start: 100, ID: "ended"}}, "unscored"},
		{"after a key that has gone", api.AnomalyQuery{To: 1000, After: &api.AnomalyKey{Start: 120, ID: "x"}}, "ended unscored"},
	} {
		c.q.Limit = 10
		page := api.PageAnomalies(all, c.q)
		var ids []string
		for _, a := range page.Anomalies {
			ids = append(ids, a.ID)
		}
		if got := strings.Join(ids, " "); got != c.want || page.Remaining != 0 {
			t.Errorf("%s: %q (%d remaining), want %q", c.name, got, page.Remaining, c.want)
		}
	}
}
