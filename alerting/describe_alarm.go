package alerting

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// valueLine is "checkout · error ratio 6.2 %, expected 0.1–0.9 %".
func valueLine(v AlarmView) string {
	line := v.Title
	if v.Composite {
		return line
	}
	switch {
	case isFinite(v.Value):
		line += " " + FormatValue(v.Value, v.Unit)
	case v.Stopped:
		line += ": data stopped"
	default:
		line += ": no data"
	}
	if e := expected(v.Band, v.Unit); e != "" {
		line += ", expected " + e
	}
	return line
}

// alarmBody are the lines of a message about one alarm. The annotations speak of the trouble, so they go when that is over;
// was, why the alarm was raised, takes their place.
func alarmBody(v AlarmView, was, severity string) []string {
	var lines []string
	if v.EndsAt == 0 {
		lines = append(lines, v.Annotations["summary"], v.Annotations["description"])
	}
	return nonEmpty(append(lines, v.Reason, was, v.Nearby, v.Why, promiseLine(v), footLine(v, severity))...)
}

// promiseLine is "Promise ≤ 1 false alarm/30 d · marked false 0 of 4 · score 2.4 (alarms at 1)".
func promiseLine(v AlarmView) string {
	score := fmt.Sprintf("score %s (alarms at 1)", scoreText(v.Score))
	if v.Record != "" {
		score = v.Record + " · " + score
	}
	switch {
	case v.Composite:
		return ""
	case v.Promise == "":
		return upperFirst(score)
	case strings.HasPrefix(v.Promise, "≤"):
		return "Promise " + v.Promise + " · " + score
	default:
		return upperFirst(v.Promise) + " · " + score
	}
}

// scoreText writes a score so that one above 1 can be told from it: 2.4, 1.04.
func scoreText(score float64) string {
	if text := FormatValue(score, ""); score <= 1 || text != "1" {
		return text
	}
	return strconv.FormatFloat(math.Ceil(100*score)/100, 'f', 2, 64)
}

// footLine is "ErrorRatio · alarm 7f3a · severity page".
func footLine(v AlarmView, severity string) string {
	parts := []string{v.Detector}
	if len(v.ID) >= 4 {
		parts = append(parts, "alarm "+v.ID[:4])
	}
	if severity != "" {
		parts = append(parts, severity)
	}
	return strings.Join(parts, " · ")
}

// summaryText words a notice about historical alarms.
func summaryText(n *Notice, open, total int, loc *time.Location) (headline string, body []string) {
	x := incidentText{n: n, open: open, total: total, loc: loc}
	headline = plural(total, "alarm") + " found in the past while starting or catching up · all over"
	if open > 0 {
		headline = fmt.Sprintf("%s found in the past while starting or catching up · %s still firing", plural(total, "alarm"), Thousands(open))
	}
	for _, v := range n.Alarms {
		body = append(body, "• "+x.alarmLine(v))
	}
	if n.Omitted > 0 {
		body = append(body, "and "+Thousands(n.Omitted)+" more")
	}
	return headline, append(body, "These do not page, neither now nor when they end.")
}

func nonEmpty(lines ...string) []string {
	return slices.DeleteFunc(lines, func(s string) bool { return s == "" })
}

func upperFirst(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

// expandAnnotations expands each template; one that fails says so in its own place.
func expandAnnotations(f Facts) map[string]string {
	if len(f.Annotations) == 0 {
		return nil
	}
	data := factsData(f)
	out := make(map[string]string, len(f.Annotations))
	for _, name := range slices.Sorted(maps.Keys(f.Annotations)) {
		text, err := expandTemplate(name, f.Annotations[name], data)
		if err != nil {
			text = fmt.Sprintf("<annotation %s failed: %v>", name, err)
		}
		out[name] = text
	}
	return out
}
