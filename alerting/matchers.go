package alerting

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// Matchers are conditions on labels that must all hold. As JSON they are a list of Alertmanager's matchers: name, value,
// isRegex and isEqual, the last true where left out.
type Matchers []*labels.Matcher

type matcherJSON struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual *bool  `json:"isEqual"`
}

// Match reports whether every matcher matches; a label that is not there has the value "".
func (ms Matchers) Match(ls labels.Labels) bool {
	for _, m := range ms {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}

// String is {alertname="X",job=~"a|b"}.
func (ms Matchers) String() string {
	parts := make([]string, len(ms))
	for i, m := range ms {
		parts[i] = m.String()
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// equal reports whether both lists say the same in the same order.
func (ms Matchers) equal(other Matchers) bool { return ms.String() == other.String() }

// validate refuses matchers that select nothing in particular, as Alertmanager does.
func (ms Matchers) validate() error {
	if len(ms) == 0 {
		return errors.New("matchers are missing, want at least one")
	}
	for _, m := range ms {
		if !m.Matches("") {
			return nil
		}
	}
	return errors.New("every matcher matches the empty string, at least one must not: it would match every alarm")
}

// MarshalJSON implements json.Marshaler.
func (ms Matchers) MarshalJSON() ([]byte, error) {
	out := make([]matcherJSON, len(ms))
	for i, m := range ms {
		equal := m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp
		out[i] = matcherJSON{m.Name, m.Value, m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp, &equal}
	}
	return json.Marshal(out)
}

// UnmarshalJSON implements json.Unmarshaler.
func (ms *Matchers) UnmarshalJSON(b []byte) error {
	var in []matcherJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	out := make(Matchers, len(in))
	for i, m := range in {
		equal := m.IsEqual == nil || *m.IsEqual
		types := map[[2]bool]labels.MatchType{
			{true, false}: labels.MatchEqual, {true, true}: labels.MatchRegexp,
			{false, false}: labels.MatchNotEqual, {false, true}: labels.MatchNotRegexp,
		}
		if m.Name == "" {
			return fmt.Errorf("matcher %d has no name", i)
		}
		var err error
		if out[i], err = labels.NewMatcher(types[[2]bool{equal, m.IsRegex}], m.Name, m.Value); err != nil {
			return fmt.Errorf("matcher of %s: %q is not a regular expression: %w", m.Name, m.Value, err)
		}
	}
	*ms = out
	return nil
}
