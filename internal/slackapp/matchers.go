package slackapp

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// parseSilence reads matchers up to the first word that is a duration; what follows is the comment. Matchers are
// name=value, with =, !=, =~ or !~, and values may be quoted, also with blanks in them.
func parseSilence(text string) (ms alerting.Matchers, span time.Duration, comment string, err error) {
	rest := strings.TrimSpace(strings.NewReplacer("“", `"`, "”", `"`).Replace(text)) // as phones write them
	for rest != "" {
		word, tail := cutWord(rest)
		if d, derr := model.ParseDuration(word); derr == nil {
			if d <= 0 {
				return nil, 0, "", fmt.Errorf("a silence of %s ends at once", word)
			}
			if len(ms) == 0 {
				return nil, 0, "", errors.New("the matchers before the duration are missing")
			}
			return ms, time.Duration(d), strings.TrimSpace(tail), nil
		}
		m, merr := parseMatcher(word)
		if merr != nil {
			return nil, 0, "", merr
		}
		ms, rest = append(ms, m), strings.TrimSpace(tail)
	}
	return nil, 0, "", errors.New("the duration is missing, for example 30m, 4h or 1d")
}

// cutWord cuts off the first word; a blank inside quotes does not end it.
func cutWord(s string) (word, rest string) {
	quoted := false
	for i, c := range s {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ' ' && !quoted:
			return s[:i], s[i:]
		}
	}
	return s, ""
}

func parseMatcher(word string) (*labels.Matcher, error) {
	word = strings.Trim(word, ",{}")
	i := strings.IndexAny(word, "=!")
	if i < 1 {
		return nil, fmt.Errorf("%q is neither a matcher such as job=checkout nor a duration such as 4h", oneWord(word))
	}
	for _, op := range []labels.MatchType{labels.MatchRegexp, labels.MatchNotRegexp, labels.MatchNotEqual, labels.MatchEqual} {
		if value, ok := strings.CutPrefix(word[i:], op.String()); ok {
			value = strings.TrimSuffix(strings.TrimPrefix(value, `"`), `"`)
			m, err := labels.NewMatcher(op, word[:i], value)
			if err != nil {
				return nil, fmt.Errorf("%q is not a regular expression", oneWord(value))
			}
			return m, nil
		}
	}
	return nil, fmt.Errorf("%q has none of the operators =, !=, =~ and !~", oneWord(word))
}
