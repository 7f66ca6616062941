package eval

import (
	"regexp"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// relabeled is label_replace or label_join: value gives the label's new value, and whether there is one.
type relabeled struct {
	of    node
	label string
	value func(labels.Labels) (string, bool)
}

func (l *relabeled) each(r *run, yield func(Series) error) error {
	seen := identities{}
	b := labels.NewBuilder(labels.EmptyLabels())
	return l.of.each(r, func(s Series) error {
		if v, ok := l.value(s.Labels); ok {
			b.Reset(s.Labels)
			s.Labels = b.Set(l.label, v).Labels()
		}
		if !seen.add(s.Labels) {
			return ErrEngine
		}
		return yield(s)
	})
}

// relabel takes the two functions; what is wrong with their arguments is the engine's to say.
func (c *compiler) relabel(e *parser.Call) (node, bool) {
	args := make([]string, len(e.Args))
	for i := range e.Args[1:] {
		text, ok := e.Args[i+1].(*parser.StringLiteral)
		if !ok {
			return nil, false
		}
		args[i+1] = text.Val
	}
	if !model.UTF8Validation.IsValidLabelName(args[1]) {
		return nil, false
	}
	of, ok := c.vector(e.Args[0])
	out := &relabeled{of: of, label: args[1]}
	if e.Func.Name == "label_join" {
		for _, name := range args[3:] {
			ok = ok && model.UTF8Validation.IsValidLabelName(name)
		}
		out.value = func(ls labels.Labels) (string, bool) {
			values := make([]string, len(args[3:]))
			for i, name := range args[3:] {
				values[i] = ls.Get(name)
			}
			return strings.Join(values, args[2]), true
		}
		return out, ok
	}
	matches, err := regexp.Compile("^(?s:" + args[4] + ")$")
	out.value = func(ls labels.Labels) (string, bool) {
		from := ls.Get(args[3])
		at := matches.FindStringSubmatchIndex(from)
		if at == nil {
			return "", false
		}
		return string(matches.ExpandString(nil, args[2], from, at)), true
	}
	return out, ok && err == nil
}
