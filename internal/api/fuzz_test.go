package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/jsonschema"
)

// FuzzParams sends any query string to every route that has parameters: the answer is a success or a bad_data error that
// the document describes, in valid UTF-8, never a panic and never a 500.
func FuzzParams(f *testing.F) {
	for _, query := range []string{
		"", "from=0&to=1795402800.5&min_score=1.5&state=active&limit=1", "match[]=" + url.QueryEscape(`{job=~"a|b",x!=""}`),
		"from=2026-11-22T03:00:00%2B01:00", "to=-1e400", "limit=0x10&limit=1", "cursor=AQAAAAAAAAAAAAAA", "cursor=AQ%00",
		"%zz&;=1", "a=%ff%fe", "match[]=%22", "min_score=1e308&from=-62135596800",
	} {
		f.Add(query)
	}
	h := newHandler(f, nil)
	doc, err := jsonschema.Parse(api.Document(""))
	if err != nil {
		f.Fatal(err)
	}
	paths := []string{"/api/v1/anomalies", "/api/v1/alarms", "/api/v1/alarms/{id}/history", "/api/v1/series/{id}/band"}
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range paths {
			req := httptest.NewRequest(http.MethodGet, concrete(path), http.NoBody)
			req.URL.RawQuery = query
			res := httptest.NewRecorder()
			h.ServeHTTP(res, req)
			if res.Code != http.StatusOK && res.Code != http.StatusBadRequest {
				t.Fatalf("%s?%q: status %d: %s", path, query, res.Code, cut(res.Body.String()))
			}
			if !utf8.Valid(res.Body.Bytes()) || res.Body.Len() > 1<<20 {
				t.Fatalf("%s?%q: %d bytes, valid UTF-8: %t", path, query, res.Body.Len(), utf8.Valid(res.Body.Bytes()))
			}
			if wrong := (document{doc.(jsonschema.Object)}).conforms(http.MethodGet, path, res); len(wrong) > 0 {
				t.Fatalf("%s?%q: %s", path, query, strings.Join(wrong, "; "))
			}
			checkNextPage(t, h, path, query, res)
		}
	})
}

// checkNextPage takes the cursor of an answer back to the same query: it must be accepted.
func checkNextPage(t *testing.T, h http.Handler, path, query string, res *httptest.ResponseRecorder) {
	var env struct {
		Data struct {
			NextCursor string `json:"next_cursor"`
		}
	}
	if err := json.Unmarshal(res.Body.Bytes(), &env); err != nil || env.Data.NextCursor == "" {
		return
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatalf("%q was accepted: %v", query, err)
	}
	q.Set("cursor", env.Data.NextCursor)
	if next := request(h, http.MethodGet, path+"?"+q.Encode()); next.Code != http.StatusOK {
		t.Fatalf("%s?%s: the next page has status %d: %s", path, q.Encode(), next.Code, cut(next.Body.String()))
	}
}
