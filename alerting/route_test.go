package alerting

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

func matcher(t labels.MatchType, name, value string) []*labels.Matcher {
	return []*labels.Matcher{labels.MustNewMatcher(t, name, value)}
}

func TestRouteMatch(t *testing.T) {
	root := &Route{
		Receiver: "default", GroupBy: []string{"cluster"}, GroupInterval: time.Minute,
		Routes: []*Route{
			{
				Matchers: matcher(labels.MatchRegexp, "team", "db|storage"), Receiver: "db", GroupWait: time.Second,
				Routes: []*Route{
					{Matchers: matcher(labels.MatchEqual, "severity", "page"), Receiver: "db-page", GroupBy: []string{}, RepeatInterval: time.Hour},
				},
			},
			{Matchers: matcher(labels.MatchEqual, "audit", "yes"), Receiver: "audit", GroupBy: []string{GroupByAll}, Continue: true},
			{Matchers: matcher(labels.MatchNotEqual, "team", ""), Receiver: "team"},
			{Matchers: matcher(labels.MatchEqual, "audit", "yes"), GroupBy: []string{"job"}},
		},
	}
	for _, c := range []struct{ ls, want string }{
		{"{}", "default wait 30s interval 1m0s repeat 4h0m0s by {}"},
		{"{cluster=eu1}", `default wait 30s interval 1m0s repeat 4h0m0s by {cluster="eu1"}`},
		{"{team=db}", "db wait 1s interval 1m0s repeat 4h0m0s by {}"},
		{"{team=db cluster=eu1 severity=page}", "db-page wait 1s interval 1m0s repeat 1h0m0s by {}"},
		{"{team=db audit=yes}", "db wait 1s interval 1m0s repeat 4h0m0s by {}"},
		{
			"{audit=yes job=x}", `audit wait 30s interval 1m0s repeat 4h0m0s by {audit="yes", job="x"}; ` +
				`default wait 30s interval 1m0s repeat 4h0m0s by {job="x"}`,
		},
		{
			"{audit=yes team=web}", `audit wait 30s interval 1m0s repeat 4h0m0s by {audit="yes", team="web"}; ` +
				`team wait 30s interval 1m0s repeat 4h0m0s by {}`,
		},
	} {
		var parts []string
		for _, pair := range strings.Fields(strings.Trim(c.ls, "{}")) {
			name, value, _ := strings.Cut(pair, "=")
			parts = append(parts, name, value)
		}
		ls := labels.FromStrings(parts...)
		var got []string
		for _, r := range root.Match(ls) {
			got = append(got, fmt.Sprintf("%s wait %s interval %s repeat %s by %s",
				r.Receiver, r.GroupWait, r.GroupInterval, r.RepeatInterval, r.groupLabels(ls)))
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.ls, strings.Join(got, "; "), c.want)
		}
	}
}

func TestRouteValidate(t *testing.T) {
	child := func(c *Route) *Route { return &Route{Receiver: "a", Routes: []*Route{{}, c}} }
	for _, c := range []struct {
		name string
		root *Route
		want []string
	}{
		{"good", &Route{Receiver: "a", GroupBy: []string{"x", "y"}, Routes: []*Route{{Receiver: "b"}, {}}}, nil},
		{"no receiver", &Route{}, []string{"route: receiver is missing"}},
		{"matchers on the root", &Route{Receiver: "a", Matchers: matcher(labels.MatchEqual, "x", "y")}, []string{"route: the root must not have matchers"}},
		{"continue on the root", &Route{Receiver: "a", Continue: true}, []string{"route: the root must not have continue"}},
		{"unknown receiver", child(&Route{Receiver: "c"}), []string{`route.routes[1]: receiver "c" is not defined, want one of "a", "b"`}},
		{"negative", child(&Route{GroupWait: -1, RepeatInterval: -1}), []string{"route.routes[1]: group_wait is -1ns", "route.routes[1]: repeat_interval"}},
		{"double", child(&Route{GroupBy: []string{"x", "x"}}), []string{`route.routes[1]: group_by: "x" is listed twice`}},
		{"empty name", child(&Route{GroupBy: []string{""}}), []string{"route.routes[1]: group_by: a label name is empty"}},
		{"all and one", child(&Route{GroupBy: []string{"x", "..."}}), []string{`route.routes[1]: group_by: "..." already means every label`}},
		{"all, then one", child(&Route{GroupBy: []string{"...", "x"}}), []string{`route.routes[1]: group_by: "..." already means every label`}},
	} {
		err := c.root.Validate([]string{"a", "b"})
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v\nwant %q in it", c.name, err, w)
			}
		}
	}
	if err := (&Route{Receiver: "a"}).Validate(nil); err == nil || !strings.Contains(err.Error(), "no receivers are configured") {
		t.Errorf("without receivers: %v", err)
	}
}
