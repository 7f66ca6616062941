package api_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
)

// benchRows is how many anomalies are held; the answers are pages of them.
const benchRows = 10_000

func BenchmarkAnomalies(b *testing.B) {
	for _, c := range []struct{ name, query string }{
		{"first page of 100", "from=0"},
		{"page of 1000", "from=0&limit=1000"},
		{"selector", "from=0&match[]=" + url.QueryEscape(`{instance=~"host-1.*"}`)},
		{"nothing found", "from=0&min_score=9"},
	} {
		b.Run(c.name, func(b *testing.B) {
			h := newHandler(b, func(_ *api.Options, f *apitest.Backend) { f.AllAnomalies = manyAnomalies(benchRows) })
			req := httptest.NewRequest(http.MethodGet, "/api/v1/anomalies?"+c.query, http.NoBody)
			size := answerOnce(b, h, req)
			b.ReportAllocs()
			for b.Loop() {
				answerOnce(b, h, req)
			}
			b.ReportMetric(float64(size), "answer-bytes")
		})
	}
}

func answerOnce(b *testing.B, h http.Handler, req *http.Request) (size int) {
	res := httptest.NewRecorder()
	h.ServeHTTP(res, req)
	if res.Code != http.StatusOK {
		b.Fatalf("status %d: %s", res.Code, cut(res.Body.String()))
	}
	return res.Body.Len()
}
