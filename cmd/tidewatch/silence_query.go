package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/api"
)

func silenceQueryCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := silenceParent(a).Command("query", "List silences: those that have not expired, unless --expired.")
	connect := serviceFlags(c)
	expired := c.Flag("expired", "List expired ones instead.").Bool()
	quiet := c.Flag("quiet", "Print ids only.").Short('q').Bool()
	output := c.Flag("output", "simple, or json with the history.").Short('o').Default("simple").Enum("simple", "json")
	matchers := c.Arg("matchers", "Only silences that have these matchers.").Strings()
	return c.FullCommand(), func(ctx context.Context) error {
		wanted, err := matcherWords(*matchers)
		if err != nil {
			return err
		}
		s, err := connect()
		if err != nil {
			return err
		}
		var list api.SilenceList
		if err := s.get(ctx, "api/v1/silences", nil, &list); err != nil {
			return err
		}
		chosen := []api.Silence{}
		for _, x := range list.Silences {
			if (x.Status.State == "expired") == *expired && has(x, wanted) {
				chosen = append(chosen, x)
			}
		}
		return printSilences(e, chosen, *quiet, *output == "json")
	}
}

func printSilences(e *env, list []api.Silence, quiet, asJSON bool) error {
	if asJSON {
		return printJSON(e.stdout, list)
	}
	return table(e.stdout, func(p *page) {
		if !quiet {
			p.printf("ID\tSTATE\tMATCHERS\tENDS AT\tCREATED BY\tCOMMENT\n")
		}
		for _, x := range list {
			if quiet {
				p.printf("%s\n", x.ID)
				continue
			}
			p.printf("%s\t%s\t%s\t%s\t%s\t%s\n", x.ID, x.Status.State, matcherText(x.Matchers), x.EndsAt, x.CreatedBy, x.Comment)
		}
	})
}

func matcherText(ms []api.Matcher) string {
	var parts []string
	for _, m := range ms {
		parts = append(parts, fmt.Sprintf("%s%s%q", m.Name, map[[2]bool]string{
			{true, false}: "=", {true, true}: "=~", {false, false}: "!=", {false, true}: "!~",
		}[[2]bool{m.IsEqual, m.IsRegex}], m.Value))
	}
	return strings.Join(parts, " ")
}

// has reports whether the silence has every one of the matchers.
func has(x api.Silence, wanted []api.PostMatcher) bool {
	for _, w := range wanted {
		found := false
		for _, m := range x.Matchers {
			found = found || m == api.Matcher{Name: w.Name, Value: w.Value, IsRegex: w.IsRegex, IsEqual: *w.IsEqual}
		}
		if !found {
			return false
		}
	}
	return true
}

// matcherWords reads matchers as amtool does: a first word without an operator is a value of alertname.
func matcherWords(words []string) ([]api.PostMatcher, error) {
	var out []api.PostMatcher
	for i, w := range words {
		if i == 0 && !strings.ContainsAny(w, "=~") {
			w = "alertname=" + w
		}
		ms, err := configs.ParseMatchers(w)
		if err != nil {
			return nil, fmt.Errorf("matcher %q: %w", w, err)
		}
		for _, m := range ms {
			equal := m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp
			regex := m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp
			out = append(out, api.PostMatcher{Name: m.Name, Value: m.Value, IsRegex: regex, IsEqual: &equal})
		}
	}
	return out, nil
}
