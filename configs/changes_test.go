package configs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const base = `
sources: [{name: a, url: "http://a/", external_labels: {region: eu}}]
detectors:
  - name: A
    expr: sum by (job) (rate(x_total[5m]))
`

// TestWhatRelearns has one line per way of changing a configuration.
func TestWhatRelearns(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", base, "A: unchanged"},
		{"spacing and comments", strings.Replace(base, "sum by (job)", "sum by(job)", 1), "A: unchanged"},
		{"the source's address", strings.Replace(base, "http://a/", "https://b/", 1), "A: unchanged"},
		{"a default written out", base + "    history: 15d\n    expect: 1/30d\n    step: 60s\n    seasonality: auto\n", "A: unchanged"},
		{"the expression", strings.Replace(base, "5m", "10m", 1), "A: expr changed, learns again from history"},
		{"the step", base + "    step: 2m\n", "A: step changed, learns again from history"},
		{"the global step", base + "global: {step: 2m}\n", "A: step changed, learns again from history"},
		{"the source's external labels", strings.Replace(base, "region: eu", "region: us", 1), "A: external_labels changed, learns again from history"},
		{"the model", base + "    seasonality: none\n    range: [0, null]\n    accept_after: 1d\n    timezone: Asia/Tokyo\n    history: 1w\n", "A: accept_after, history, range, seasonality, timezone changed, learns again from history"},
		{"model and policy", base + "    step: 2m\n    for: 10m\n", "A: step, for changed, learns again from history"},
		{"the promise", base + "    band: 3\n", "A: band, expect changed, learnt state kept"},
		{"the alarm", base + "    alarm: {of: 6}\n    direction: below\n    min_deviation: 1%\n", "A: alarm, direction, min_deviation changed, learnt state kept"},
		{"excluded times", base + "    exclude: [{start: \"01:00\", end: \"02:00\"}]\n", "A: exclude changed, learnt state kept"},
		{"words", base + "    labels: {severity: page}\n    annotations: {summary: x}\n    unit: bytes\n    notify: false\n", "A: annotations, labels, notify, unit changed, learnt state kept"},
		{"another name", strings.Replace(base, "name: A", "name: B", 1), "A: removed, its alarms end\nB: added, learns from history"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, c := range Changes(mustParse(t, base), mustParse(t, tc.text)) {
				got = append(got, c.String())
			}
			if d := cmp.Diff(tc.want, strings.Join(got, "\n")); d != "" {
				t.Error(d)
			}
		})
	}
	if got := Changes(nil, mustParse(t, base)); len(got) != 1 || got[0].Kind != Added {
		t.Errorf("from nothing: %v", got)
	}
}

// TestHashesAreStable: snapshots carry these, so a release that changes them relearns everything and must say so.
func TestHashesAreStable(t *testing.T) {
	d := mustParse(t, base).Detectors[0]
	if got, want := d.ModelHash(), "49498e42fe7ca5991d58ed61a2e0ad7a"; got != want {
		t.Errorf("ModelHash is %s, was %s", got, want)
	}
}
