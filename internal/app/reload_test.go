package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// twoDetectors watches the same series twice.
var twoDetectors = strings.Replace(quickConfig, "detectors: [", "detectors: [{name: Other, expr: load, expect: 1/30d}, ", 1)

// A configuration that does not hold is refused with its errors; the old one goes on, and nothing has changed.
func TestReloadOfABadFile(t *testing.T) {
	want := uninterrupted(t)
	h := newQuick(t, broken)
	x := h.start(t)
	x.walkSent(begin + 2*hour + 30*minute)
	good := h.yaml
	for _, bad := range []string{
		strings.Replace(good, "expect: 1/30d", "expct: 1/30d", 1),
		strings.Replace(good, "receiver: oncall", "receiver: nobody", 1),
		"",
	} {
		h.yaml = bad
		before := x.snapshotBytes()
		h.logs.clear()
		if err := x.Reload(t.Context()); err == nil {
			t.Errorf("no error for\n%s", bad)
		}
		h.logs.once(t, "ERROR", "reload failed, the old configuration stays in force")
		x.want(0, "tidewatch_config_last_reload_successful")
		if !bytes.Equal(before, x.snapshotBytes()) {
			t.Error("a refused reload has changed the state")
		}
	}
	x.want(3, "tidewatch_config_reloads_total", "failure")
	h.yaml = good
	if err := x.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	x.want(1, "tidewatch_config_last_reload_successful")
	x.walkSent(end)
	want.same(t, x.ending(true))
	x.stop()
}

// What must be learnt anew after a change, and what not, also where the change was made while the service was down.
func TestWhatAReloadKeeps(t *testing.T) {
	for _, tc := range []struct {
		name, old, new string
		anew           []string
	}{
		{"promise", "name: Load, expr: load, expect: 1/30d", "name: Load, expr: load, expect: 1/7d", nil},
		{"alarm", "name: Load,", "name: Load, alarm: {datapoints: 2, of: 3},", nil},
		{"labels", "severity: page", "severity: ticket", nil},
		{"model", "name: Load,", "name: Load, seasonality: [1h],", []string{"Load"}},
		{"expression", "name: Load, expr: load", "name: Load, expr: load > 0", []string{"Load"}},
		{"new detector", "detectors: [", "detectors: [{name: Third, expr: load}, ", []string{"Third"}},
	} {
		for _, down := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, down %v", tc.name, down), func(t *testing.T) {
				h := newQuick(t, calm)
				h.yaml = twoDetectors
				x := h.start(t)
				x.walk(begin + hour)
				before := x.metric("tidewatch_points_total", "history")
				if h.yaml = strings.Replace(h.yaml, tc.old, tc.new, 1); h.yaml == twoDetectors {
					t.Fatal("the case changes nothing")
				}
				if down {
					x.stop()
					x, before = h.start(t), 0
				} else {
					x.call(x.Reload)
				}
				for _, st := range x.core.Status() {
					learnt := st.Series == 3 && st.Rungs[0] == 0
					if anew := contains(tc.anew, st.Name); anew == learnt {
						t.Errorf("%s: learnt %v right after the change, want %v", st.Name, learnt, !anew)
					}
				}
				x.walk(begin + 2*hour)
				now := x.metric("tidewatch_points_total", "history")
				if n, per := now-before, float64(3*288); len(tc.anew) == 0 && n > 0 || len(tc.anew) > 0 && (n < per || n > per+3*15) {
					t.Errorf("%v points learnt anew, want a day for each of %q", n, tc.anew)
				}
				x.stop()
			})
		}
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// The incident of a detector that is removed while it is up ends, also where that happens while the service is down.
func TestRemovedDetectorEndsItsIncident(t *testing.T) {
	for _, down := range []bool{false, true} {
		t.Run(fmt.Sprintf("down %v", down), func(t *testing.T) {
			h := newQuick(t, broken)
			h.yaml = strings.Replace(quickConfig, "detectors: [", "detectors: [{name: Other, expr: other}, ", 1)
			h.src.other = map[string]*source{"Other": {series: 1, value: calm}}
			x := h.start(t)
			x.walkSent(begin + 2*hour + 30*minute)
			h.yaml = strings.NewReplacer("name: Load", "name: Renamed", "expr: load,", "expr: calm,").Replace(h.yaml)
			h.src.other["Renamed"] = &source{series: 1, value: calm}
			if down {
				x.stop()
				x = h.start(t)
			} else {
				x.call(x.Reload)
			}
			x.walkSent(begin + 3*hour)
			ms := h.slack.Messages("#oncall")
			if len(ms) != 1 || !strings.HasPrefix(ms[0].Text, "✅") || len(ms[0].Replies) != 1 {
				t.Fatalf("messages %q, want the alarm, ended, with a reply", h.texts())
			}
			if n := x.metric("tidewatch_detector_up", "Load"); n >= 0 {
				t.Errorf("tidewatch_detector_up still has a sample of the removed detector: %v", n)
			}
			x.stop()
		})
	}
}

// A trouble of a source or detector that is removed ends, too.
func TestRemovedSourceEndsItsNotice(t *testing.T) {
	h := newQuick(t, calm)
	h.yaml = strings.NewReplacer("sources: [", `sources: [{name: gone, url: "http://gone.invalid/api/v1/read"}, `,
		"detectors: [{", "detectors: [{name: Away, source: gone, expr: up}, {source: s, ").Replace(quickConfig)
	h.src.other = map[string]*source{"Away": {series: 1, value: calm}}
	h.src.other["Away"].fail(errors.New("no route to host"))
	x := h.start(t)
	x.walkSent(begin + 20*minute)
	if texts := h.texts(); len(texts) != 1 || !strings.Contains(texts[0], "Source gone unreachable") {
		t.Errorf("messages %q, want one about the source", texts)
	}
	h.yaml = quickConfig
	x.call(x.Reload)
	x.walkSent(begin + 30*minute)
	h.wantServiceMessages(t, "Source gone is not watched any more")
	x.stop()
}

// Incidents that are open stay with their message; new ones go to the new receiver.
func TestChangedReceiver(t *testing.T) {
	h := newQuick(t, func(k int, t int64) float64 {
		if at := t - begin; k == 1 && at >= 3*hour && at < 4*hour {
			return calm(k, t) + 100
		}
		return broken(k, t)
	})
	h.slack.Close()
	h.slack = slackfake.New(slackfake.Options{Token: "xoxb-secret", Channels: []slackfake.Channel{{ID: "C1", Name: "oncall"}, {ID: "C2", Name: "night"}}})
	h.yaml = strings.Replace(quickConfig, "group_by: [alertname]", "group_by: [job]", 1)
	x := h.start(t)
	x.walkSent(begin + 2*hour + 30*minute)
	h.yaml = strings.NewReplacer("receiver: oncall", "receiver: night", "receivers: [",
		fmt.Sprintf(`receivers: [{name: night, slack_configs: [{channel: "#night", app_token: xoxb-secret, app_url: %q}]}, `, h.slack.APIURL())).Replace(h.yaml)
	x.call(x.Reload)
	x.walkSent(end)
	for channel, job := range map[string]string{"#oncall": "job0", "#night": "job1"} {
		if ms := h.slack.Messages(channel); len(ms) != 1 || !strings.HasPrefix(ms[0].Text, "✅") || !strings.Contains(ms[0].Text, job) {
			t.Errorf("%s has %d messages, want that of %s, resolved", channel, len(ms), job)
		}
	}
	x.stop()
}

// Over HTTP: not ready before the first evaluation, ready after it; a reload is a POST, and tells what is wrong.
func TestReadyAndReloadOverHTTP(t *testing.T) {
	h := newQuick(t, calm)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.opts.Listeners = []net.Listener{l}
	x := h.start(t)
	base := "http://" + l.Addr().String()
	if code, body := ask(t, http.MethodGet, base+"/-/ready"); code != 503 || !strings.Contains(body, "Load") {
		t.Errorf("/-/ready: %d %s, want 503 and the detector", code, body)
	}
	if code, _ := ask(t, http.MethodGet, base+"/-/healthy"); code != 200 {
		t.Errorf("/-/healthy: %d, want 200", code)
	}
	x.walk(begin + 10*minute)
	if code, body := ask(t, http.MethodGet, base+"/-/ready"); code != 200 {
		t.Errorf("/-/ready: %d %s, want 200", code, body)
	}
	if code, body := ask(t, http.MethodPost, base+"/-/reload"); code != 200 {
		t.Errorf("/-/reload: %d %s, want 200", code, body)
	}
	h.yaml = strings.Replace(quickConfig, "expect: 1/30d", "expct: 1/30d", 1)
	if code, body := ask(t, http.MethodPost, base+"/-/reload"); code != 500 || !strings.Contains(body, "expct") {
		t.Errorf("/-/reload of a bad file: %d %s, want 500 and the field", code, body)
	}
	if code, _ := ask(t, http.MethodGet, base+"/-/ready"); code != 200 {
		t.Errorf("/-/ready after a bad reload: %d, want 200", code)
	}
	x.want(1, "tidewatch_config_reloads_total", "success")
	x.want(1, "tidewatch_config_reloads_total", "failure")
	x.stop()
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the address is still open", c.Close())
	}
}

func ask(t *testing.T, method, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// Reloads from many sides while it runs and ends: each is carried out or refused as a whole, and the end is orderly.
func TestReloadsAndShutdownAtOnce(t *testing.T) {
	h := newQuick(t, broken)
	var mu sync.Mutex
	n := 0
	h.opts.Load = func() (*configs.Config, error) {
		mu.Lock()
		defer mu.Unlock()
		n++
		yaml := h.yaml
		if n%3 == 0 {
			yaml = twoDetectors
		}
		if n%5 == 0 {
			return nil, errors.New("a bad file")
		}
		return configs.Parse("test.yml", fmt.Appendf(nil, yaml, h.slack.APIURL()))
	}
	h.opts.Clock = fastClock(begin, 20_000)
	x := h.live(t)
	h.waitFor(t, "the first evaluation", func() bool { return x.Ready() == nil })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				if err := x.Reload(t.Context()); err != nil && strings.Contains(err.Error(), "shutting down") {
					return
				}
			}
		})
	}
	h.waitFor(t, "the alarm and its end", func() bool { return h.logs.count("transition", "to=OK") > 0 })
	x.end()
	wg.Wait()
	h.opts.Clock = h.clock
	h.clock.ms.Store(end + 12*hour)
	h.opts.Load = h.config
	again := h.start(t)
	again.wantNothingLearntAnew()
	alarms := 0
	for _, l := range again.transitions() {
		if strings.Contains(l, `job0`) && strings.Contains(l, "->ALARM") {
			alarms++
		}
	}
	if alarms == 0 {
		t.Error("the alarm is not in the history")
	}
	again.settle()
	again.stop()
	if d := cmp.Diff(1, h.logs.count("INFO", "state restored")); d != "" {
		t.Errorf("restored (-want +got): %s", d)
	}
}
