package app

import (
	"math"
	"strings"
	"testing"
)

// silent breaks job0 two hours after begin, and lets it fall silent a quarter of an hour later until a time; then it is calm.
func silent(until int64) func(k int, t int64) float64 {
	return func(k int, t int64) float64 {
		if at := t - origin - day; k == 0 && at > 2*hour+15*minute && at < until {
			return math.NaN()
		} else if at >= until {
			return calm(k, t)
		}
		return broken(k, t)
	}
}

// An incident whose data stop stays open and says so, whatever is restarted when; it is resolved by data, or closed when the series has vanished.
func TestDataStopped(t *testing.T) {
	for name, c := range map[string]struct {
		until int64
		ends  string
	}{
		"comes back": {3*hour + 5*minute, "Resolved"},
		"vanishes":   {9 * hour, "stopped reporting"},
	} {
		want := ""
		for _, interrupt := range []func(*session){nil, (*session).crash} {
			h := newQuick(t, silent(c.until))
			h.yaml = strings.Replace(h.yaml, "expect: 1/30d", "alarm: {datapoints: 3, of: 5}", 1)
			x := h.start(t)
			x.walkSent(begin + 3*hour + 2*minute)
			if got := h.slackState(t, false); !strings.Contains(got, "data stopped") || strings.Contains(got, "Resolved") {
				t.Fatalf("%s: data have stopped:\n%s", name, got)
			}
			if a := x.alarmOf("job0"); a.State != "ALARM" || !a.DataStopped {
				t.Errorf("%s: %+v", name, a)
			}
			if interrupt != nil {
				interrupt(x)
				x = h.start(t)
			}
			x.walkSent(begin + 3*hour + 12*minute)
			if a := x.alarmOf("job0"); c.until < 9*hour && (a.State != "OK" || !a.DataStopped || strings.Contains(h.slackState(t, false), "Resolved")) {
				t.Errorf("%s: one point is OK: %+v\n%s", name, a, h.slackState(t, false))
			}
			x.walkSent(begin + 4*hour)
			got := h.slackState(t, false)
			if !strings.Contains(got, c.ends) || len(h.slack.Messages("#oncall")) != 1 {
				t.Errorf("%s: want one message that ends with %q:\n%s\n%s", name, c.ends, got, strings.Join(x.transitions(), "\n"))
			}
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%s: after a crash\n%s\nwant\n%s", name, got, want)
			}
			x.stop()
		}
	}
}
