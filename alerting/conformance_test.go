package alerting

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// TestConformance plays the scripts of testdata/conformance: once as they stand, and once more for every step with a restart from
// saved state before it, which must change nothing. A script begins with `--` and a sentence that says what it shows. Every column
// is one minute, from minute 1:
//
//	a: 3 of 5 missing for 2m keep 1m    the policy of detector a; 1 of 1 ignore where it is left out
//	a < 0 x X ! - -    its points: fine, near, breaching, decisive, missing; `*` ends the alarm (an accepted regime), `.` is no evaluation
//	a{s="1"} < 0 X     those of one of several series
//	a > I O A          the state after each: INSUFFICIENT_DATA, OK, ALARM
//	c = ALARM(a)       a composite alarm
//	c suppressor s wait 2m extension 1m    s suppresses its actions; every evaluation is at the minute
//	c ! . . A .        the actions that it takes, by the state that they tell of
//	reload a 4 1 of 1  the policy of detector a from minute 4 on
//	set a 4 ALARM      half a minute after minute 4 a person sets the state of a, or of its first series
//	a ? . . S          whether an incident of it stays open whatever the state: data stopped
//	seen a 4 A         the state after that
//	acts c 4 A         the action that composite alarm c takes then
//	rule a 3 few-real-one-fine    the rule of the transition at minute 3; none: there is none
//	why c 3 The rule is true.     the reason of composite alarm c after minute 3
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("testdata/conformance/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		for _, s := range readConformance(t, file) {
			n++
			for restart := range s.steps + 1 {
				if problem := s.play(restart); problem != "" {
					t.Errorf("%s:%d: %s (restart before step %d, 0: none)\n%s", file, s.line, s.says, restart, problem)
					break
				}
			}
		}
	}
	if n < 150 {
		t.Errorf("%d scripts, want at least 150", n)
	}
}

type conformance struct {
	line     int
	says     string
	steps    int
	policies map[string]Policy
	alarms   []scriptAlarm
	specs    []CompositeSpec
	actions  map[string]string
	waits    map[string]string
	states   map[string]string // by alarm or composite, a letter for each step
	rules    []scriptFact
	reasons  []scriptFact
	reloads  []scriptFact
	sets     []scriptFact
	seen     []scriptFact
	acts     []scriptFact
}

// scriptAlarm is one series.
type scriptAlarm struct {
	name, detector string
	labels         labels.Labels
	points         string
}

type scriptFact struct {
	name string
	step int
	text string
}

func readConformance(t *testing.T, file string) (out []*conformance) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(bytes.NewReader(data))
	for line := 1; in.Scan(); line++ {
		text := strings.TrimSpace(in.Text())
		if says, ok := strings.CutPrefix(text, "--"); ok {
			out = append(out, &conformance{line: line, says: strings.TrimSpace(says), policies: map[string]Policy{}, states: map[string]string{}, actions: map[string]string{}, waits: map[string]string{}})
		} else if text != "" && text[0] != '#' {
			if err := out[len(out)-1].read(text); err != nil {
				t.Fatalf("%s:%d: %v", file, line, err)
			}
		}
	}
	return out
}

func (s *conformance) read(text string) error {
	if f := strings.SplitN(text, " ", 4); len(f) == 4 && slices.Contains([]string{"rule", "why", "reload", "set", "seen", "acts"}, f[0]) {
		fact := scriptFact{name: f[1], text: f[3]}
		if _, err := fmt.Sscan(f[2], &fact.step); err != nil {
			return err
		}
		switch f[0] {
		case "why":
			s.reasons = append(s.reasons, fact)
		case "rule":
			s.rules = append(s.rules, fact)
		case "set":
			s.sets = append(s.sets, fact)
		case "seen":
			s.seen = append(s.seen, fact)
		case "acts":
			s.acts = append(s.acts, fact)
		default:
			s.reloads = append(s.reloads, fact)
			_, err := readPolicy(strings.Fields(fact.text))
			return err
		}
		return nil
	}
	if name, policy, ok := strings.Cut(text, ": "); ok && !strings.Contains(name, " ") {
		p, err := readPolicy(strings.Fields(policy))
		s.policies[name] = p
		return err
	}
	i := strings.IndexAny(text, " ")
	f := strings.SplitN(strings.TrimSpace(text[max(i, 0):]), " ", 2)
	if i < 0 || len(f) < 2 {
		return fmt.Errorf("%q is no line of a script", text)
	}
	f = []string{text[:i], f[0], f[1]}
	cells := strings.ReplaceAll(f[2], " ", "")
	switch f[1] {
	case "<":
		s.steps = max(s.steps, len(cells))
		return s.series(f[0], cells)
	case ">":
		s.states[f[0]] = cells
	case "?":
		s.waits[f[0]] = cells
	case "!":
		s.actions[f[0]] = cells
	case "suppressor":
		return s.suppressor(f[0], strings.Fields(f[2]))
	case "=":
		rule, err := ParseCompositeRule(f[2])
		s.specs = append(s.specs, CompositeSpec{Name: f[0], Rule: rule})
		return err
	default:
		return fmt.Errorf("%q is no line of a script", text)
	}
	return nil
}

func (s *conformance) series(name, cells string) error {
	a := scriptAlarm{name: name, detector: name, points: cells}
	if i := strings.IndexByte(name, '{'); i > 0 {
		a.detector = name[:i]
		r, err := ParseCompositeRule("ALARM(" + name + ")")
		if err != nil {
			return err
		}
		b := labels.NewBuilder(labels.EmptyLabels())
		for _, m := range r.Operands()[0].Matchers {
			b.Set(m.Name, m.Value)
		}
		b.Del(model.MetricNameLabel)
		a.labels = b.Labels()
	}
	s.alarms = append(s.alarms, a)
	return nil
}

func (s *conformance) suppressor(name string, f []string) error {
	var x Suppressor
	var err error
	if len(f) != 5 || f[1] != "wait" || f[3] != "extension" {
		return fmt.Errorf("%q is no suppressor", f)
	}
	if x.Alarm, err = ParseOperand(f[0]); err != nil {
		return err
	}
	if x.Wait, err = time.ParseDuration(f[2]); err != nil {
		return err
	}
	x.Extension, err = time.ParseDuration(f[4])
	for i := range s.specs {
		if s.specs[i].Name == name {
			s.specs[i].Suppressor = &x
		}
	}
	return err
}

func readPolicy(f []string) (Policy, error) {
	var p Policy
	if len(f) < 3 || f[1] != "of" {
		return p, fmt.Errorf("%q is no policy", f)
	}
	if _, err := fmt.Sscan(f[0]+" "+f[2], &p.Datapoints, &p.Of); err != nil {
		return p, err
	}
	for f = f[3:]; len(f) > 0; f = f[1:] {
		var err error
		switch f[0] {
		case "at-once":
			p.AtOnce = true
		case "for":
			p.For, err = time.ParseDuration(f[1])
			f = f[1:]
		case "recovery":
			p.Recovery, err = strconv.ParseFloat(f[1], 64)
			f = f[1:]
		case "resolve":
			p.Resolve, err = strconv.Atoi(f[1])
			f = f[1:]
		case "keep":
			p.KeepFiringFor, err = time.ParseDuration(f[1])
			f = f[1:]
		default:
			p.Missing, err = ParseTreatment(f[0])
		}
		if err != nil {
			return p, err
		}
	}
	return p, p.Validate()
}

// playing is a script in the middle of a run.
type playing struct {
	*conformance
	alarms     []Alarm
	composites *Composites
	got, acted map[string]string
	waiting    map[string]string
	rules      map[string]Rule // of the newest step
	problems   []string
}

// play runs the script with a restart before a step, counted from 1; it says how the outcome differs from what is wanted.
func (s *conformance) play(restart int) string {
	p := &playing{conformance: s, alarms: make([]Alarm, len(s.alarms)), got: map[string]string{}, acted: map[string]string{}, waiting: map[string]string{}}
	var err error
	if p.composites, err = NewComposites(s.specs, s.detectors()); err != nil {
		return err.Error()
	}
	for step := 1; step <= s.steps; step++ {
		if step == restart {
			p.restart()
		}
		p.step(step)
		p.check(step)
		p.setByHand(step)
	}
	for name, want := range s.states {
		if got := p.got[name]; got != want {
			p.problems = append(p.problems, fmt.Sprintf("%s is  %s\n%*s %s", name, spread(got), len(name)+len(", want"), "want", spread(want)))
		}
	}
	for name, want := range s.waits {
		if got := p.waiting[name]; got != want {
			p.problems = append(p.problems, fmt.Sprintf("%s waits %s\n%*s %s", name, spread(got), len(name)+len(" want"), "want", spread(want)))
		}
	}
	for name, want := range s.actions {
		if got := p.acted[name]; got != want {
			p.problems = append(p.problems, fmt.Sprintf("%s acts %s\n%*s %s", name, spread(got), len(name)+len(" want"), "want", spread(want)))
		}
	}
	slices.Sort(p.problems)
	return strings.Join(p.problems, "\n")
}

func (s *conformance) detectors() (names []string) {
	for _, a := range s.alarms {
		if !slices.Contains(names, a.detector) {
			names = append(names, a.detector)
		}
	}
	return names
}

func spread(s string) string { return strings.Join(strings.Split(s, ""), " ") }

// restart replaces everything by what was saved of it.
func (p *playing) restart() {
	fail := func(err error) {
		if err != nil {
			p.problems = append(p.problems, "restart: "+err.Error())
		}
	}
	for i := range p.alarms {
		var a Alarm
		fail(a.LoadState(p.alarms[i].AppendState(nil)))
		p.alarms[i] = a
	}
	state := p.composites.AppendState(nil)
	fresh, err := NewComposites(p.specs, p.detectors())
	fail(err)
	fail(fresh.LoadState(state))
	p.composites = fresh
}

// step evaluates every alarm, then the composite alarms.
func (p *playing) step(step int) {
	p.rules = map[string]Rule{}
	t := int64(step) * minute
	for i, a := range p.conformance.alarms {
		policy := p.policy(a.detector, step)
		if cell := (a.points + strings.Repeat(".", p.steps))[step-1]; cell == '*' {
			if tr, changed := p.alarms[i].End(t, NoteRegimeAccepted); changed {
				p.rules[a.name] = tr.Rule
			}
		} else if b, judged := map[byte]Breach{'0': Fine, 'x': Near, 'X': Breaching, '!': Decisive, '-': Missing}[cell]; judged {
			if tr, changed := p.alarms[i].Step(t, b, time.Minute, policy); changed {
				p.rules[a.name] = tr.Rule
			}
		}
		p.got[a.name] += letter(p.alarms[i].State())
		p.waiting[a.name] += map[bool]string{true: "S", false: "."}[p.alarms[i].Stopped(policy)]
	}
	for _, tr := range p.composites.Evaluate(t, t, p.counts) {
		p.rules[tr.Name] = tr.Transition.Rule
	}
	acted := map[string]string{}
	for _, a := range p.composites.Actions(t) {
		acted[a.Name] = letter(a.Transition.To)
		if a.At > t || a.Transition.From == a.Transition.To {
			p.problems = append(p.problems, fmt.Sprintf("%s acts at %d: %+v", a.Name, step, a.Transition))
		}
	}
	for _, x := range p.composites.All() {
		p.got[x.Name] += letter(x.State)
		p.acted[x.Name] += cmp.Or(acted[x.Name], ".")
	}
}

// setByHand sets the states that people set half a minute after a step.
func (p *playing) setByHand(step int) {
	at := int64(step)*minute + minute/2
	for _, f := range p.sets {
		if f.step != step {
			continue
		}
		set := StateSet{StateSetting: StateSetting{State: f.text, Reason: "test"}, By: Actor{Name: "anna"}, At: at}
		above := f.name
		if x := p.composites.Find(f.name); x != nil {
			x.Set(at, set)
		}
		for i, a := range p.conformance.alarms {
			if a.name == f.name {
				to, err := ParseState(f.text)
				if tr, ok := p.alarms[i].Set(at, to, time.Minute); err != nil || ok && (tr.To != to || tr.T <= int64(step)*minute || tr.T >= int64(step+1)*minute) {
					p.problems = append(p.problems, fmt.Sprintf("set at %d: %+v, %v", step, tr, err))
				}
				above = a.detector
			}
		}
		p.composites.EvaluateAbove(above, at, at, p.counts)
	}
	acted := map[string]string{}
	for _, a := range p.composites.Actions(at) {
		acted[a.Name] = letter(a.Transition.To)
	}
	for _, f := range p.acts {
		if f.step == step && acted[f.name] != f.text {
			p.problems = append(p.problems, fmt.Sprintf("after %d %s acts %q, want %s", step, f.name, acted[f.name], f.text))
		}
	}
	for _, f := range p.seen {
		if got := p.seenOf(f.name); f.step == step && got != f.text {
			p.problems = append(p.problems, fmt.Sprintf("after %d %s is %s, want %s", step, f.name, got, f.text))
		}
	}
}

// seenOf is the state of an alarm or a composite alarm now.
func (p *playing) seenOf(name string) string {
	if x := p.composites.Find(name); x != nil {
		return letter(x.State)
	}
	for i, a := range p.conformance.alarms {
		if a.name == name {
			return letter(p.alarms[i].State())
		}
	}
	return ""
}

// policy is that of a detector at a step.
func (s *conformance) policy(detector string, step int) Policy {
	policy, ok := s.policies[detector]
	if !ok {
		policy = Policy{Datapoints: 1, Of: 1}
	}
	for _, f := range s.reloads {
		if f.name == detector && step >= f.step {
			policy, _ = readPolicy(strings.Fields(f.text)) // it was read before
		}
	}
	return policy
}

func letter(s State) string { return s.String()[:1] }

func (p *playing) counts(o Operand) (n Counts, known bool) {
	for i, a := range p.conformance.alarms {
		if a.detector == o.Name && o.Matchers.Match(a.labels) {
			n[p.alarms[i].State()]++
		}
	}
	return n, true
}

func (p *playing) check(step int) {
	for _, f := range p.conformance.rules {
		if f.step == step && cmp.Or(string(p.rules[f.name]), "none") != f.text {
			p.problems = append(p.problems, fmt.Sprintf("the rule of %s at %d is %q, want %q", f.name, step, p.rules[f.name], f.text))
		}
	}
	for _, f := range p.reasons {
		if x := p.composites.Find(f.name); f.step == step && (x == nil || x.Reason != f.text) {
			p.problems = append(p.problems, fmt.Sprintf("the reason of %s at %d is not %q: %+v", f.name, step, f.text, x))
		}
	}
}
