package configs

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

var matcherHead = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*"|[^\s"{}!=~,\\'` + "`" + `]+)\s*(=~|!~|!=|=)\s*`)

var matcherTypes = map[string]labels.MatchType{
	"=": labels.MatchEqual, "!=": labels.MatchNotEqual, "=~": labels.MatchRegexp, "!~": labels.MatchNotRegexp,
}

// ParseMatchers reads Alertmanager's matcher syntax: one or more of `name="value"` with =, !=, =~ or !~.
func ParseMatchers(s string) ([]*labels.Matcher, error) { return parseMatchers(s) }

// parseMatchers reads Alertmanager's matcher syntax: one or more of `name="value"`, separated by commas, braces around them
// optional, quotes around a value without special characters too.
func parseMatchers(s string) ([]*labels.Matcher, error) {
	rest := strings.TrimSpace(s)
	if strings.HasPrefix(rest, "{") {
		if !strings.HasSuffix(rest, "}") {
			return nil, errors.New("the brace is not closed")
		}
		rest = strings.TrimSpace(rest[1 : len(rest)-1])
	}
	if rest == "" {
		return nil, errors.New(`want name="value", with =, !=, =~ or !~`)
	}
	var out []*labels.Matcher
	for rest != "" {
		m, after, err := parseMatcher(rest)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
		after = strings.TrimSpace(after)
		if after != "" && after[0] != ',' {
			return nil, fmt.Errorf("want a comma before %q", after)
		}
		rest = strings.TrimSpace(strings.TrimPrefix(after, ","))
	}
	return out, nil
}

func parseMatcher(s string) (*labels.Matcher, string, error) {
	head := matcherHead.FindStringSubmatch(s)
	if head == nil {
		return nil, "", errors.New(`want name="value", with =, !=, =~ or !~`)
	}
	name := head[1]
	if name[0] == '"' {
		var err error
		if name, err = strconv.Unquote(name); err != nil {
			return nil, "", fmt.Errorf("%s is not a quoted name", head[1])
		}
	}
	if !model.UTF8Validation.IsValidLabelName(name) {
		return nil, "", fmt.Errorf("%q is not a label name", name)
	}
	value, rest, err := matcherValue(s[len(head[0]):])
	if err != nil {
		return nil, "", err
	}
	m, err := labels.NewMatcher(matcherTypes[head[2]], name, value)
	if err != nil {
		return nil, "", fmt.Errorf("%q is not a regular expression: %w", value, err)
	}
	return m, rest, nil
}

// matcherValue takes a quoted value, or a bare one up to the next comma.
func matcherValue(s string) (value, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		i := strings.IndexByte(s, ',')
		if i < 0 {
			i = len(s)
		}
		value = strings.TrimSpace(s[:i])
		if strings.ContainsAny(value, `"{}`) {
			return "", "", fmt.Errorf("the value %s must be quoted", value)
		}
		return value, s[i:], nil
	}
	quoted, err := strconv.QuotedPrefix(s)
	if err != nil {
		return "", "", errors.New("the quote is not closed")
	}
	value, err = strconv.Unquote(quoted)
	return value, s[len(quoted):], err
}
