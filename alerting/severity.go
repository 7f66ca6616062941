package alerting

import "strings"

// Where alarms have no label severity, an incident is critical from this score or this age on, and a warning below both.
const (
	CriticalScore = 2.0           // of its most severe alarm; alarms at 1
	CriticalAfter = int64(3600e3) // an hour, in milliseconds
)

// Level is how urgent an incident is.
type Level string

// The levels.
const (
	LevelCritical Level = "critical"
	LevelWarning  Level = "warning"
	LevelInfo     Level = "info"
)

// Severity is the notice's level and, where that is not said by its alarms' common label severity, why: "score 2.4", "1 h 3 min".
func (n *Notice) Severity() (level Level, why string) {
	switch label := strings.ToLower(n.CommonLabels["severity"]); {
	case label == "info" || label == "notice" || label == "none":
		return LevelInfo, ""
	case label == "ticket" || label == "warn" || label == "warning":
		return LevelWarning, ""
	case label != "" || len(n.Alarms) == 0:
		return LevelCritical, ""
	}
	now := n.At
	if n.EndsAt != 0 {
		now = n.EndsAt
	}
	score, lasts := 0.0, now-n.StartsAt
	for i := range n.Alarms {
		score = max(score, n.Alarms[i].Score)
	}
	switch {
	case score >= CriticalScore:
		return LevelCritical, "score " + FormatValue(score, "")
	case lasts >= CriticalAfter:
		return LevelCritical, "for " + FormatSpan(lasts)
	case score == 0: // composite alarms have none
		return LevelWarning, "for " + FormatSpan(lasts)
	default:
		return LevelWarning, "score " + FormatValue(score, "")
	}
}

// escalates is when a notice that is a warning becomes critical by its age, 0 if never.
func (n *Notice) escalates() int64 {
	if level, why := n.Severity(); level != LevelWarning || why == "" || n.Status == "resolved" {
		return 0
	}
	return n.StartsAt + CriticalAfter
}

// SeverityText is "severity page" where the alarms say so, else "severity critical (score 2.4)"; nothing of what is over.
func (n *Notice) SeverityText() string {
	if label := n.CommonLabels["severity"]; label != "" {
		return "severity " + label
	}
	if n.Status == "resolved" {
		return ""
	}
	level, why := n.Severity()
	if why != "" {
		why = " (" + why + ")"
	}
	return "severity " + string(level) + why
}
