package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
)

const goodState = `{"state":"ALARM","reason":"route test","reason_data":{"ticket":7},"by":"anna"}`

const goodSilence = `{"matchers":[{"name":"job","value":"checkout"}],"endsAt":"2026-11-23T04:00:00Z","createdBy":"anna","comment":"deploy"}`

// answered is a request of the tables in openapi_test.go.
type answered = struct {
	name, method, path, target string
	change                     func(*api.Options, *apitest.Backend)
	code                       int
	body                       string
}

// controlAnswers bring out every documented status code where people act.
func controlAnswers() (out []answered) {
	incident := "/api/v1/incidents/" + apitest.NewControls(apitest.Fleet()).IncidentKey() + "/acknowledge"
	for _, op := range []struct{ method, path, target, none, body string }{
		{"GET", "/api/v1/silences", "/api/v1/silences?state=active", "", ""},
		{"POST", "/api/v1/silences", "/api/v1/silences", "", goodSilence},
		{"GET", "/api/v1/silence/{id}", "/api/v1/silence/s1", "/api/v1/silence/s9", ""},
		{"DELETE", "/api/v1/silence/{id}", "/api/v1/silence/s1?by=anna", "/api/v1/silence/s9?by=anna", ""},
		{"POST", "/api/v1/alarms/{id}/state", "/api/v1/alarms/a-checkout/state", "/api/v1/alarms/none/state", goodState},
		{"POST", "/api/v1/alarms/{id}/actions", "/api/v1/alarms/disk-free/actions", "/api/v1/alarms/none/actions", `{"enabled":false,"by":"anna"}`},
		{"GET", "/api/v1/incidents", "/api/v1/incidents", "", ""},
		{"POST", "/api/v1/incidents/{id}/acknowledge", incident, "/api/v1/incidents/none/acknowledge", `{"by":"anna"}`},
		{"DELETE", "/api/v1/incidents/{id}/acknowledge", incident + "?by=anna", "/api/v1/incidents/none/acknowledge?by=anna", ""},
		{"GET", "/api/v1/feedback", "/api/v1/feedback", "", ""},
		{"POST", "/api/v1/feedback", "/api/v1/feedback", "", `{"verdict":"anomaly","alarm_id":"a-checkout","by":"anna"}`},
		{"DELETE", "/api/v1/feedback/{id}", "/api/v1/feedback/f1?by=anna", "/api/v1/feedback/f9?by=anna", ""},
	} {
		add := func(name, target string, change func(*api.Options, *apitest.Backend), code int) {
			out = append(out, answered{op.method + " " + op.path + ", " + name, op.method, op.path, target, change, code, op.body})
		}
		add("good", op.target, nil, 200)
		add("off", op.target, func(o *api.Options, _ *apitest.Backend) { o.Controls = nil }, 501)
		add("busy", op.target, breakWith(api.Unavailablef("shutting down")), 503)
		if strings.HasPrefix(op.path, "/api/v1/a") {
			add("failing", op.target, breakWith(errors.New("disk full")), 500)
		}
		path, _, _ := strings.Cut(op.target, "?")
		add("bad", path+"?x=1", nil, 400)
		if op.none != "" {
			add("none", op.none, nil, 404)
		}
	}
	twice := func(kind alerting.ControlKind, target func(*apitest.Controls) string) func(*api.Options, *apitest.Backend) {
		return func(o *api.Options, _ *apitest.Backend) {
			c := o.Controls.(*apitest.Controls)
			ctl := alerting.Control{ID: "x", At: apitest.Now.UnixMilli(), Actor: alerting.Actor{Name: "ben"}, Kind: kind, Target: target(c)}
			if _, err := c.Control(context.Background(), ctl); err != nil {
				panic(err)
			}
		}
	}
	is := func(id string) func(*apitest.Controls) string { return func(*apitest.Controls) string { return id } }
	return append(out,
		answered{"edit an unknown silence", "POST", "/api/v1/silences", "", nil, 404, strings.Replace(goodSilence, "{", `{"id":"s9",`, 1)},
		answered{"judge an unknown alarm", "POST", "/api/v1/feedback", "", nil, 404, `{"verdict":"anomaly","alarm_id":"none","by":"anna"}`},
		answered{"expire twice", "DELETE", "/api/v1/silence/{id}", "/api/v1/silence/s1?by=a", twice(alerting.ControlExpireSilence, is("s1")), 409, ""},
		answered{"disable actions twice", "POST", "/api/v1/alarms/{id}/actions", "/api/v1/alarms/a-disk/actions", nil, 409, `{"enabled":false,"by":"anna"}`},
		answered{"retract twice", "DELETE", "/api/v1/feedback/{id}", "/api/v1/feedback/f1?by=a", twice(alerting.ControlRetractFeedback, is("f1")), 409, ""},
		answered{
			"unacknowledge twice", "DELETE", "/api/v1/incidents/{id}/acknowledge", incident + "?by=a",
			twice(alerting.ControlUnacknowledge, (*apitest.Controls).IncidentKey), 409, "",
		},
	)
}

func TestBodiesAreChecked(t *testing.T) {
	h := newHandler(t, nil)
	for _, c := range []struct{ path, body, want string }{
		{"/api/v1/silences", "", "the body is empty, want JSON"},
		{"/api/v1/silences", "{", "the body is not the JSON that is wanted: unexpected EOF"},
		{"/api/v1/silences", goodSilence + "{}", "something follows the JSON in the body"},
		{"/api/v1/silences", `{"matcher":[]}`, `unknown field "matcher"`},
		{"/api/v1/silences", `{"createdBy":"anna","endsAt":"2026-11-23T04:00:00Z"}`, "matchers are missing, want at least one"},
		{"/api/v1/silences", strings.Replace(goodSilence, `"anna"`, `""`, 1), "who asks is missing: createdBy, or by"},
		{"/api/v1/silences", strings.Replace(goodSilence, "T04", "T02", 1), "ends at 2026-11-23T02:00:00Z, which is not in the future"},
		{"/api/v1/silences", strings.Replace(goodSilence, `"checkout"`, `"("`, 1) + "", ""},
		{"/api/v1/silences", strings.Replace(goodSilence, `"checkout"`, `"(","isRegex":true`, 1), `"(" is not a regular expression`},
		{"/api/v1/silences", strings.Replace(goodSilence, `"checkout"`, `".*","isRegex":true`, 1), "it would match every alarm"},
		{"/api/v1/silences", strings.Replace(goodSilence, "deploy", strings.Repeat("x", 5000), 1), "comment has 5000 bytes"},
		{"/api/v1/silences", `{"comment":"` + strings.Repeat("x", 70_000) + `"}`, "the body is longer than 65536 bytes"},
		{"/api/v1/alarms/a-checkout/state", strings.Replace(goodState, "ALARM", "BROKEN", 1), `state "BROKEN" is unknown, want one of INSUFFICIENT_DATA, OK, ALARM`},
		{"/api/v1/alarms/a-checkout/state", strings.Replace(goodState, "route test", "", 1), "the reason has 0 bytes, want 1 to 1023"},
		{"/api/v1/alarms/a-checkout/state", strings.Replace(goodState, "7", strings.Repeat("7", 4000), 1), "the reason data have 4011 bytes, at most 4000"},
		{"/api/v1/feedback", `{"verdict":"anomaly","by":"anna"}`, "either an alarm (alarm_id) or an incident (incident)"},
		{"/api/v1/feedback", `{"verdict":"no","alarm_id":"a-checkout","by":"anna"}`, `verdict "no" is unknown`},
	} {
		res := requestWith(h, http.MethodPost, c.path, c.body)
		if c.want == "" {
			if res.Code != http.StatusOK {
				t.Errorf("%s: status %d: %s", cut(c.body), res.Code, res.Body)
			}
			continue
		}
		if text := strings.ReplaceAll(res.Body.String(), `\"`, `"`); res.Code != http.StatusBadRequest || !strings.Contains(text, c.want) {
			t.Errorf("%s: status %d %s, want 400 with %q", cut(c.body), res.Code, text, c.want)
		}
	}
}

func TestWhoAsks(t *testing.T) {
	for _, c := range []struct{ user, agent, by, want string }{
		{"", "curl", "anna", "anna (api)"},
		{"ops", "curl", "anna", "anna, signed in as ops (api)"},
		{"ops", "curl", "ops", "ops (api)"},
		{"ops", api.CLIUserAgent, "", "ops (cli)"},
	} {
		h := newHandler(t, nil)
		req := httptest.NewRequest(http.MethodPost, "/api/v1/silences", strings.NewReader(strings.Replace(goodSilence, "anna", c.by, 1)))
		req.Header.Set("User-Agent", c.agent)
		if c.user != "" {
			req.SetBasicAuth(c.user, "secret")
		}
		res := httptest.NewRecorder()
		h.ServeHTTP(res, req)
		list, _ := get[api.SilenceList](t, h, "/api/v1/silences?state=active")
		if n := len(list.Silences); res.Code != 200 || n != 2 || list.Silences[0].History[0].By != c.want {
			t.Errorf("%+v: status %d, %d silences: %+v", c, res.Code, n, list.Silences)
		}
	}
}

func TestOtherSitesCannotAct(t *testing.T) {
	h := newHandler(t, nil)
	for _, target := range []string{"/api/v1/silences", "/api/v1/feedback", "/api/v1/incidents/x/acknowledge"} {
		req := httptest.NewRequest(http.MethodPost, "http://tidewatch:9880"+target, strings.NewReader(goodSilence))
		req.Header.Set("Origin", "https://elsewhere.example")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		res := httptest.NewRecorder()
		if h.ServeHTTP(res, req); res.Code != http.StatusForbidden {
			t.Errorf("%s: status %d for another site", target, res.Code)
		}
	}
}
