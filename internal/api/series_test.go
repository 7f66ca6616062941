package api_test

import (
	"context"
	"slices"
	"testing"

	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
)

// TestBandSaysWhatIsNotHeld: the fleet holds 2026-11-22T21:00:00Z to 2026-11-23T02:59:00Z, one point a minute.
func TestBandSaysWhatIsNotHeld(t *testing.T) {
	const series = "/api/v1/series/11400714819323198485/band"
	for _, c := range []struct {
		target string
		points int
		infos  []string
	}{
		{series + "?from=2026-11-22T21:00:00Z", 360, nil},
		{series + "?from=2026-11-23T02:58:30Z&to=2026-11-23T02:59:00Z", 1, nil},
		{series, 360, []string{"points before 2026-11-22T21:00:00Z are not held (asked from 2026-11-22T03:00:00Z)"}},
		{series + "?from=2026-11-23T02:59:30Z", 0, []string{"held are 2026-11-22T21:00:00Z to 2026-11-23T02:59:00Z"}},
		{"/api/v1/series/42/band", 0, []string{"no points of this series are held yet"}},
	} {
		got, infos := get[api.BandSeries](t, newHandler(t, nil), c.target)
		if len(got.Points) != c.points || !slices.Equal(infos, c.infos) {
			t.Errorf("%s: %d points, infos %q; want %d, %q", c.target, len(got.Points), infos, c.points, c.infos)
		}
	}
	missing, _ := get[api.BandSeries](t, newHandler(t, nil), series+"?from=2026-11-23T00:00:00Z&to=2026-11-23T00:00:00Z")
	if len(missing.Points) != 1 || !missing.Points[0].Y.IsNaN() || missing.Points[0].Yhat.IsNaN() {
		t.Errorf("a missing sample came out as %+v, want y NaN beside an expectation", missing.Points)
	}
	if missing.SeriesID != apitest.CheckoutSeries {
		t.Errorf("series %v, want %v", missing.SeriesID, apitest.CheckoutSeries)
	}
}

func TestChartFollowsTheRange(t *testing.T) {
	var id uint64
	var from, to int64
	h := newHandler(t, func(o *api.Options, _ *apitest.Backend) {
		o.Chart = func(_ context.Context, series uint64, a, b int64) ([]byte, error) {
			id, from, to = series, a, b
			return []byte("picture"), nil
		}
	})
	res := request(h, "GET", "/api/v1/series/42/chart.png?from=1&to=2.5")
	if res.Code != 200 || res.Header().Get("Content-Type") != "image/png" || res.Body.String() != "picture" {
		t.Errorf("chart: %d %s %q", res.Code, res.Header().Get("Content-Type"), res.Body)
	}
	if id != 42 || from != 1000 || to != 2500 {
		t.Errorf("asked to draw series %d from %d to %d, want 42, 1000, 2500", id, from, to)
	}
}
