package readserver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
)

func ask(t *testing.T, h http.Handler, method, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, http.NoBody)
	if method == http.MethodPost {
		r = httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		r.URL.RawQuery = form.Encode()
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func testOptions() Options {
	return Options{
		Version:        "9.9",
		ExternalLabels: labels.FromStrings("cluster", "eu1"),
		Metadata:       map[string]Metadata{"load": {Type: "gauge", Help: "Load."}, "up": {Type: "gauge"}},
		Now:            func() time.Time { return time.UnixMilli(30_000) },
	}
}

// TestAPI holds every answer to the words of Prometheus's API. The store has host-00 to host-02, 4 points from 0 to 45 s.
func TestAPI(t *testing.T) {
	db, _ := newStore(t, 3, 4)
	h := Handler(db, testOptions())
	for name, tc := range map[string]struct {
		path, form string
		status     int
		want       string // the answer, or how it begins if it ends in …
	}{
		"instant at the clock":   {"/api/v1/query", "query=count(load)", 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[30,"3"]}]}}`},
		"instant at a time":      {"/api/v1/query", "query=count(load)&time=15.5", 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[15.5,"3"]}]}}`},
		"instant, RFC 3339":      {"/api/v1/query", "query=1&time=1970-01-01T00:00:10Z", 200, `{"status":"success","data":{"resultType":"scalar","result":[10,"1"]}}`},
		"infinity":               {"/api/v1/query", "query=vector(1/0)", 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[30,"+Inf"]}]}}`},
		"empty vector":           {"/api/v1/query", "query=nothing", 200, `{"status":"success","data":{"resultType":"vector","result":[]}}`},
		"string":                 {"/api/v1/query", `query="x"`, 200, `{"status":"success","data":{"resultType":"string","result":[30,"x"]}}`},
		"range":                  {"/api/v1/query_range", "query=count(load)&start=0&end=30&step=15", 200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"3"],[15,"3"],[30,"3"]]}]}}`},
		"range, empty":           {"/api/v1/query_range", "query=nothing&start=0&end=30&step=15s", 200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`},
		"does not parse":         {"/api/v1/query", "query=sum(", 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:5: parse error…`},
		"fails":                  {"/api/v1/query", `query=label_replace(load,"instance","x","","")`, 422, `{"status":"error","errorType":"execution","error":"…`},
		"times out":              {"/api/v1/query", "query=load&timeout=0.000000001", 503, `{"status":"error","errorType":"timeout","error":"query timed out in …`},
		"bad time":               {"/api/v1/query", "query=1&time=noon", 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"time\": cannot parse \"noon\" to a valid timestamp"}`},
		"time not a number":      {"/api/v1/query", "query=1&time=NaN", 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"time\": \"NaN\" is outside…`},
		"range backwards":        {"/api/v1/query_range", "query=1&start=9&end=8&step=1", 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"end\": end timestamp must not be before start time"}`},
		"range without start":    {"/api/v1/query_range", "query=1&end=8&step=1", 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"start\": cannot parse…`},
		"zero step":              {"/api/v1/query_range", "query=1&start=1&end=8&step=0", 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"step\": zero or negative…`},
		"too many points":        {"/api/v1/query_range", "query=1&start=0&end=11001&step=1", 400, `{"status":"error","errorType":"bad_data","error":"exceeded maximum resolution of 11000 points…`},
		"most points":            {"/api/v1/query_range", "query=nothing&start=0&end=11000&step=1", 200, `{"status":"success",…`},
		"series":                 {"/api/v1/series", `match[]=load{instance="host-01"}`, 200, `{"status":"success","data":[{"__name__":"load","instance":"host-01","job":"node"}]}`},
		"series, overlapping":    {"/api/v1/series", `match[]=load{instance=~"host-0[01]"}&match[]={job="node"}`, 200, `{"status":"success","data":[{"__name__":"load","instance":"host-00","job":"node"},{"__name__":"load","instance":"host-01","job":"node"},{"__name__":"load","instance":"host-02","job":"node"}]}`},
		"series, limited":        {"/api/v1/series", "match[]=load&limit=1", 200, `{"status":"success","data":[{"__name__":"load","instance":"host-00","job":"node"}],"warnings":["results truncated due to limit: 1 of 3 shown"]}`},
		"series, none":           {"/api/v1/series", "match[]=nothing", 200, `{"status":"success","data":[]}`},
		"series, all":            {"/api/v1/series", "", 400, `{"status":"error","errorType":"bad_data","error":"no match[] parameter provided"}`},
		"series, empty matcher":  {"/api/v1/series", `match[]={job=~".*"}`, 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"match[]\": match[] must contain at least one non-empty matcher"}`},
		"series, bad limit":      {"/api/v1/series", "match[]=load&limit=-1", 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"limit\": …`},
		"labels":                 {"/api/v1/labels", "", 200, `{"status":"success","data":["__name__","instance","job"]}`},
		"labels, none":           {"/api/v1/labels", "match[]=nothing", 200, `{"status":"success","data":[]}`},
		"values":                 {"/api/v1/label/instance/values", "", 200, `{"status":"success","data":["host-00","host-01","host-02"]}`},
		"values, matched":        {"/api/v1/label/instance/values", `match[]=load{instance!="host-01"}&start=0&end=60`, 200, `{"status":"success","data":["host-00","host-02"]}`},
		"metadata":               {"/api/v1/metadata", "", 200, `{"status":"success","data":{"load":[{"type":"gauge","help":"Load.","unit":""}],"up":[{"type":"gauge","help":"","unit":""}]}}`},
		"metadata of one":        {"/api/v1/metadata", "metric=up", 200, `{"status":"success","data":{"up":[{"type":"gauge","help":"","unit":""}]}}`},
		"metadata, limited":      {"/api/v1/metadata", "limit=1", 200, `{"status":"success","data":{"load":[{"type":"gauge","help":"Load.","unit":""}]}}`},
		"metadata, bad limit":    {"/api/v1/metadata", "limit=x", 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"limit\": limit must be a number"}`},
		"config shows externals": {"/api/v1/status/config", "", 200, `{"status":"success","data":{"yaml":"global:\n  external_labels:\n    cluster: eu1\n"}}`},
		"build information":      {"/api/v1/status/buildinfo", "", 200, `{"status":"success","data":{"branch":"","buildDate":"","buildUser":"","goVersion":"go1…`},
	} {
		form, err := url.ParseQuery(strings.ReplaceAll(tc.form, "+", "%2B"))
		if err != nil {
			t.Fatal(err)
		}
		methods := []string{http.MethodGet, http.MethodPost}
		if strings.Contains(tc.path, "/label/") || strings.Contains(tc.path, "/status/") || strings.Contains(tc.path, "metadata") {
			methods = methods[:1] // as in Prometheus
		}
		for _, method := range methods {
			w := ask(t, h, method, tc.path, form)
			got := w.Body.String()
			if prefix, cutOff := strings.CutSuffix(tc.want, "…"); cutOff && strings.HasPrefix(got, prefix) {
				got = tc.want
			}
			if d := cmp.Diff(tc.want, got); d != "" || w.Code != tc.status {
				t.Errorf("%s, %s: status %d, want %d (-want +got):\n%s", name, method, w.Code, tc.status, d)
			}
			if !json.Valid(w.Body.Bytes()) || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s: not JSON: %s", name, w.Body)
			}
		}
	}
}

func TestReady(t *testing.T) {
	db, _ := newStore(t, 1, 1)
	opts := testOptions()
	ready := false
	opts.Ready = func() bool { return ready }
	h := Handler(db, opts)
	if w := ask(t, h, http.MethodGet, "/-/ready", nil); w.Code != http.StatusServiceUnavailable {
		t.Errorf("not ready: %d", w.Code)
	}
	ready = true
	for _, path := range []string{"/-/ready", "/-/healthy"} {
		if w := ask(t, h, http.MethodGet, path, nil); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := ask(t, h, http.MethodGet, "/api/v1/read", nil); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET /api/v1/read: %d", w.Code)
	}
}
