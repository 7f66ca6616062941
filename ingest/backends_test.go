package ingest

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v2"
)

// httpSettings reads HTTP settings as the configuration file has them.
func httpSettings(t *testing.T, text string) config.HTTPClientConfig {
	t.Helper()
	c := config.DefaultHTTPClientConfig
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// Where other backends differ from Prometheus by their documentation: prefix, tenant, form of the answer, limits, replicas,
// and whether there is a remote-read at all. Each gives the same points.
func TestBackends(t *testing.T) {
	tenant := `http_headers: {X-Scope-OrgID: {values: [team-a]}}`
	one := memSeries{labels.FromStrings("__name__", "up", "job", "a"), every(60, 1, 2, 3, 4, 5)}
	pair := func(replica string) memSeries {
		return memSeries{labels.FromStrings("__name__", "up", "job", "a", "__replica__", replica), one.samples}
	}
	for _, tc := range []struct {
		name, path, settings string
		series               []memSeries
		drop                 []string
		set                  func(f *fakeServer)
		needsTenant          bool
		requests             int // remote-read requests for one read, those that were refused included
	}{
		{name: "Prometheus below a prefix", path: "/prom/api/v1/read", series: []memSeries{one}, requests: 1},
		{name: "Mimir streams, wants a tenant", path: "/prometheus/api/v1/read", settings: tenant, series: []memSeries{one}, needsTenant: true, requests: 1},
		{
			name: "Mimir's limits", path: "/prometheus/api/v1/read", settings: tenant, series: []memSeries{one}, needsTenant: true, requests: 4,
			set: func(f *fakeServer) {
				f.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
					f.intercept = nil // once
					http.Error(w, "the query exceeded the maximum number of chunks (limit: 2 chunks) (err-mimir-max-chunks-per-query)", http.StatusUnprocessableEntity)
					return true
				}
			},
		},
		{
			name: "Cortex answers with samples", path: "/api/prom/api/v1/read", settings: tenant, series: []memSeries{one}, needsTenant: true, requests: 1,
			set: func(f *fakeServer) { f.sampled = true },
		},
		{
			name: "an HA pair that the store has not deduplicated", path: "/prometheus/api/v1/read", settings: tenant, needsTenant: true, requests: 2,
			series: []memSeries{pair("b"), pair("a")}, drop: []string{"__replica__"},
		},
		{
			name: "a store that takes one query at a time", path: "/api/v1/read", series: []memSeries{one}, requests: 1,
			set: func(f *fakeServer) { f.oneQuery = true },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFakeServer(t, tc.series...)
			if tc.set != nil {
				tc.set(f)
			}
			requests, inner := 0, f.Config.Handler
			f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				switch {
				case r.URL.Path != tc.path:
					http.NotFound(w, r)
				case tc.needsTenant && r.Header.Get("X-Scope-OrgID") != "team-a":
					http.Error(w, "no org id", http.StatusUnauthorized)
				default:
					inner.ServeHTTP(w, r)
				}
			})
			q := Query{Detector: "d", Expr: "up", From: t0, To: t0 + 240_000, Step: 60_000}
			if tc.needsTenant {
				_, err := newTestRemote(t, RemoteConfig{URL: f.URL + tc.path}).Read(t.Context(), q)
				checkError(t, err, KindUnauthorized, "no org id (look at basic_auth, authorization, oauth2 or http_headers of the source)")
				requests = 0
			}
			r := newTestRemote(t, RemoteConfig{URL: f.URL + tc.path, HTTPClient: httpSettings(t, tc.settings), DropLabels: tc.drop})
			if got := show(read(t, r, q)); got != `{__name__="up", job="a"} [1 2 3 4 5]` || requests != tc.requests {
				t.Errorf("%s after %d requests, want %d", got, requests, tc.requests)
			}
		})
	}
}

// Thanos' querier has no remote-read and answers query_range with what its healthy stores have, unless it is told not to.
func TestThanosQuerier(t *testing.T) {
	server := newRangeServer(t, memSeries{labels.FromStrings("__name__", "up"), every(60, 1, 2)})
	src, err := Open(RemoteConfig{Name: "thanos", URL: server.URL + "/api/v1/read"}, ProtocolAuto)
	if err != nil {
		t.Fatal(err)
	}
	q := Query{Detector: "d", Expr: "up", From: t0, To: t0 + 60_000, Step: 60_000}
	if got := show(read(t, src, q)); got != `{__name__="up"} [1 2]` {
		t.Error(got)
	}
	form := server.forms[len(server.forms)-1]
	for name, want := range map[string]string{"partial_response": "false", "max_source_resolution": "0s", "lookback_delta": "300s"} {
		if got := strings.Join(form[name], ","); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// Secrets in files are read again at each request: what is rotated between two takes effect with the second, on the same
// connection and without a reload.
func TestRotatedCredentials(t *testing.T) {
	dir := t.TempDir()
	for name, settings := range map[string]string{
		"password": "basic_auth: {username: tw, password_file: FILE}",
		"user":     "basic_auth: {username_file: FILE, password: x}",
		"token":    "authorization: {credentials_file: FILE}",
		"tenant":   "http_headers: {X-Scope-OrgID: {files: [FILE]}}",
	} {
		f := newFakeServer(t, memSeries{labels.FromStrings("__name__", "up"), every(60, 1)})
		var seen []string
		f.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			user, password, _ := r.BasicAuth()
			seen = append(seen, map[string]string{
				"password": password, "user": user, "token": strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), "tenant": r.Header.Get("X-Scope-OrgID"),
			}[name])
			return false
		}
		file := filepath.Join(dir, name)
		write := func(secret string) {
			t.Helper()
			if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("first")
		r := newTestRemote(t, RemoteConfig{URL: f.URL, HTTPClient: httpSettings(t, strings.Replace(settings, "FILE", file, 1))})
		q := Query{Detector: "d", Expr: "up", From: t0, To: t0, Step: 60_000}
		read(t, r, q)
		write("second")
		read(t, r, q)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		_, err := r.Read(t.Context(), q)
		if err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: without its file: %v", name, err)
		}
		if got := strings.Join(seen, " "); got != "first second" {
			t.Errorf("%s: requests came with %q", name, got)
		}
	}
}
