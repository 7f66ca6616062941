package ingest

import "testing"

// Selectors alone get a range of five minutes for VictoriaMetrics; what has a range of its own keeps it.
func TestMetricsQL(t *testing.T) {
	for expr, want := range map[string]string{
		`up`:                                 `default_rollup(up[5m])`,
		`up{job="a b"} offset 1h`:            `default_rollup(up{job="a b"}[5m] offset 1h)`,
		`sum by (job) (up) / count(up == 1)`: `sum by (job) (default_rollup(up[5m])) / count(default_rollup(up[5m]) == 1)`,
		`rate(x_total[2m]) > x @ 1700000000`: `rate(x_total[2m]) > default_rollup(x[5m] @ 1700000000.000)`,
		`max_over_time(x[1h:1m] offset 5m)`:  `max_over_time(default_rollup(x[5m])[1h:1m] offset 5m)`,
		`{__name__=~"a|b"}`:                  `default_rollup({__name__=~"a|b"}[5m])`,
		`avg(x, y)`:                          `avg(x, y)`, // what does not parse is the server's
		`vector(1)`:                          `vector(1)`,
	} {
		if got := metricsQL(expr); got != want {
			t.Errorf("%s: %s, want %s", expr, got, want)
		}
	}
}
