package alerting

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// secretName matches names of labels whose values look like secrets, by the words of the name.
var secretName = regexp.MustCompile(`(?i)(^|_|\.)(pass(word|wd|phrase)?|pwd|secrets?|tokens?|api_?keys?|access_?keys?|private_?keys?|credentials?|auth(orization)?|bearer|cookies?|session(_?id)?|signature|dsn|jwt)($|_|\.)`)

// Visible says which labels may leave in messages, logs and errors: by their names, as what routes, groups and silences goes by all of
// them. The nil *Visible lets all but those out whose names look like secrets. It is safe for concurrent use.
type Visible struct {
	names   []*regexp.Regexp // nil: all but those that look like secrets
	always  map[string]bool
	decided sync.Map // name → bool
}

// NewVisible lets labels out whose whole names one of the regular expressions matches, and those of always: what the configuration itself
// gives; alertname, severity and the metric's name do in any case. Without expressions all but those go out whose names look like secrets.
// It takes the expressions over: they look for their longest match from here on.
func NewVisible(names []*regexp.Regexp, always []string) *Visible {
	v := &Visible{names: names, always: map[string]bool{labels.AlertName: true, model.MetricNameLabel: true, "severity": true}}
	for _, name := range always {
		v.always[name] = true
	}
	for _, re := range names {
		re.Longest() // so that a match of the whole name, if there is one, is the one that is found
	}
	return v
}

// Shows reports whether the label of that name may leave.
func (v *Visible) Shows(name string) bool {
	if v == nil {
		return !secretName.MatchString(name)
	}
	if shows, ok := v.decided.Load(name); ok {
		return shows == true
	}
	shows := v.decide(name)
	v.decided.Store(name, shows)
	return shows
}

func (v *Visible) decide(name string) bool {
	if v.always[name] {
		return true
	}
	if v.names == nil {
		return !secretName.MatchString(name)
	}
	for _, re := range v.names {
		if at := re.FindStringIndex(name); slices.Equal(at, []int{0, len(name)}) {
			return true
		}
	}
	return false
}

// Labels are those that may leave, and how many may not.
func (v *Visible) Labels(ls labels.Labels) (shown labels.Labels, hidden int) {
	ls.Range(func(l labels.Label) {
		if !v.Shows(l.Name) {
			hidden++
		}
	})
	if hidden == 0 {
		return ls, 0
	}
	b := labels.NewScratchBuilder(ls.Len() - hidden)
	ls.Range(func(l labels.Label) {
		if v.Shows(l.Name) {
			b.Add(l.Name, l.Value)
		}
	})
	return b.Labels(), hidden // in order, as ls are
}

// Map is a copy with the labels that may leave.
func (v *Visible) Map(ls map[string]string) map[string]string {
	out := make(map[string]string, len(ls))
	for name, value := range ls {
		if v.Shows(name) {
			out[name] = value
		}
	}
	return out
}

// hiddenValue stands for the value of a label that must not leave.
const hiddenValue = `"(hidden)"`

var labelInText = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_.]*)"?(=~|!~|!=|=)("(?:[^"\\]|\\.)*")`)

// Text is a text in which labels are written as PromQL does, name="value", with the values of those hidden that must not leave. It is
// for words that others have put together, such as errors of an evaluation.
func (v *Visible) Text(s string) string {
	if !strings.Contains(s, `="`) && !strings.Contains(s, `~"`) {
		return s
	}
	return labelInText.ReplaceAllStringFunc(s, func(pair string) string {
		parts := labelInText.FindStringSubmatch(pair)
		if v.Shows(parts[1]) {
			return pair
		}
		return strings.TrimSuffix(pair, parts[3]) + hiddenValue
	})
}

// Matchers writes the matchers whose labels may leave and says how many others there are.
func (v *Visible) Matchers(ms Matchers) string {
	var shown Matchers
	for _, m := range ms {
		if v.Shows(m.Name) {
			shown = append(shown, m)
		}
	}
	switch left := len(ms) - len(shown); left {
	case 0:
		return ms.String()
	case 1:
		return shown.String() + " and 1 hidden label"
	default:
		return shown.String() + " and " + strconv.Itoa(left) + " hidden labels"
	}
}
