package api_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
	"github.com/tidewatch/tidewatch/internal/jsonschema"
)

var update = flag.Bool("update", false, "rewrite docs/openapi.json and the answers in docs/api.md")

const documentPath = "../../docs/openapi.json"

func TestOpenAPIDocumentIsUpToDate(t *testing.T) {
	got := api.Document("")
	if *update {
		if err := os.WriteFile(documentPath, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/openapi.json differs from the handlers; run go test ./internal/api -update")
	}
}

// document is the OpenAPI document.
type document struct{ jsonschema.Document }

func loadDocument(t *testing.T) document {
	t.Helper()
	v, err := jsonschema.Parse(api.Document(""))
	if err != nil {
		t.Fatal(err)
	}
	return document{v.(jsonschema.Object)}
}

func (d document) operation(method, path string) map[string]any {
	item, _ := d.Document["paths"].(map[string]any)[path].(map[string]any)
	op, _ := item[strings.ToLower(method)].(map[string]any)
	return op
}

// conforms holds an answer against what the document says of its status code.
func (d document) conforms(method, path string, res *httptest.ResponseRecorder) (wrong []string) {
	responses, _ := d.operation(method, path)["responses"].(map[string]any)
	response, ok := responses[fmt.Sprint(res.Code)].(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("status %d is not documented", res.Code)}
	}
	for media, content := range response["content"].(map[string]any) {
		got := res.Header().Get("Content-Type")
		if !strings.HasPrefix(got, media) {
			wrong = append(wrong, fmt.Sprintf("content type %q, documented %q", got, media))
		}
		s, ok := content.(map[string]any)["schema"].(map[string]any)
		if !ok || media != "application/json" {
			continue
		}
		v, err := jsonschema.Parse(res.Body.Bytes())
		if err != nil {
			return append(wrong, "answer is not JSON: "+err.Error())
		}
		wrong = append(wrong, d.Validate("answer", s, v)...)
	}
	return wrong
}

// answers are requests that bring out every documented status code; path is the template, target the request.
var answers = []struct {
	name, method, path, target string
	change                     func(*api.Options, *apitest.Backend)
	code                       int
	body                       string
}{
	{name: "anomalies", path: "/api/v1/anomalies", code: 200},
	{name: "anomalies, paged", path: "/api/v1/anomalies", target: "/api/v1/anomalies?limit=1", code: 200},
	{name: "anomalies, bad", path: "/api/v1/anomalies", target: "/api/v1/anomalies?limit=0", code: 400},
	{name: "anomalies, empty", path: "/api/v1/anomalies", change: func(_ *api.Options, b *apitest.Backend) { b.AllAnomalies = nil }, code: 200},
	{name: "alarms", path: "/api/v1/alarms", code: 200},
	{name: "alarms, paged", path: "/api/v1/alarms", target: "/api/v1/alarms?limit=1", code: 200},
	{name: "alarms, bad", path: "/api/v1/alarms", target: "/api/v1/alarms?state=ok", code: 400},
	{name: "alarm", path: "/api/v1/alarms/{id}", target: "/api/v1/alarms/a-checkout", code: 200},
	{name: "alarm without data", path: "/api/v1/alarms/{id}", target: "/api/v1/alarms/a-disk", code: 200},
	{name: "alarm, bad", path: "/api/v1/alarms/{id}", target: "/api/v1/alarms/a-disk?x=1", code: 400},
	{name: "alarm, none", path: "/api/v1/alarms/{id}", target: "/api/v1/alarms/none", code: 404},
	{name: "history", path: "/api/v1/alarms/{id}/history", target: "/api/v1/alarms/a-checkout/history", code: 200},
	{name: "history, cut", path: "/api/v1/alarms/{id}/history", target: "/api/v1/alarms/a-checkout/history?limit=1", code: 200},
	{name: "contributors", path: "/api/v1/detectors/{name}/contributors", target: "/api/v1/detectors/checkout-5xx/contributors", code: 200},
	{name: "contributors, bad", path: "/api/v1/detectors/{name}/contributors", target: "/api/v1/detectors/checkout-5xx/contributors?x=1", code: 400},
	{name: "contributors, none", path: "/api/v1/detectors/{name}/contributors", target: "/api/v1/detectors/nosuch/contributors", code: 404},
	{name: "contributors, busy", path: "/api/v1/detectors/{name}/contributors", target: "/api/v1/detectors/checkout-5xx/contributors", change: breakWith(api.Unavailablef("loading")), code: 503},
	{name: "history, empty", path: "/api/v1/alarms/{id}/history", target: "/api/v1/alarms/a-disk/history", code: 200},
	{name: "history, bad", path: "/api/v1/alarms/{id}/history", target: "/api/v1/alarms/a-disk/history?limit=x", code: 400},
	{name: "history, none", path: "/api/v1/alarms/{id}/history", target: "/api/v1/alarms/none/history", code: 404},
	{name: "explain", path: "/api/v1/alarms/{id}/explain", target: "/api/v1/alarms/a-checkout/explain", code: 200},
	{name: "explain, empty", path: "/api/v1/alarms/{id}/explain", target: "/api/v1/alarms/a-disk/explain", code: 200},
	{name: "explain, bad", path: "/api/v1/alarms/{id}/explain", target: "/api/v1/alarms/a-disk/explain?from=1", code: 400},
	{name: "explain, none", path: "/api/v1/alarms/{id}/explain", target: "/api/v1/alarms/none/explain", code: 404},
	{name: "band", path: "/api/v1/series/{id}/band", target: "/api/v1/series/11400714819323198485/band", code: 200},
	{name: "band, empty", path: "/api/v1/series/{id}/band", target: "/api/v1/series/42/band", code: 200},
	{name: "band, bad", path: "/api/v1/series/{id}/band", target: "/api/v1/series/x/band", code: 400},
	{name: "band, none", path: "/api/v1/series/{id}/band", target: "/api/v1/series/7/band", code: 404},
	{name: "chart", path: "/api/v1/series/{id}/chart.png", target: "/api/v1/series/42/chart.png", code: 200},
	{name: "chart, bad", path: "/api/v1/series/{id}/chart.png", target: "/api/v1/series/42/chart.png?to=x", code: 400},
	{name: "chart, none", path: "/api/v1/series/{id}/chart.png", target: "/api/v1/series/7/chart.png", code: 404},
	{name: "chart, off", path: "/api/v1/series/{id}/chart.png", target: "/api/v1/series/7/chart.png", change: func(o *api.Options, _ *apitest.Backend) { o.Chart = nil }, code: 501},
	{name: "causes", path: "/api/v1/causes", code: 200},
	{name: "causes, none", path: "/api/v1/causes", change: func(_ *api.Options, b *apitest.Backend) { b.AllCauses = api.CauseList{} }, code: 200},
	{name: "causes, bad", path: "/api/v1/causes", target: "/api/v1/causes?limit=1", code: 400},
	{name: "events", path: "/api/v1/events", code: 200},
	{name: "events, paged", path: "/api/v1/events", target: "/api/v1/events?limit=1", code: 200},
	{name: "events, bad", path: "/api/v1/events", target: "/api/v1/events?kinds=deploy", code: 400},
	{name: "event", method: "POST", path: "/api/v1/events", body: `{"text": "api was deployed", "labels": {"job": "api"}}`, code: 200},
	{name: "event, bad", method: "POST", path: "/api/v1/events", body: `{"text": ""}`, code: 400},
	{name: "event, not loaded", method: "POST", path: "/api/v1/events", body: `{"text": "x"}`, change: breakWith(api.Unavailablef("loading")), code: 503},
	{name: "event, failing", method: "POST", path: "/api/v1/events", body: `{"text": "x"}`, change: breakWith(errors.New("disk full")), code: 500},
	{name: "report", path: "/api/v1/report", target: "/api/v1/report?from=2026-11-01T00:00:00Z", code: 200},
	{name: "report, off", path: "/api/v1/report", change: func(o *api.Options, _ *apitest.Backend) { o.Controls = nil }, code: 501},
	{name: "report, bad", path: "/api/v1/report", target: "/api/v1/report?week=1", code: 400},
	{name: "detectors", path: "/api/v1/detectors", code: 200},
	{name: "detectors, none", path: "/api/v1/detectors", change: func(_ *api.Options, b *apitest.Backend) { b.AllDetectors = nil }, code: 200},
	{name: "sources", path: "/api/v1/sources", code: 200},
	{name: "sources, none", path: "/api/v1/sources", change: func(_ *api.Options, b *apitest.Backend) { b.AllSources = nil }, code: 200},
	{name: "sources, bad", path: "/api/v1/sources", target: "/api/v1/sources?name=x", code: 400},
	{name: "detectors, bad", path: "/api/v1/detectors", target: "/api/v1/detectors?name=x", code: 400},
	{name: "build", path: "/api/v1/status/buildinfo", code: 200},
	{name: "build, bad", path: "/api/v1/status/buildinfo", target: "/api/v1/status/buildinfo?v=1", code: 400},
	{name: "document", path: "/api/v1/openapi.json", code: 200},
	{name: "document, bad", path: "/api/v1/openapi.json", target: "/api/v1/openapi.json?v=1", code: 400},
	{name: "metrics", path: "/metrics", code: 200},
	{name: "healthy", path: "/-/healthy", code: 200},
	{name: "ready", path: "/-/ready", code: 200},
	{name: "not ready", path: "/-/ready", change: func(o *api.Options, _ *apitest.Backend) {
		o.Ready = func() error { return errors.New("loading snapshot") }
	}, code: 503},
	{name: "reload", method: "POST", path: "/-/reload", code: 200},
	{name: "reload fails", method: "POST", path: "/-/reload", change: func(o *api.Options, _ *apitest.Backend) { o.Reload = failingReload }, code: 500},
	{name: "reload off", method: "POST", path: "/-/reload", change: func(o *api.Options, _ *apitest.Backend) { o.Reload = nil }, code: 501},
}

func TestAnswersConformToTheDocument(t *testing.T) {
	doc := loadDocument(t)
	seen := map[string]bool{}
	check := func(t *testing.T, method, path string, res *httptest.ResponseRecorder) {
		t.Helper()
		seen[fmt.Sprintf("%s %s %d", method, path, res.Code)] = true
		if wrong := doc.conforms(method, path, res); len(wrong) > 0 {
			t.Errorf("%s\n%s", strings.Join(wrong, "\n"), cut(res.Body.String()))
		}
	}
	for _, c := range slices.Concat(answers, controlAnswers()) {
		t.Run(c.name, func(t *testing.T) {
			method, target := orDefault(c.method, "GET"), orDefault(c.target, c.path)
			res := requestWith(newHandler(t, c.change), method, target, c.body)
			if res.Code != c.code {
				t.Errorf("status %d, want %d: %s", res.Code, c.code, cut(res.Body.String()))
			}
			check(t, method, c.path, res)
		})
	}
	eachOperation(doc, func(method, path string, codes []string) {
		target := concrete(path)
		check(t, method, path, request(newHandler(t, nil), other(method), target))
		if slices.Contains(codes, "503") {
			check(t, method, path, request(newHandler(t, breakWith(api.Unavailablef("loading the snapshot"))), method, target))
		}
		if strings.HasPrefix(path, "/api/") {
			res := request(newHandler(t, breakWith(errors.New("disk full"))), method, target)
			check(t, method, path, res)
		}
		for _, code := range codes {
			// What no request here brings out: 403 has a test of its own; without a backend nothing can fail but by a panic.
			if !seen[method+" "+path+" "+code] && code != "403" && (code != "500" || strings.HasPrefix(path, "/api/v1/a")) {
				t.Errorf("no request here brings out the documented %s %s %s", method, path, code)
			}
		}
	})
}

func breakWith(err error) func(*api.Options, *apitest.Backend) {
	return func(o *api.Options, b *apitest.Backend) {
		b.Err = err
		o.Ready = func() error { return err }
	}
}

func eachOperation(doc document, do func(method, path string, codes []string)) {
	paths := doc.Document["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for method, op := range paths[path].(map[string]any) {
			codes := slices.Sorted(maps.Keys(op.(map[string]any)["responses"].(map[string]any)))
			do(strings.ToUpper(method), path, codes)
		}
	}
}

func other(string) string { return http.MethodPatch }

// concrete fills a path template with things that the fleet has.
func concrete(path string) string {
	path = strings.Replace(path, "/alarms/{id}", "/alarms/a-checkout", 1)
	path = strings.Replace(path, "/series/{id}", "/series/42", 1)
	return strings.Replace(path, "{id}", "none", 1)
}

// TestEveryRouteIsDocumented reads the paths that the package's source registers and holds them against the document.
func TestEveryRouteIsDocumented(t *testing.T) {
	var source []byte
	for _, file := range []string{"routes.go", "routes_controls.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, text...)
	}
	paths, operations := loadDocument(t).Document["paths"].(map[string]any), 0
	eachOperation(loadDocument(t), func(string, string, []string) { operations++ })
	found := regexp.MustCompile(`path: "([^"]+)"`).FindAllSubmatch(source, -1)
	if len(found) != operations {
		t.Errorf("%d routes in the table, %d in the document", len(found), operations)
	}
	for _, m := range found {
		if paths[string(m[1])] == nil {
			t.Errorf("route %s is not in the document", m[1])
		}
	}
	h := newHandler(t, nil)
	for path := range paths {
		if res := request(h, "PATCH", concrete(path)); res.Code != http.StatusMethodNotAllowed {
			t.Errorf("documented path %s has no handler: PATCH gives %d, want 405", path, res.Code)
		}
	}
	for _, undocumented := range []string{"/api/v1/nothing", "/api/v2/alarms", "/api/v1/alarms/a/b/c"} {
		if res := request(h, "GET", undocumented); res.Code != http.StatusNotFound || res.Header().Get("Content-Type") != "application/json" {
			t.Errorf("GET %s: %d %s, want 404 in the envelope", undocumented, res.Code, res.Header().Get("Content-Type"))
		}
	}
}

func TestValidatorFindsViolations(t *testing.T) {
	doc := loadDocument(t)
	alarm := doc.Resolve("#/components/schemas/AlarmCounts")
	for name, v := range map[string]any{
		"missing member":    map[string]any{"ok": 1.0, "alarm": 0.0},
		"unexpected member": map[string]any{"ok": 1.0, "alarm": 0.0, "insufficient_data": 0.0, "x": 1.0},
		"wrong type":        map[string]any{"ok": "1", "alarm": 0.0, "insufficient_data": 0.0},
		"below minimum":     map[string]any{"ok": -1.0, "alarm": 0.0, "insufficient_data": 0.0},
		"null":              nil,
	} {
		if len(doc.Validate("v", alarm, v)) == 0 {
			t.Errorf("%s was not found", name)
		}
	}
	if wrong := doc.Validate("v", alarm, map[string]any{"ok": 1.0, "alarm": 0.0, "insufficient_data": 0.0}); len(wrong) > 0 {
		t.Errorf("a right value was refused: %v", wrong)
	}
}
