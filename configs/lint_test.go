package configs

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// meta is a little Prometheus: what it says of a metric depends on the metric's name.
var meta = Metadata{
	Type: func(m string) string {
		switch {
		case strings.HasPrefix(m, "gauge_"):
			return "gauge"
		case m == "counted":
			return "counter"
		case strings.HasPrefix(m, "histo_"):
			return "histogram"
		default:
			return ""
		}
	},
	ScrapeInterval: func(m string) time.Duration {
		if strings.HasPrefix(m, "slow_") {
			return 2 * time.Minute
		}
		return 15 * time.Second
	},
	Age: func(m string) time.Duration {
		if strings.Contains(m, "young") {
			return 26 * time.Hour
		}
		return 0
	},
	LabelNames: func(m string) []string {
		if strings.HasPrefix(m, "kube_") {
			return []string{"job", "namespace", "pod", "uid"}
		}
		return []string{"instance", "job"}
	},
}

func TestLint(t *testing.T) {
	const churn = "warning 1 churn-label"
	for _, tc := range []struct{ expr, offline, online string }{
		{`sum by (job) (rate(x_total[5m]))`, "", ""},
		{`sum by (job) (x_total)`, "error 15 raw-counter", "error 15 raw-counter"},
		{`sum(counted)`, "", "error 5 raw-counter"},
		{`sum(gauge_total)`, "error 5 raw-counter", ""},
		{`sum(histo_seconds_count)`, "warning 5 raw-counter", "error 5 raw-counter"},
		{`sum(histo_seconds)`, "", ""},
		{`sum({__name__="x_total"})`, "error 5 raw-counter", "error 5 raw-counter"},
		{`sum({__name__=~"x_.*"})`, "", ""},
		{`-avg by (pod) (avg_over_time(up[5m:1m]))`, churn, churn},
		{`(sum by (job) (up)) > 1`, "", ""},
		{`1 - up`, churn, churn},
		{`absent(up)`, "", ""},
		{`vector(1)`, "", ""},
		{`sum by (job) (up) or up`, churn, churn},
		{`sum by (job) (up) and up`, "", ""},
		{`build_info * on (job) group_right () up`, churn, churn},
		{`sum(x_count)`, "warning 5 raw-counter", "warning 5 raw-counter"},
		{`sum(x_bucket)`, "error 5 raw-counter", "error 5 raw-counter"},
		{`sum(job:x_total:sum)`, "", ""},
		{`count(x_total)`, "", ""},
		{`sum(changes(x_total[5m]))`, "", ""},
		{`avg(avg_over_time(x_total[5m]))`, "error 19 raw-counter", "error 19 raw-counter"},
		{`sum(rate(x_total[5m])) and sum(y_total) > 100`, "", ""},
		{`sum(rate(x_total[5m])) or sum(y_total)`, "error 31 raw-counter", "error 31 raw-counter"},
		{`sum(rate(gauge_x[5m]))`, "", "warning 5 rate-of-gauge"},
		{`sum(deriv(gauge_x[5m]))`, "", ""},
		{`sum(rate(x_total[30s]))`, "warning 10 short-window", "warning 10 short-window"},
		{`sum(rate(slow_total[5m]))`, "", "warning 10 short-window"},
		{`sum(rate(x_total[1m]))`, "", ""},
		{`up`, churn, churn},
		{`up{instance="a"}`, "", ""},
		{`avg without (instance) (up)`, "", ""},
		{`avg without (job) (up)`, churn, churn},
		{`kube_pods`, churn, churn},
		{`sum without (pod, uid) (kube_pods)`, churn, ""},
		{`sum by (pod) (kube_pods)`, churn, churn},
		{`sum by (instance) (up)`, "", ""},
		{`up * on (job) group_left (version) build_info`, churn, churn},
		{`up * on (job) build_info`, "", ""},
		{`sum by (job) (up) * on (job) group_left (pod) sum by (job, pod) (y)`, churn, churn},
		{`label_replace(sum by (job) (up), "pod", "$1", "job", "(.*)")`, churn, churn},
		{`job:up:sum`, "", churn},
		{`histogram_quantile(0.9, sum by (job, le) (rate(x_bucket[5m])))`, "", ""},
		{`histogram_quantile(0.9, sum by (job) (rate(x_bucket[5m])))`, "error 1 quantile-without-le", "error 1 quantile-without-le"},
		{`histogram_quantile(0.9, sum by (job) (rate(x_native[5m])))`, "", ""},
		{`histogram_quantile(99, sum by (job, le) (rate(x_bucket[5m])))`, "error 20 quantile-range", "error 20 quantile-range"},
		{`sum(rate(x_total{code=~"5.."}[5m])) / sum(rate(x_total[5m]))`, "warning 10 absent-numerator", "warning 10 absent-numerator"},
		{`(sum(rate(x_total{code=~"5.."}[5m])) or 0 * sum(rate(x_total[5m]))) / sum(rate(x_total[5m]))`, "", ""},
		{`sum(rate(x_total{code=~"5.."}[5m])) / sum(rate(x_total[5m])) or vector(0)`, "", ""},
		{`sum(rate(x_total{job="a"}[5m])) / sum(rate(x_total{job="a"}[5m]))`, "", ""},
		{`sum(rate(errors_total[5m])) / sum(rate(x_total[5m]))`, "", ""},
		{`topk(5, sum by (job) (up))`, "warning 1 unstable-set", "warning 1 unstable-set"},
		{`sum(topk(5, sum by (job) (up)))`, "", ""},
		{`sum(job:young:sum)`, "", "warning 5 young-metric"},
		{`sum(young)`, "", "warning 5 young-metric"},
		{`1 + 1`, "error 1 promql", "error 1 promql"},
		{`sum(up`, "error 7 promql", "error 7 promql"},
	} {
		d := Detector{Name: "D", Expr: tc.expr, Step: time.Minute, History: 15 * 24 * time.Hour}
		for name, run := range map[string]struct {
			meta Metadata
			want string
		}{"offline": {Metadata{}, tc.offline}, "online": {meta, tc.online}} {
			var got []string
			for _, f := range Lint(d, run.meta) {
				got = append(got, strings.Join([]string{string(f.Level), strconv.Itoa(f.Offset + 1), f.Rule}, " "))
			}
			if diff := cmp.Diff(run.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("%s, %s: %s", tc.expr, name, diff)
			}
		}
	}
	slow := Detector{Name: "D", Expr: "sum(rate(x_total[5m]))", Step: 10 * time.Minute, History: time.Hour}
	if got := Lint(slow, Metadata{}); len(got) != 1 || got[0].Rule != "window-under-step" {
		t.Errorf("a step over the window gives %v", got)
	}
}

// TestLintWords: what a finding tells the user to write must itself lint clean.
func TestLintWords(t *testing.T) {
	d := Detector{Name: "D", Expr: `sum(x_total{job="a"})`, Step: time.Minute, History: time.Hour}
	got := Lint(d, Metadata{})
	want := `error: D: at 5: x_total is a counter, which only grows (raw-counter); write rate(x_total{job="a"}[5m])`
	if len(got) != 1 || got[0].String() != want {
		t.Fatalf("got %v, want %s", got, want)
	}
	d.Expr = "sum(" + strings.TrimPrefix(got[0].Hint, "write ") + ")"
	if got := Lint(d, Metadata{}); len(got) != 0 {
		t.Errorf("the advice gives %v", got)
	}
	d.Expr = `sum(rate(x_total{code=~"5.."}[5m])) / (sum(rate(x_total[5m])) > 1)`
	got = Lint(d, Metadata{})
	if len(got) != 1 {
		t.Fatalf("got %v", got)
	}
	d.Expr = strings.TrimPrefix(got[0].Hint, "write ")
	if got := Lint(d, Metadata{}); len(got) != 0 {
		t.Errorf("the advice %s gives %v", d.Expr, got)
	}
}

// TestPresetsLintClean also holds the examples and the design's own configuration to the rules.
func TestPresetsLintClean(t *testing.T) {
	c := mustParse(t, "sources: [{name: a, url: \"http://a/\"}]\npresets: ["+strings.Join(presetNames(), ", ")+"]\n")
	configs := []*Config{c, load(t, "testdata/experience.good.yml")}
	for _, path := range matches(t, "examples/*.yml") {
		configs = append(configs, load(t, path))
	}
	for _, c := range configs {
		for _, d := range c.Detectors {
			for _, f := range Lint(d, Metadata{}) {
				t.Error(f)
			}
		}
	}
}

func TestPresets(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Presets() {
		if p.Doc == "" || len(p.Requires) == 0 || len(p.Detectors) == 0 {
			t.Errorf("preset %s is incomplete: %+v", p.Name, p)
		}
		for _, d := range p.Detectors {
			if seen[d.Name] {
				t.Errorf("%s is in two presets", d.Name)
			}
			if seen[d.Name] = true; d.Summary == "" {
				t.Errorf("%s has no summary", d.Name)
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d detectors", len(seen))
	}
}
