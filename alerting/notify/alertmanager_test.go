package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/alerting/notifytest"
)

func alertmanagerTarget(t *testing.T) notifytest.Target {
	t.Helper()
	s := newHTTPStandIn(t)
	n, err := NewAlertmanager(AlertmanagerConfig{Name: "am", URL: strings.Replace(s.URL, "http://", "http://user:"+notifytest.Secret+"@", 1)})
	if err != nil {
		t.Fatal(err)
	}
	return s.target(n)
}

func TestAlertmanagerGolden(t *testing.T) {
	n, err := NewAlertmanager(AlertmanagerConfig{Name: "am", URL: "http://am:9093", ExternalURL: "https://tidewatch.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	for name, notice := range notices() {
		if strings.HasPrefix(name, "storm") || name == "shift" {
			continue // of many alarms, the test below
		}
		got, err := n.Render(notice)
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, filepath.Join("testdata", "alertmanager", name+".json"), got)
	}
}

func TestAlertmanagerEnds(t *testing.T) {
	now := time.UnixMilli(at0254).Add(time.Hour)
	s := newHTTPStandIn(t)
	n, err := NewAlertmanager(AlertmanagerConfig{Name: "am", URL: s.URL + "/", ResendInterval: 30 * time.Second, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	hidden, over := storm(3, false), resolved()
	hidden.Alarms[1].Hiding = &alerting.Hiding{}
	hidden.Alarms[2].EndsAt = at0254 + 600_000
	summary := *incident()
	summary.Kind = alerting.KindSummary
	all := *incident()
	all.Alarms = []alerting.AlarmView{hidden.Alarms[1]}
	for _, tc := range []struct {
		name string
		n    *alerting.Notice
		want string // instances or names and their ends
	}{
		{"fires for four intervals", incident(), "ErrorRatio 02:56:00"},
		{"one hidden, one over", hidden, "node-0000.example.com:9100 02:56:00, node-0002.example.com:9100 02:04:00"},
		{"over", over, "ErrorRatio 02:21:00"},
		{"found afterwards", &summary, ""},
		{"all hidden", &all, ""},
	} {
		s.mu.Lock()
		s.bodies = nil
		s.mu.Unlock()
		if _, err := n.Notify(context.Background(), tc.n, alerting.Delivery{}); err != nil {
			t.Fatal(err)
		}
		if got := ends(t, s.last()); got != tc.want {
			t.Errorf("%s: sent %q, want %q", tc.name, got, tc.want)
		}
	}
}

// ends are the alerts of a body with their ends.
func ends(t *testing.T, body string) string {
	t.Helper()
	if body == "" {
		return ""
	}
	var sent []sentAlert
	if err := json.Unmarshal([]byte(body), &sent); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range sent {
		end, err := time.Parse(time.RFC3339, a.EndsAt)
		if err != nil {
			t.Fatal(err)
		}
		name := a.Labels["instance"]
		if name == "" {
			name = a.Labels["alertname"]
		}
		out = append(out, name+" "+end.Format(time.TimeOnly))
	}
	return strings.Join(out, ", ")
}

func TestAlertmanagerSendsManyInBatches(t *testing.T) {
	s := newHTTPStandIn(t)
	n, err := NewAlertmanager(AlertmanagerConfig{Name: "am", URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	alerts := make([]Alert, 2*maxAlertBatch+1)
	for i := range alerts {
		alerts[i] = Alert{Labels: map[string]string{"alertname": "A", "i": fmt.Sprint(i)}, StartsAt: at0254}
	}
	if err := n.Send(context.Background(), alerts); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, body := range s.bodies {
		var sent []sentAlert
		if err := json.Unmarshal([]byte(body), &sent); err != nil {
			t.Fatal(err)
		}
		for _, a := range sent {
			seen[a.Labels["i"]] = true
		}
	}
	if len(s.bodies) != 3 || len(seen) != len(alerts) {
		t.Errorf("%d requests with %d alerts, want 3 with %d", len(s.bodies), len(seen), len(alerts))
	}
	s.set(503, "", false, false)
	if err := n.Send(context.Background(), alerts); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("an Alertmanager that is down: %v", err)
	}
}
