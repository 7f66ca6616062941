package configs

import (
	"fmt"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// hiding reads what keeps alarms from being told.
func (b *builder) hiding(top scope, raw rawFile) {
	b.cfg.Intervals = b.intervals(top.at("time_intervals"), raw.Intervals)
	for i, r := range raw.Inhibit {
		s := top.at("inhibit_rules").index(i)
		rule := alerting.InhibitRule{Source: matcherList(s.at("source_matchers"), r.Source), Target: matcherList(s.at("target_matchers"), r.Target), Equal: r.Equal}
		for k, name := range r.Equal {
			checkLabelName(s.at("equal").index(k), name)
		}
		b.cfg.Inhibit = append(b.cfg.Inhibit, rule)
	}
	seen := map[string]bool{}
	for i, r := range raw.Mutes {
		s := top.at("mute_rules").index(i)
		checkName(s, "mute rule", r.Name, seen)
		rule := alerting.MuteRule{
			Name: r.Name, Matchers: matcherList(s.at("matchers"), r.Matchers), Schedule: alerting.Schedule(r.Schedule),
			Duration: time.Duration(r.Duration), Location: b.cfg.Global.Location, From: int64(r.Start), To: int64(r.Expires),
		}
		if r.Timezone.loc != nil {
			rule.Location = r.Timezone.loc
		}
		if err := rule.Validate(); err != nil && s.has("duration") && len(rule.Matchers) > 0 {
			s.wrong("is wrong", err.Error())
		}
		b.cfg.Mutes = append(b.cfg.Mutes, rule)
	}
}

// matcherList reads matchers of which at least one must be given.
func matcherList(s scope, texts []string) (out alerting.Matchers) {
	for i, text := range texts {
		ms, err := parseMatchers(text)
		if err != nil {
			s.index(i).wrong(fmt.Sprintf("%q is not a matcher", text), err.Error())
		}
		out = append(out, ms...)
	}
	if len(texts) == 0 {
		s.wrong("is empty", `for example ['severity="page"']`)
	}
	return out
}

func (b *builder) intervals(s scope, raws []rawNamedInterval) map[string][]alerting.TimeInterval {
	out, seen := map[string][]alerting.TimeInterval{}, map[string]bool{}
	for i, raw := range raws {
		at := s.index(i)
		if raw.Name == "" {
			at.at("name").wrong("is empty", "")
		} else if seen[raw.Name] {
			at.at("name").wrong(fmt.Sprintf("there is another time interval %q", raw.Name), "names are unique")
		}
		seen[raw.Name] = true
		out[raw.Name] = nil
		for k := range raw.Intervals {
			out[raw.Name] = append(out[raw.Name], interval(at.at("time_intervals").index(k), &raw.Intervals[k]))
		}
	}
	return out
}

func interval(s scope, raw *rawInterval) alerting.TimeInterval {
	iv := alerting.TimeInterval{Location: raw.Location.loc}
	for i, t := range raw.Times {
		if at := s.at("times").index(i); t.Start >= t.End && at.has("start_time") && at.has("end_time") {
			at.wrong("ends before it begins", "a night is two ranges: 22:00 to 24:00 and 00:00 to 06:00")
		}
		iv.Times = append(iv.Times, alerting.IntRange{From: int(t.Start), To: int(t.End)})
	}
	for _, r := range raw.Weekdays {
		iv.Weekdays = append(iv.Weekdays, alerting.IntRange(r))
	}
	for _, r := range raw.DaysOfMonth {
		iv.DaysOfMonth = append(iv.DaysOfMonth, alerting.IntRange(r))
	}
	for _, r := range raw.Months {
		iv.Months = append(iv.Months, alerting.IntRange(r))
	}
	for _, r := range raw.Years {
		iv.Years = append(iv.Years, alerting.IntRange(r))
	}
	return iv
}

// routeIntervals checks the names of time intervals that a route gives.
func (b *builder) routeIntervals(s scope, names []string, root bool) []string {
	if root && len(names) > 0 {
		s.wrong("do not belong to the root", "as in Alertmanager; put them into a child under routes")
	}
	for i, name := range names {
		checkRef(s.index(i), "time interval", name, sortedKeys(b.cfg.Intervals))
	}
	return names
}
