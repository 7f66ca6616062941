package ingest

import (
	"strings"
	"testing"
	"time"
)

// TestBehindOf checks what stands behind the average over counters; the other half is made of the same parts.
func TestBehindOf(t *testing.T) {
	for _, c := range []struct {
		expr, resets, count string
		window              time.Duration
	}{
		{"node_load1", "", "count_over_time(node_load1[5m])", 0},
		{`rate(http_requests_total{job="api"}[10m] offset 1m)`, `resets(http_requests_total{job="api"}[5m] offset 1m)`, `count_over_time(http_requests_total{job="api"}[5m] offset 1m)`, 10 * time.Minute},
		{"sum by (job) (rate(x[2m]))", "avg by (job) (resets(x[5m]))", "avg by (job) (count_over_time(x[5m]))", 2 * time.Minute},
		{"1 - (sum without (cpu) (irate(x[2m])) / 4)", "avg without (cpu) (resets(x[5m]))", "avg without (cpu) (count_over_time(x[5m]))", 2 * time.Minute},
		{"sum by (job) (rate(e[5m])) / sum by (job) (rate(r[5m]))", "avg by (job) (resets(e[5m]))", "avg by (job) (count_over_time(e[5m]))", 5 * time.Minute},
		{"up / on (job) sum by (job) (rate(r[5m]))", "avg by (job) (avg by (job) (resets(r[5m])))", "avg by (job) (count_over_time(up[5m]))", 5 * time.Minute},
		{"a * on (pod) group_right rate(r[5m])", "resets(r[5m])", "count_over_time(r[5m])", 5 * time.Minute},
		{"histogram_quantile(0.9, sum by (job, le) (rate(b[5m])))", "avg without (le) (avg by (job, le) (resets(b[5m])))", "avg without (le) (avg by (job, le) (count_over_time(b[5m])))", 5 * time.Minute},
		{"rate(x[5m]) > 0 and up", "resets(x[5m])", "count_over_time(x[5m])", 5 * time.Minute},
		{`sum by ("a.b") (rate(x[5m]))`, `avg by ("a.b") (resets(x[5m]))`, `avg by ("a.b") (count_over_time(x[5m]))`, 5 * time.Minute},
		{"topk(3, rate(x[5m]))", "", "", 5 * time.Minute},
		{"a or b", "", "", 0},
		{`label_replace(rate(x[5m]), "a", "b", "", "")`, "", "", 5 * time.Minute},
		{"max_over_time(rate(x[5m])[1h:])", "", "", 5 * time.Minute},
		{"rate(", "", "", 0},
	} {
		b := BehindOf(c.expr)
		r, n := b.Resets(5*time.Minute, 1.5), b.Count(5*time.Minute)
		if r != "" && ParseExpr(r) != nil {
			t.Errorf("%s does not parse", r)
		}
		if _, whole, ok := strings.Cut(r, " or ("); ok {
			r = strings.TrimSuffix(whole, ") >= 1.5")
		}
		if r != c.resets || n != c.count || b.Window != c.window {
			t.Errorf("%s: resets %q, count %q, window %s; want %q, %q, %s", c.expr, r, n, b.Window, c.resets, c.count, c.window)
		}
		if n != "" && ParseExpr(n) != nil {
			t.Errorf("%s does not parse", n)
		}
	}
}
