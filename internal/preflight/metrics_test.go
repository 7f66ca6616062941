package preflight

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/ingest"
)

// young answers every query with one series where the time asked for is not before begin.
func young(t *testing.T, begin time.Time, asked *int) *ingest.API {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked++
		at, err := strconv.ParseFloat(r.FormValue("time"), 64)
		if err != nil {
			t.Errorf("time %q", r.FormValue("time"))
		}
		result := []any{}
		if at >= float64(begin.Unix()) {
			result = append(result, map[string]any{"metric": map[string]string{}, "value": []any{at, "1"}})
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": "vector", "result": result}}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	api, err := ingest.NewAPI("main", srv.URL+"/api/v1/read", commoncfg.DefaultHTTPClientConfig, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestAgeIsFoundByHalving(t *testing.T) {
	const history = 15 * 24 * time.Hour
	now := time.Date(2026, 9, 6, 22, 0, 0, 0, time.UTC)
	for _, age := range []time.Duration{0, 3 * time.Minute, 5 * time.Hour, 2 * 24 * time.Hour, 9*24*time.Hour + time.Hour, history, 40 * 24 * time.Hour} {
		asked := 0
		r := &register{api: young(t, now.Add(-age), &asked), now: now}
		got, err := r.age(t.Context(), "count(up)", history)
		if err != nil {
			t.Fatal(err)
		}
		want := min(age, history)
		if off := (got - want).Abs(); off > max(want/40, time.Minute) {
			t.Errorf("age %s: found %s", age, got)
		}
		if age >= history && asked != 1 || asked > 20 {
			t.Errorf("age %s: %d questions", age, asked)
		}
	}
}

func TestIntervalIsTheConfiguredOrUsualOne(t *testing.T) {
	r := &register{server: Server{Config: ingest.ServerConfig{
		ScrapeInterval: 13 * time.Second, JobIntervals: map[string]time.Duration{"slow": 25 * time.Minute},
	}}}
	for _, tc := range []struct{ counted, want time.Duration }{
		{14634 * time.Millisecond, 15 * time.Second},
		{13100 * time.Millisecond, 13 * time.Second},
		{54545 * time.Millisecond, time.Minute},
		{66 * time.Second, time.Minute},
		{24 * time.Minute, 25 * time.Minute},
		{10 * time.Minute, 10 * time.Minute},
	} {
		if got := r.interval(tc.counted); got != tc.want {
			t.Errorf("counted %s: %s, want %s", tc.counted, got, tc.want)
		}
	}
}
