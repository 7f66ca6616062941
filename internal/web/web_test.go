package web_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
	"github.com/tidewatch/tidewatch/internal/web"
)

func newPages(change func(*web.Options, *apitest.Backend)) http.Handler {
	b := apitest.Fleet()
	o := web.Options{Backend: b, Now: func() time.Time { return apitest.Now }, Version: "1.0.0", Chart: true}
	if change != nil {
		change(&o, b)
	}
	return web.New(o)
}

func visit(h http.Handler, path string) (code int, page string) {
	res := httptest.NewRecorder()
	h.ServeHTTP(res, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	return res.Code, res.Body.String()
}

// text is what a page says, without tags and with single spaces.
func text(page string) string {
	return html.UnescapeString(strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")), " "))
}

func TestPagesSay(t *testing.T) {
	for _, c := range []struct {
		name, path string
		code       int
		change     func(*web.Options, *apitest.Backend)
		want       []string
	}{
		{"status", "/", 200, nil, []string{
			`ALARM checkout-5xx {job="checkout", region="eu1"} 0.062 0.001 to 0.009 2.4 4m ago Why?`,
			`INSUFFICIENT_DATA disk-free disk_free_bytes{instance="db-0:9100"} – – –`,
			`active checkout-5xx {job="checkout", region="eu1"} 0.062 0.001 to 0.009 2.4 band 6m ago – Alarm`,
			`1.5e+09 3.5e+09 to 4.5e+09 1.2 shift REGIME_ACCEPTED 9h ago 30m Alarm`,
			`prod 12 of 1000 TRAINED 95 %, trained by 2026-12-02 03:00:00 UTC 2 daily, 10 weekly 1 1/30d 1m ago`,
			`DATA_QUALITY late since 20m ago : of 60 points read again, 5 had come after their time was decided and 0 had changed`,
			`expects a sample every 30s (inferred), no gap over 10m (inferred), about 12 series, labels job, region, values from 0 to 1`,
			`failing disk-free disk_free_bytes prod 3 of 1000 TRAINED_INSUFFICIENT_DATA 5 %, judged from 2026-11-23 06:00:00 UTC, trained by 2026-12-08 03:00:00 UTC 1 learning, 2 level 0 provisional: 1/9d 11m ago`,
			`1m ago: remote-read from prod: connection refused`,
			`Tidewatch 1.0.0 · as of 2026-11-23 03:00:00 UTC`,
		}},
		{"nothing configured", "/", 200, func(_ *web.Options, b *apitest.Backend) { *b = apitest.Backend{} }, []string{
			"No alarm, and every alarm has data.", "None is configured; tidewatch init writes a configuration.",
		}},
		{"more than fit", "/", 200, func(_ *web.Options, b *apitest.Backend) {
			for i := range 30 {
				a := b.AllAlarms[1]
				a.ID = fmt.Sprintf("b-%02d", i)
				b.AllAlarms = append(b.AllAlarms, a)
				n := b.AllAnomalies[1]
				n.ID = fmt.Sprintf("m-%02d", i)
				b.AllAnomalies = append(b.AllAnomalies, n)
			}
		}, []string{"11 more in state INSUFFICIENT_DATA are not shown; the API lists all.", "2 more are not shown; the API lists all."}},
		{"not ready, dry run", "/", 200, func(o *web.Options, _ *apitest.Backend) {
			o.DryRun, o.Ready = true, func() error { return errors.New("loading the snapshot") }
		}, []string{"Not ready yet: loading the snapshot", "Dry run: nothing is sent."}},
		{"alarm", "/alarms/a-checkout", 200, nil, []string{
			"ALARM checkout-5xx", "3 out of the last 5 datapoints were outside the band: 0.062, expected 0.001 to 0.009",
			"Since 2026-11-23 02:56:00 UTC (4m ago)", "summary: checkout fails",
			"Expected 0.004 = level 0.005 - Monday 03:00 0.001. History 15 d.", "level 0.005 Monday 03:00 -0.001 expected 0.004",
			"Decided by band: 29, limit 4.1 robust standard deviations", "Learnt from 15d, seasons 1d, 1w. Promise: 1/30d.",
			"2026-11-23 02:56:00 UTC OK ALARM 3 of 5 m-of-n",
		}},
		{"alarm without data", "/alarms/a-disk", 200, nil, []string{"INSUFFICIENT_DATA disk-free", "Training: PENDING_TRAINING 25 %, judged from 2026-11-23 06:00:00 UTC", "No point has been judged yet.", "The state has never changed."}},
		{"no such alarm", "/alarms/none", 404, nil, []string{"Not Found", `no alarm has the id "none"`}},
		{"no such page", "/graph", 404, nil, []string{`there is no page "/graph"`}},
		{"backend broken", "/", 500, func(_ *web.Options, b *apitest.Backend) { b.Err = errors.New("disk full") }, []string{"reading the detectors: disk full"}},
		{"backend not loaded", "/", 503, func(_ *web.Options, b *apitest.Backend) { b.Err = api.Unavailablef("loading") }, []string{"Service Unavailable"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, page := visit(newPages(c.change), c.path)
			if code != c.code {
				t.Errorf("status %d, want %d", code, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(text(page), want) {
					t.Errorf("the page does not say %q but\n%s", want, text(page))
				}
			}
		})
	}
}

// TestLinksLeadSomewhere follows every link and source of the pages through the API's handler, under a prefix, and holds
// them against the content security policy: nothing from elsewhere, no script, no inline style.
func TestLinksLeadSomewhere(t *testing.T) {
	external := &url.URL{Scheme: "https", Host: "example.org", Path: "/tidewatch"}
	pages := newPages(func(o *web.Options, _ *apitest.Backend) { o.ExternalURL = external })
	h := api.New(api.Options{
		Backend: apitest.Fleet(), UI: pages, ExternalURL: external, Now: func() time.Time { return apitest.Now },
		Chart: func(context.Context, uint64, int64, int64) ([]byte, error) { return []byte("png"), nil },
	})
	links := regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	followed := map[string]bool{}
	for _, path := range []string{"/tidewatch/", "/tidewatch/alarms/a-checkout", "/tidewatch/alarms/a-disk", "/tidewatch/nothing"} {
		_, page := visit(h, path)
		for _, forbidden := range []string{"<script", "style=\"", "<style", "http://", "https://"} {
			if strings.Contains(strings.ToLower(page), forbidden) {
				t.Errorf("%s contains %q", path, forbidden)
			}
		}
		for _, m := range links.FindAllStringSubmatch(page, -1) {
			followed[strings.ReplaceAll(m[1], "&amp;", "&")] = true
		}
	}
	if len(followed) != 7 {
		t.Errorf("%d different links on the pages, want 7", len(followed))
	}
	for link := range followed {
		if code, body := visit(h, link); code != http.StatusOK {
			t.Errorf("GET %s: %d %s", link, code, body)
		}
	}
}

func TestNamesAreEscaped(t *testing.T) {
	_, page := visit(newPages(func(_ *web.Options, b *apitest.Backend) {
		b.AllAlarms[0].Detector = `<script>alert(1)</script>`
		b.AllDetectors[1].LastError = `<img src=x>`
	}), "/")
	if strings.Contains(page, "<script>") || strings.Contains(page, "<img src=x>") {
		t.Error("a name or an error reached the page as HTML")
	}
}

func TestChartRange(t *testing.T) {
	for _, c := range []struct {
		name  string
		since time.Duration // before the newest point; 0: the state never changed
		want  time.Duration
	}{
		{"never changed", 0, 6 * time.Hour},
		{"just now", 4 * time.Minute, 6 * time.Hour},
		{"for long", 10 * time.Hour, 13 * time.Hour},
		{"for very long", 60 * 24 * time.Hour, 7 * 24 * time.Hour},
	} {
		_, page := visit(newPages(func(_ *web.Options, b *apitest.Backend) {
			a := &b.AllAlarms[0]
			a.Since = 0
			if c.since > 0 {
				a.Since = a.Time - api.Time(c.since.Milliseconds())
			}
		}), "/alarms/a-checkout")
		m := regexp.MustCompile(`chart\.png\?from=(\d+)&amp;to=(\d+)`).FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("%s: no chart on the page", c.name)
		}
		from, errFrom := time.ParseDuration(m[1] + "s")
		to, errTo := time.ParseDuration(m[2] + "s")
		if errFrom != nil || errTo != nil || to-from != c.want || to != time.Duration(apitest.Now.Unix()-60)*time.Second {
			t.Errorf("%s: the chart shows %v up to %v, want %v up to the newest point", c.name, to-from, to, c.want)
		}
	}
}

func TestHandlersArePassedThroughTheSecurityHeaders(t *testing.T) {
	h := api.New(api.Options{Backend: apitest.Fleet(), UI: newPages(nil)})
	res := httptest.NewRecorder()
	h.ServeHTTP(res, httptest.NewRequest(http.MethodGet, "/static/style.css", http.NoBody))
	if got := res.Header().Get("Cache-Control"); got != "max-age=300" || res.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("style sheet: Cache-Control %q, headers %v", got, res.Header())
	}
}
