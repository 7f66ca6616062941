package alerting

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// The bounds of a rule; MaxChildren and MaxRuleText are CloudWatch's.
const (
	MaxRuleText  = 10_240 // bytes
	MaxChildren  = 100    // operands, each counted once
	maxRuleDepth = 100    // parentheses and NOTs in each other
)

const wantTerm = "ALARM(…), OK(…), INSUFFICIENT_DATA(…), AT_LEAST(…), TRUE, FALSE, NOT or a parenthesis"

// ParseCompositeRule reads CloudWatch's language of composite alarms:
//
//	rule:  and { "OR" and }
//	and:   not { "AND" not }
//	not:   "NOT" not, or one of
//	       "TRUE"   "FALSE"   "(" rule ")"   state "(" name ")"
//	       "AT_LEAST" "(" count [ "%" ] "," [ "NOT" ] state "," "(" name { "," name } ")" ")"
//	state: "ALARM", "OK" or "INSUFFICIENT_DATA"
//
// NOT binds tighter than AND, and AND tighter than OR. A name may stand in double or single quotes. A detector's may be followed by
// matchers, `ErrorRatio{job="checkout"}`, which CloudWatch has not. An error is a *RuleError.
func ParseCompositeRule(text string) (*CompositeRule, error) {
	if len(text) > MaxRuleText {
		return nil, &RuleError{Column: MaxRuleText + 1, Problem: fmt.Sprintf("the rule has %d bytes, at most %d are allowed", len(text), MaxRuleText)}
	}
	p := &ruleParser{text: text, rule: &CompositeRule{text: strings.TrimSpace(text)}, index: map[string]int{}}
	p.next()
	p.rule.root = p.or(0)
	if p.err == nil && p.token != "" {
		p.want("AND, OR or the end")
	}
	if p.err == nil && len(p.rule.operands) > MaxChildren {
		o := p.rule.operands[MaxChildren]
		p.problem(o.Column, fmt.Sprintf("%s is alarm %d of %d, at most %d are allowed", o, MaxChildren+1, len(p.rule.operands), MaxChildren))
	}
	if p.err != nil {
		return nil, p.err
	}
	return p.rule, nil
}

// ruleParser is a recursive descent; the first mistake stays and ends it.
type ruleParser struct {
	text  string
	rule  *CompositeRule
	index map[string]int // place of an operand by its String

	token  string // the next; "" is the end
	at     int    // its offset
	offset int    // behind it
	err    error
}

func (p *ruleParser) problem(column int, text string) {
	if p.err == nil {
		p.err = &RuleError{Column: column, Problem: text}
	}
	p.token, p.offset = "", len(p.text)
}

func (p *ruleParser) want(what string) {
	if p.err == nil {
		p.err = &RuleError{Column: p.at + 1, Found: p.token, Want: what}
	}
	p.token, p.offset = "", len(p.text)
}

// next reads a word or one of ( ) , %.
func (p *ruleParser) next() {
	for p.offset < len(p.text) && strings.ContainsRune(" \t\r\n", rune(p.text[p.offset])) {
		p.offset++
	}
	p.at = p.offset
	rest := p.text[p.offset:]
	n := strings.IndexAny(rest, " \t\r\n(),%{\"'")
	switch {
	case rest == "":
	case n < 0:
		n = len(rest)
	case n == 0:
		n = 1
	}
	p.token = rest[:max(n, 0)]
	p.offset += len(p.token)
}

// is takes the token where it is this.
func (p *ruleParser) is(token string) bool {
	if p.err != nil || p.token != token {
		return false
	}
	p.next()
	return true
}

func (p *ruleParser) must(token string) {
	if p.err == nil && !p.is(token) {
		p.want(token)
	}
}

func (p *ruleParser) or(depth int) ruleNode {
	some := []ruleNode{p.and(depth)}
	for p.is("OR") {
		some = append(some, p.and(depth))
	}
	if len(some) == 1 {
		return some[0]
	}
	return orNode{some}
}

func (p *ruleParser) and(depth int) ruleNode {
	all := []ruleNode{p.not(depth)}
	for p.is("AND") {
		all = append(all, p.not(depth))
	}
	if len(all) == 1 {
		return all[0]
	}
	return andNode{all}
}

func (p *ruleParser) not(depth int) ruleNode {
	if depth > maxRuleDepth {
		p.problem(p.at+1, fmt.Sprintf("more than %d parentheses and NOTs stand in each other", maxRuleDepth))
		return constNode(false)
	}
	if p.is("NOT") {
		return notNode{p.not(depth + 1)}
	}
	return p.term(depth)
}

func (p *ruleParser) term(depth int) ruleNode {
	switch {
	case p.is("TRUE"):
		return constNode(true)
	case p.is("FALSE"):
		return constNode(false)
	case p.is("("):
		n := p.or(depth + 1)
		p.must(")")
		return n
	case p.is("AT_LEAST"):
		return p.atLeast()
	}
	s, err := ParseState(p.token)
	if err != nil {
		p.want(wantTerm)
		return constNode(false)
	}
	p.next()
	if p.token != "(" {
		p.want("(")
		return constNode(false)
	}
	n := stateNode{operand: p.operand(), is: s}
	p.must(")")
	return n
}

// atLeast reads what follows AT_LEAST.
func (p *ruleParser) atLeast() ruleNode {
	var n atLeastNode
	p.must("(")
	count, at := p.token, p.at
	var err error
	if n.count, err = strconv.Atoi(count); err != nil || n.count < 1 {
		p.want("how many, 1 or more, or a share such as 50%")
	}
	p.next()
	n.percent = p.is("%")
	p.must(",")
	n.not = p.is("NOT")
	if n.is, err = ParseState(p.token); err != nil {
		p.want("ALARM, OK or INSUFFICIENT_DATA")
	}
	p.next()
	p.must(",")
	if p.err == nil && p.token != "(" {
		p.want("a list of alarms in parentheses")
	}
	for more := true; more && p.err == nil; more = p.token == "," {
		n.of = append(n.of, p.operand())
	}
	p.must(")")
	p.must(")")
	switch {
	case p.err != nil:
	case n.percent && n.count > 100:
		p.problem(at+1, fmt.Sprintf("%d%% is more than all of them", n.count))
	case !n.percent && n.count > len(n.of):
		p.problem(at+1, fmt.Sprintf("at least %d of %s can never be: want at most %d", n.count, plural(len(n.of), "alarm"), len(n.of)))
	}
	return n
}

// operand reads a name, and matchers where they follow, right behind the token ( or , and returns its place.
func (p *ruleParser) operand() int {
	if p.err != nil {
		return 0
	}
	p.next()
	o := Operand{Name: p.token, Column: p.at + 1}
	switch {
	case p.token == `"` || p.token == "'":
		o.Name = p.quoted(p.token)
	case p.token == "" || strings.ContainsAny(p.token, "(),%{"):
		p.want("the name of a detector or of a composite alarm")
		return 0
	}
	p.next()
	if p.err == nil && p.token == "{" {
		o.Matchers = p.matchers()
		p.next()
	}
	if p.err != nil {
		return 0
	}
	i, known := p.index[o.String()]
	if !known {
		i = len(p.rule.operands)
		p.index[o.String()] = i
		p.rule.operands = append(p.rule.operands, o)
	}
	return i
}

// quoted reads up to the closing quote.
func (p *ruleParser) quoted(quote string) string {
	name, _, closed := strings.Cut(p.text[p.offset:], quote)
	switch {
	case !closed:
		p.problem(p.at+1, "the quote is not closed")
	case name == "":
		p.problem(p.at+1, "the name is empty")
	}
	p.offset = min(len(p.text), p.offset+len(name)+1)
	return name
}

// matchers reads from { to the } that closes it.
func (p *ruleParser) matchers() Matchers {
	from, end := p.at, closingBrace(p.text[p.at:])
	if end < 0 {
		p.problem(from+1, "the brace is not closed")
		return nil
	}
	p.offset = from + end + 1
	ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector(p.text[from:p.offset])
	if err != nil {
		p.problem(from+1, fmt.Sprintf("%s are not matchers such as {job=\"checkout\"}: %v", p.text[from:p.offset], err))
	}
	return ms
}

// closingBrace is the offset of the first } of s outside quotes, -1 if there is none.
func closingBrace(s string) int {
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '}':
			return i
		}
	}
	return -1
}
