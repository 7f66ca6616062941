package configs

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

const joinFile = `
sources: [{name: main, url: "http://localhost:9090/api/v1/read"}]
detectors:
- name: D
  expr: sum by (job, pod) (rate(http_requests_total[5m]))
`

func joinDetector(t *testing.T, more string) Detector {
	t.Helper()
	c, err := Parse("test.yml", []byte(joinFile+more))
	if err != nil {
		t.Fatal(err)
	}
	return c.Detectors[0]
}

func TestJoinSaysWhatIsAGroup(t *testing.T) {
	for _, c := range []struct {
		more string
		want []string // nil: each series for itself
		kind string
	}{
		{"", nil, "combined"},
		{"  join:\n", nil, "combined"},
		{"  join: {}\n", []string{}, "joint"},
		{"  join: {by: []}\n", []string{}, "joint"},
		{"  join: {by: [job]}\n  model: joint\n", []string{"job"}, "joint"},
	} {
		d := joinDetector(t, c.more)
		if !slices.Equal(d.Join, c.want) || (d.Join == nil) != (c.want == nil) || d.Model != c.kind {
			t.Errorf("%q: join is %#v, model %s, want %#v, %s", c.more, d.Join, d.Model, c.want, c.kind)
		}
	}
}

// TestJoinIsPartOfTheModel: what is a group decides what is learnt; without it the hash is what it was before there was one.
func TestJoinIsPartOfTheModel(t *testing.T) {
	seen := map[string]string{}
	for _, more := range []string{"", "  join: {}\n", "  join: {by: [job]}\n", "  join: {by: [pod]}\n", "  join: {exprs: [up]}\n"} {
		h := joinDetector(t, more).ModelHash()
		if other, ok := seen[h]; ok {
			t.Errorf("%q has the model hash of %q", more, other)
		}
		seen[h] = more
	}
	if a, b := joinDetector(t, "  join: {by: [job, pod]}\n"), joinDetector(t, "  join: {by: [pod, job]}\n"); a.ModelHash() != b.ModelHash() {
		t.Error("the order of the labels is part of the model hash")
	}
	if strings.Contains(string(canonicalJSON(joinDetector(t, "").modelPart())), "join") {
		t.Error("a detector without join has it in its hash")
	}
}

// TestJoinedExpressions: the series of all expressions come out, each with the one that it is of.
func TestJoinedExpressions(t *testing.T) {
	d := joinDetector(t, "  join: {exprs: ['up{job=~\"a$|b\"}  # is it there?']}\n")
	want := `label_replace(sum by (job, pod) (rate(http_requests_total[5m])), "channel", "sum by (job, pod) (rate(http_requests_total[5m]))", "", "")` +
		` or label_replace(up{job=~"a$|b"}, "channel", "up{job=~\"a$$|b\"}", "", "")`
	if d.Expr != want {
		t.Errorf("expression is\n%s\nwant\n%s", d.Expr, want)
	}
	if _, err := parser.NewParser(parser.Options{}).ParseExpr(d.Expr); err != nil {
		t.Error(err)
	}
}

func TestLintJoin(t *testing.T) {
	for more, want := range map[string]bool{"  join: {by: [job]}\n": false, "  join: {by: [instance]}\n": true, "  join: {by: [job], exprs: ['sum(up)']}\n": false} {
		found := slices.ContainsFunc(Lint(joinDetector(t, more), Metadata{}), func(f Finding) bool { return f.Rule == "join-label" && f.Level == LevelError })
		if found != want {
			t.Errorf("%q: found is %v, want %v", more, found, want)
		}
	}
}
