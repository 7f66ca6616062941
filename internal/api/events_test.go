package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/internal/api"
)

// TestPostEventSaysWhatIsWrong posts events that cannot be kept; each answer names the field and nothing is kept.
func TestPostEventSaysWhatIsWrong(t *testing.T) {
	for body, want := range map[string]string{
		`{`:                           "not the JSON",
		`{"text": "x"} {"text": "y"}`: "something follows",
		`{"txt": "x"}`:                `unknown field "txt"`,
		`{"kind": "deploy"}`:          "text: is missing",
		`{"text": "a\nb"}`:            "line break",
		`{"text": "` + strings.Repeat("x", 201) + `"}`:                       "201 characters",
		`{"text": "x", "kind": "A B"}`:                                       `kind: "A B"`,
		`{"text": "x", "time": "yesterday"}`:                                 `time: "yesterday"`,
		`{"text": "x", "time": "1999-01-01T00:00:00Z"}`:                      "90 days",
		`{"text": "x", "time": "2030-01-01T00:00:00Z"}`:                      "an hour ahead",
		`{"text": "x", "labels": {"": "y"}}`:                                 `labels: ""`,
		`{"text": "x", "labels": {"a": "` + strings.Repeat("y", 201) + `"}}`: "longer than 200",
	} {
		h := newHandler(t, nil)
		res := requestWith(h, http.MethodPost, "/api/v1/events", body)
		if res.Code != http.StatusBadRequest || !strings.Contains(res.Body.String(), strings.ReplaceAll(want, `"`, `\"`)) {
			t.Errorf("%s: status %d, %s; want %q", cut(body), res.Code, cut(res.Body.String()), want)
		}
		if list, _ := get[api.EventList](t, h, "/api/v1/events?kind=event"); len(list.Events) > 0 {
			t.Errorf("%s was kept", cut(body))
		}
	}
}

func TestPostEventIsForOwnersOfThePage(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"another site": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a form":       func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
	} {
		req := httptest.NewRequest(http.MethodPost, "/api/v1/events", strings.NewReader(`{"text": "x"}`))
		req.Header.Set("Content-Type", "application/json")
		change(req)
		res := httptest.NewRecorder()
		newHandler(t, nil).ServeHTTP(res, req)
		if res.Code != http.StatusForbidden && res.Code != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, res.Code)
		}
	}
}

func TestPostedEventsAreListed(t *testing.T) {
	h := newHandler(t, nil)
	if res := requestWith(h, http.MethodPost, "/api/v1/events", `{"time": "2026-11-23T02:00:00Z", "kind": "deploy", "text": " api 1.5 ", "labels": {"job": "api"}}`); res.Code != http.StatusOK {
		t.Fatal(res.Code, res.Body)
	}
	list, _ := get[api.EventList](t, h, "/api/v1/events?kind=deploy&match[]={job=%22api%22}")
	if len(list.Events) != 1 || list.Events[0].Text != "api 1.5" || list.Events[0].Origin != "api" || list.Events[0].Time.String() != "2026-11-23T02:00:00Z" {
		t.Errorf("%+v", list)
	}
}
