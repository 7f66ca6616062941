package configs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

func (b *builder) route(top scope, raw rawFile) {
	if raw.Route == nil {
		b.cfg.Route = &alerting.Route{Receiver: b.cfg.Receivers[0].Name, GroupByCause: new(true)}
		return
	}
	s := top.at("route")
	if raw.Route.Receiver == "" {
		s.at("receiver").wrong("is missing", "the root names the receiver of what no child takes")
	}
	if len(raw.Route.Matchers) > 0 {
		s.at("matchers").wrong("do not belong to the root", "it takes every alarm; put them into a child under routes")
	}
	if raw.Route.Continue {
		s.at("continue").wrong("does not belong to the root", "it has no siblings")
	}
	b.cfg.Route = b.routeNode(s, raw.Route)
	if raw.Route.GroupByCause == nil {
		b.cfg.Route.GroupByCause = new(true)
	}
}

func (b *builder) routeNode(s scope, raw *rawRoute) *alerting.Route {
	r := &alerting.Route{
		Receiver: raw.Receiver, GroupBy: raw.GroupBy, GroupByCause: raw.GroupByCause, Continue: raw.Continue,
		GroupWait: time.Duration(raw.GroupWait), GroupInterval: time.Duration(raw.GroupInterval), RepeatInterval: time.Duration(raw.RepeatInterval),
	}
	if raw.Receiver != "" {
		checkRef(s.at("receiver"), "receiver", raw.Receiver, receiverNames(b.cfg.Receivers))
	}
	r.MuteIntervals = b.routeIntervals(s.at("mute_time_intervals"), raw.MuteIntervals, s.path == "route")
	r.ActiveIntervals = b.routeIntervals(s.at("active_time_intervals"), raw.ActiveIntervals, s.path == "route")
	checkGroupBy(s.at("group_by"), raw.GroupBy)
	for _, f := range []string{"group_wait", "group_interval", "repeat_interval"} {
		if s.has(f) && intervalOf(r, f) <= 0 {
			s.at(f).wrong("is not above 0s", "the least useful value is 1s")
		}
	}
	for i, text := range raw.Matchers {
		ms, err := parseMatchers(text)
		if err != nil {
			s.at("matchers").index(i).wrong(fmt.Sprintf("%q is not a matcher", text), err.Error())
		}
		r.Matchers = append(r.Matchers, ms...)
	}
	for i, child := range raw.Routes {
		if child == nil {
			continue // an empty list item, reported
		}
		r.Routes = append(r.Routes, b.routeNode(s.at("routes").index(i), child))
	}
	return r
}

func intervalOf(r *alerting.Route, name string) time.Duration {
	switch name {
	case "group_wait":
		return r.GroupWait
	case "group_interval":
		return r.GroupInterval
	default:
		return r.RepeatInterval
	}
}

func checkGroupBy(s scope, names []string) {
	for i, name := range names {
		switch {
		case name == "..." && len(names) > 1:
			s.index(i).wrong(`"..." stands beside other labels`, `it means every label: write ["..."]`)
		case name == "...":
		case slices.Contains(names[:i], name):
			s.index(i).wrong(fmt.Sprintf("%q is there twice", name), "")
		default:
			checkLabelName(s.index(i), name)
		}
	}
}

func receiverNames(rs []Receiver) []string {
	names := make([]string, len(rs))
	for i, r := range rs {
		names[i] = r.Name
	}
	return names
}

func joinWords(words []string) string { return strings.Join(words, ", ") }
