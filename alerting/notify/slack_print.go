package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// smallPrint is the promise, the score and the identity.
func smallPrint(n *alerting.Notice, c chartRef, st style) []string {
	var lines []string
	if len(n.Alarms) > 0 && n.Kind == alerting.KindIncident {
		a := &n.Alarms[0]
		if len(n.Body) == 0 {
			lines = append(lines,
				joinNonEmpty(" · ", prefixed("Promise ", oneLine(a.Promise)), fmt.Sprintf("score %s (alarms at 1)", number(a.Score))),
				joinNonEmpty(" · ", oneLine(a.Detector), alarmCount(n, a), oneLine(n.SeverityText())))
		}
	}
	if c.Missing != "" {
		lines = append(lines, "No chart: "+oneLine(c.Missing))
	}
	if st.matchers && n.Kind == alerting.KindIncident && n.Status != "resolved" {
		lines = append(lines, "Matchers for a silence: `"+strings.ReplaceAll(oneLine(matchers(n)), "`", "'")+"`")
	}
	if c.Repeat {
		lines = append(lines, "This may be a repeat: the first attempt got no answer.")
	}
	return lines
}

// alarmCount is the alarm's ID, or of how many alarms the message is.
func alarmCount(n *alerting.Notice, a *alerting.AlarmView) string {
	if total := len(n.Alarms) + n.Omitted; total > 1 {
		return alerting.Thousands(total) + " alarms"
	}
	return prefixed("alarm ", shortID(a.ID))
}

// matchers is a PromQL-style matcher of what the notice is about.
func matchers(n *alerting.Notice) string {
	ls := n.CommonLabels
	if len(ls) == 0 {
		ls = n.GroupLabels
	}
	var out []string
	for name, value := range ls {
		out = append(out, fmt.Sprintf("%s=%q", name, value))
	}
	slices.Sort(out)
	return "{" + strings.Join(out, ",") + "}"
}

func shortID(id string) string { return oneLine(cut(id, 8)) }

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func joinNonEmpty(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}

// clockTime is a time of day in the notice's zone, with the date if it is another day than the notice's.
func clockTime(n *alerting.Notice, ms int64) string {
	loc := zone(n.Timezone)
	t, at := time.UnixMilli(ms).In(loc), time.UnixMilli(n.At).In(loc)
	if t.YearDay() == at.YearDay() && t.Year() == at.Year() {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 15:04")
}

// zone is a time zone by its IANA name; an unknown one is UTC.
func zone(name string) *time.Location {
	if loc, err := time.LoadLocation(name); err == nil {
		return loc
	}
	return time.UTC
}
