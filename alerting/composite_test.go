package alerting

import (
	"fmt"
	"strings"
	"testing"
)

// A mistake names its column and what was expected.
func TestCompositeRuleMistakes(t *testing.T) {
	many := make([]string, MaxChildren+1)
	for i := range many {
		many[i] = fmt.Sprintf("ALARM(a%d)", i)
	}
	for _, c := range []struct{ rule, want string }{
		{"", "column 1: found the end, want ALARM(…), OK(…)"},
		{"ALARM(a) OR", "column 12: found the end, want ALARM(…)"},
		{"ALARM(a) XOR OK(b)", `column 10: found "XOR", want AND, OR or the end`},
		{"ALARM(a) OK(b)", `column 10: found "OK", want AND, OR or the end`},
		{"alarm(a)", `column 1: found "alarm", want ALARM(…)`},
		{"ALARM a", `column 7: found "a", want (`},
		{"ALARM()", `column 7: found ")", want the name of a detector`},
		{"ALARM(a", "column 8: found the end, want )"},
		{`ALARM("a)`, "column 7: the quote is not closed"},
		{`ALARM("")`, "column 7: the name is empty"},
		{`ALARM(a{job="x)`, "column 8: the brace is not closed"},
		{`ALARM(a{job})`, "column 8: {job} are not matchers"},
		{"(ALARM(a)", "column 10: found the end, want )"},
		{"ALARM(a))", `column 9: found ")", want AND, OR or the end`},
		{"AT_LEAST(0, ALARM, (a))", `column 10: found "0", want how many, 1 or more`},
		{"AT_LEAST(2, ALARM, (a))", "column 10: at least 2 of 1 alarm can never be"},
		{"AT_LEAST(101%, ALARM, (a))", "column 10: 101% is more than all of them"},
		{"AT_LEAST(1, FIRING, (a))", `column 13: found "FIRING", want ALARM, OK or INSUFFICIENT_DATA`},
		{"AT_LEAST(1, ALARM, a)", `column 20: found "a", want a list of alarms`},
		{"AT_LEAST(1, ALARM, (a,))", `column 23: found ")", want the name`},
		{strings.Repeat("(", 102) + "TRUE" + strings.Repeat(")", 102), "column 102: more than 100 parentheses"},
		{strings.Repeat("NOT ", 102) + "TRUE", "column 405: more than 100 parentheses and NOTs"},
		{strings.Repeat(" ", MaxRuleText) + "TRUE", "column 10241: the rule has 10244 bytes"},
		{strings.Join(many, " OR "), "a100 is alarm 101 of 101, at most 100 are allowed"},
	} {
		if _, err := ParseCompositeRule(c.rule); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: %v, want %s", c.rule, err, c.want)
		}
	}
}

// The rules of a configuration fit together.
func TestNewCompositesMistakes(t *testing.T) {
	spec := func(name, rule string) CompositeSpec {
		r, err := ParseCompositeRule(rule)
		if err != nil {
			t.Fatal(err)
		}
		return CompositeSpec{Name: name, Rule: r}
	}
	var crowd []CompositeSpec
	for i := range MaxParents + 1 {
		crowd = append(crowd, spec(fmt.Sprintf("c%03d", i), "ALARM(a)"))
	}
	for _, c := range []struct {
		specs []CompositeSpec
		want  string
	}{
		{[]CompositeSpec{spec("c", "ALARM(a) AND OK(b)")}, `column 17: there is no detector or composite alarm "b"`},
		{[]CompositeSpec{spec("c", "ALARM(c)")}, "the alarm depends on itself: c → c"},
		{[]CompositeSpec{spec("c", "ALARM(d)"), spec("d", "OK(e)"), spec("e", "NOT ALARM(c)")}, "c → d → e → c"},
		{[]CompositeSpec{spec("c", "TRUE"), spec("c", "TRUE")}, `two alarms with the name "c"`},
		{[]CompositeSpec{spec("a", "TRUE")}, `two alarms with the name "a"`},
		{[]CompositeSpec{spec("c", "TRUE"), spec("d", `ALARM(c{x="1"})`)}, "column 7: c is one alarm"},
		{crowd, "more than 150 composite alarms name a"},
	} {
		if _, err := NewComposites(c.specs, []string{"a"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if _, err := NewComposites(crowd[:MaxParents], []string{"a"}); err != nil {
		t.Errorf("%d parents: %v", MaxParents, err)
	}
}

// A rule may be any bytes and state any damage: neither ends the process, and what is read again says the same.
func FuzzCompositeRule(f *testing.F) {
	for _, s := range []string{`ALARM("a") AND NOT OK(b{c="d}"})`, "AT_LEAST(50%, NOT OK, (a, b))", "((TRUE OR", "AT_LEAST(1,ALARM,(", `OK('`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseCompositeRule(s)
		if err != nil {
			return
		}
		again, err := ParseCompositeRule(r.String())
		if err != nil || len(again.Operands()) != len(r.Operands()) {
			t.Errorf("%q: %v", s, err)
		}
	})
}

// A composite alarm that names a detector in training keeps its state.
func TestCompositeOfUnknown(t *testing.T) {
	r, err := ParseCompositeRule("NOT OK(a)")
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewComposites([]CompositeSpec{{Name: "c", Rule: r}}, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	known := false
	count := func(Operand) (Counts, bool) { return Counts{}, known }
	if got := c.Evaluate(minute, minute, count); len(got) > 0 {
		t.Errorf("in training: %+v", got)
	}
	if known = true; len(c.Evaluate(minute, minute, count)) != 1 {
		t.Error("no transition after training")
	}
}
