package alerting

import (
	"regexp"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

func TestVisible(t *testing.T) {
	listed := NewVisible([]*regexp.Regexp{regexp.MustCompile("job"), regexp.MustCompile("team.*?|team")}, []string{"cluster"})
	all := NewVisible(nil, []string{"push_token"})
	for _, c := range []struct {
		name        string
		unset, list bool // without a list, with the one above
	}{
		{"job", true, true},
		{"jobs", true, false},
		{"team_name", true, true},
		{"a_team_name", true, false},
		{"cluster", true, true},
		{"alertname", true, true},
		{"severity", true, true},
		{"__name__", true, true},
		{"instance", true, false},
		{"api_token", false, false},
		{"Password", false, false},
		{"db.password", false, false},
		{"dsn", false, false},
		{"authorization", false, false},
		{"secret_name_x", false, false},
		{"author", true, false},
		{"tokenizer", true, false},
		{"keyspace", true, false},
		{"push_token", true, false}, // the configuration itself gives it
	} {
		if got := all.Shows(c.name); got != c.unset {
			t.Errorf("%s without a list: shown %t, want %t", c.name, got, c.unset)
		}
		if got := listed.Shows(c.name); got != c.list {
			t.Errorf("%s with a list: shown %t, want %t", c.name, got, c.list)
		}
	}
	if shown, hidden := listed.Labels(labels.FromStrings("job", "a", "pod", "b", "zone", "c")); shown.String() != `{job="a"}` || hidden != 2 {
		t.Errorf("labels %s, %d hidden", shown, hidden)
	}
	for text, want := range map[string]string{
		`no label`:                             `no label`,
		`{job="a", pod="b\"c", zone=~"d.*"}: `: `{job="a", pod="(hidden)", zone=~"(hidden)"}: `,
		`zone!="x",job!~"y"`:                   `zone!="(hidden)",job!~"y"`,
		`a = "b"`:                              `a = "b"`,
	} {
		if got := listed.Text(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	ms := Matchers{labels.MustNewMatcher(labels.MatchEqual, "job", "a"), labels.MustNewMatcher(labels.MatchEqual, "pod", "b")}
	if got := listed.Matchers(ms); got != `{job="a"} and 1 hidden label` {
		t.Errorf("matchers: %s", got)
	}
	var none *Visible
	if !none.Shows("job") || none.Shows("api_token") {
		t.Error("the nil Visible is not as without a list")
	}
}
