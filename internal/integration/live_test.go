//go:build integration

package integration

import (
	"testing"
	"time"
)

// TestLive is the main job on the wall's clock: a metric that Prometheus scrapes goes wrong, and a message arrives; it is well
// again, and the message says so.
func TestLive(t *testing.T) {
	t.Parallel()
	everyRelease(t, func(t *testing.T, r release) {
		t.Parallel()
		w := newWorld(t, r, nil, nil)
		d := serve(t, w.config(""))
		w.hold(t, 15*time.Second, 0, "nothing has happened")

		w.app.fault("orders", 60)
		began := time.Now()
		m := w.waitMessages(t, 1, "the page", firing("orders"))
		t.Logf("page after %s: %s", time.Since(began).Round(time.Second), m.Text)
		as := d.alarms(t)
		for _, q := range queues {
			if want := map[bool]string{true: "ALARM", false: "OK"}[q == "orders"]; as[q].State != want {
				t.Errorf("alarms are%s, want only orders in ALARM", states(as))
				break
			}
		}
		var anomalies struct {
			Anomalies []struct{ Labels map[string]string }
		}
		if err := d.api("/api/v1/anomalies?state=active&min_score=1", &anomalies); err != nil {
			t.Fatal(err)
		}
		if n := len(anomalies.Anomalies); n != 1 || anomalies.Anomalies[0].Labels["queue"] != "orders" {
			t.Errorf("anomalies are %+v, want one of orders", anomalies.Anomalies)
		}
		if w.slack.Calls("upload") == 0 {
			t.Error("the page has no chart")
		}

		w.app.fault("orders", 0)
		m = w.waitMessages(t, 1, "the end of the incident", resolved("orders"))
		t.Logf("then: %s", m.Text)
		checkMessages(t, w.messages())
		d.wantCalm(t)
		d.stop(t)
		d.wantCalm(t)
	})
}
