package alerting

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/prometheus/prometheus/model/labels"
)

// subjectLabels name the thing that is watched, from the wide to the narrow; a title shows their values bare.
var subjectLabels = []string{
	"namespace", "job", "service", "service_name", "app", "deployment", "statefulset", "daemonset", "pod", "container", "node", "instance", "host",
	"device", "mountpoint", "queue", "topic", "handler", "path", "route", "method",
}

// placeLabels say where it stands; a headline shows them after the value.
var placeLabels = []string{"tenant", "env", "environment", "region", "datacenter", "dc", "zone", "cluster"}

// maxTitleLabels is how many labels a title shows; it says how many it left out.
const maxTitleLabels = 4

// maxTitleValue is how many characters of a label's value a title shows; "…" stands for the rest.
const maxTitleValue = 60

// titleValue is a label's value as a title shows it: in one line and not too long.
func titleValue(v string) string {
	rs := []rune(strings.Join(strings.FieldsFunc(v, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " "))
	if len(rs) > maxTitleValue {
		rs = append(rs[:maxTitleValue-1], '…')
	}
	return string(rs)
}

// title is the subject and the detector: "checkout · error ratio".
func title(detector string, ls labels.Labels) string {
	var parts []string
	for _, name := range subjectLabels {
		if v := ls.Get(name); v != "" {
			parts = append(parts, titleValue(v))
		}
	}
	ls.Range(func(l labels.Label) {
		if !slices.Contains(subjectLabels, l.Name) && !slices.Contains(placeLabels, l.Name) && !strings.HasPrefix(l.Name, "__") &&
			l.Name != "alertname" {
			parts = append(parts, titleValue(l.Name+" "+l.Value))
		}
	})
	if more := len(parts) - maxTitleLabels; more > 0 {
		parts = append(parts[:maxTitleLabels], fmt.Sprintf("+%d more labels", more))
		if more == 1 {
			parts[maxTitleLabels] = "+1 more label"
		}
	}
	return strings.Join(append(parts, HumanName(detector)), " · ")
}

// place is where a thing stands: the values of its place labels, from the wide to the narrow.
func place(ls map[string]string) []string {
	var parts []string
	for _, name := range placeLabels {
		if v := ls[name]; v != "" {
			parts = append(parts, titleValue(v))
		}
	}
	return parts
}

// HumanName splits a detector's name at its capitals and separators: "ErrorRatio" is "error ratio", "LatencyP99" is "latency
// p99", "HTTPErrors" is "HTTP errors", "node_cpu-busy" is "node cpu busy".
func HumanName(detector string) string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, lowerWord(word))
		}
		word = nil
	}
	rs := []rune(detector)
	for i, r := range rs {
		switch {
		case r == '_' || r == '-' || r == ' ' || r == '/' || r == ':':
			flush()
			continue
		case unicode.IsUpper(r) && i > 0:
			nextLower := i+1 < len(rs) && unicode.IsLower(rs[i+1])
			if !unicode.IsUpper(rs[i-1]) || nextLower {
				flush()
			}
		}
		word = append(word, r)
	}
	flush()
	return strings.Join(words, " ")
}

// lowerWord lowers a word unless it is an abbreviation: two or more capitals and nothing else but digits.
func lowerWord(word []rune) string {
	capitals := 0
	for _, r := range word {
		if unicode.IsUpper(r) {
			capitals++
		} else if !unicode.IsDigit(r) {
			capitals = -len(word)
		}
	}
	if capitals >= 2 {
		return string(word)
	}
	return strings.ToLower(string(word))
}
