package configs

import (
	"fmt"
	"testing"
	"time"
)

// What is evaluated with agg, and what learnt state it belongs to.
func TestAgg(t *testing.T) {
	text := `
sources: [{name: a, url: "http://prometheus:9090/api/v1/read"}]
detectors: [{name: D, expr: 'queue{job="a"} offset 5m', step: 2m%s}]`
	plain := detector(t, mustParse(t, fmt.Sprintf(text, "")), "D")
	for agg, want := range map[string]string{
		"avg":  `avg_over_time(queue{job="a"}[2m] offset 5m)`,
		"max":  `max_over_time(queue{job="a"}[2m] offset 5m)`,
		"min":  `min_over_time(queue{job="a"}[2m] offset 5m)`,
		"last": `last_over_time(queue{job="a"}[2m] offset 5m)`,
		"p95":  `quantile_over_time(0.95, queue{job="a"}[2m] offset 5m)`,
	} {
		d := detector(t, mustParse(t, fmt.Sprintf(text, ", agg: "+agg)), "D")
		if d.Expr != want || d.ModelHash() == plain.ModelHash() {
			t.Errorf("%s is %s, want %s, and to be learnt anew", agg, d.Expr, want)
		}
	}
	if c := changeOf(plain, detector(t, mustParse(t, fmt.Sprintf(text, ", agg: avg")), "D")); c.String() != "D: agg, expr changed, learns again from history" {
		t.Error(c)
	}
	joined := detector(t, mustParse(t, fmt.Sprintf(text, ", agg: max, join: {exprs: [(load)]}")), "D")
	if want := `label_replace(max_over_time(queue{job="a"}[2m] offset 5m), "channel", "max_over_time(queue{job=\"a\"}[2m] offset 5m)", "", "") or ` +
		`label_replace(max_over_time(load[2m]), "channel", "max_over_time(load[2m])", "", "")`; joined.Expr != want {
		t.Errorf("joined: %s, want %s", joined.Expr, want)
	}
}

// check finds the counter whose name does not tell, in its place, and the step that is too short.
func TestLintAgg(t *testing.T) {
	d := detector(t, mustParse(t, `
sources: [{name: a, url: "http://prometheus:9090/api/v1/read"}]
detectors: [{name: D, expr: ' requests{instance="a"}', agg: p95}]`), "D")
	meta := Metadata{
		Type:           func(string) string { return "counter" },
		ScrapeInterval: func(string) time.Duration { return 45 * time.Second },
	}
	found := Lint(d, meta)
	want := []string{
		"error: D: at 1: requests is a counter, which only grows (raw-counter); write rate(requests{instance=\"a\"}[5m]), without agg",
		"warning: D: at 1: agg: p95 has fewer than two samples to make a point of: scrapes are 45s apart, the step is 1m (thin-step); leave agg out, or make the step longer",
	}
	if len(found) != len(want) {
		t.Fatalf("found %v", found)
	}
	for i := range want {
		if found[i].String() != want[i] {
			t.Errorf("%s, want %s", found[i], want[i])
		}
	}
	if found := Lint(d, Metadata{}); len(found) != 0 {
		t.Errorf("offline: %v", found)
	}
}
