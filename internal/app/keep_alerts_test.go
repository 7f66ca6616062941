package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/alerting/notify"
)

// An alert is told while it fires, for a quarter of an hour after it is over, and again if it comes back.
func TestAlertKeeperRounds(t *testing.T) {
	const minute = 60_000
	alert := func(start int64) notify.Alert {
		return notify.Alert{Labels: map[string]string{"alertname": "A"}, StartsAt: start}
	}
	k := newAlertKeeper()
	for _, step := range []struct {
		at     int64
		firing map[string]notify.Alert
		want   string // id, start and end in minutes
	}{
		{0, nil, ""},
		{1, map[string]notify.Alert{"unknown": {}}, ""},
		{2, map[string]notify.Alert{"a": alert(1 * minute), "b": alert(2 * minute)}, "1-0 2-0"},
		{3, map[string]notify.Alert{"a": {}, "b": alert(3 * minute)}, "1-0 2-0"},
		{4, map[string]notify.Alert{"b": alert(2 * minute)}, "1-4 2-0"},
		{19, map[string]notify.Alert{"b": alert(2 * minute)}, "1-4 2-0"},
		{20, map[string]notify.Alert{"b": alert(2 * minute)}, "2-0"},
		{21, nil, "2-21"},
		{25, map[string]notify.Alert{"b": alert(24 * minute)}, "24-0"},
	} {
		var got []string
		for _, a := range k.round("r", step.at*minute, step.firing) {
			got = append(got, fmt.Sprintf("%d-%d", a.StartsAt/minute, a.EndsAt/minute))
		}
		if g := strings.Join(got, " "); g != step.want {
			t.Errorf("minute %d: told %q, want %q", step.at, g, step.want)
		}
	}
}
