package eval

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// joined is an operator between the series of two sides. The side of which there may be one series for each match group is kept,
// the other one passes by.
type joined struct {
	left, right node
	sig         *signature
	op          operator
	expr        *parser.BinaryExpr
}

// other is the one series of a match group.
type other struct {
	Series
	used bool
}

func (j *joined) each(r *run, yield func(Series) error) error {
	card := j.expr.VectorMatching.Card
	many, one := j.left, j.right
	if card == parser.CardOneToMany {
		many, one = one, many
	}
	ones, err := j.collect(r, one)
	if err != nil {
		return err
	}
	var (
		buf  []byte
		b    = labels.NewBuilder(labels.EmptyLabels())
		seen = identities{}
	)
	return many.each(r, func(s Series) error {
		buf = j.sig.of(s.Labels, buf)
		o := ones[string(buf)]
		if o == nil {
			return nil
		}
		if o.used && card == parser.CardOneToOne {
			return ErrEngine // right if they have no point in common, else an error with a long text
		}
		o.used = true
		s.Labels = j.identity(s.Labels, o.Labels, b)
		if !seen.add(s.Labels) { // wrong even where a comparison leaves nothing of it
			return ErrEngine
		}
		for k, x := range s.V {
			if card == parser.CardOneToMany {
				s.V[k] = j.point(o.V[k], x)
			} else {
				s.V[k] = j.point(x, o.V[k])
			}
		}
		if !present(s.V) {
			return nil
		}
		return yield(s)
	})
}

// collect keeps the series of the side of which there may be one for each match group.
func (j *joined) collect(r *run, side node) (map[string]*other, error) {
	out := map[string]*other{}
	var buf []byte
	err := side.each(r, func(s Series) error {
		buf = j.sig.of(s.Labels, buf)
		if out[string(buf)] != nil {
			return ErrEngine
		}
		out[string(buf)] = &other{Series: Series{s.Labels, slices.Clone(s.V)}}
		return r.keep()
	})
	return out, err
}

func (j *joined) point(l, r float64) float64 {
	if Absent(l) || Absent(r) {
		return absent
	}
	x, keep := j.op.apply(l, r)
	switch {
	case !j.op.compares:
		return x
	case j.expr.ReturnBool && keep:
		return 1
	case j.expr.ReturnBool:
		return 0
	case keep:
		return x
	default:
		return absent
	}
}

// identity is the result's labels: those of the side with many series, as the matching says.
func (j *joined) identity(many, one labels.Labels, b *labels.Builder) labels.Labels {
	m := j.expr.VectorMatching
	b.Reset(many)
	if !j.op.compares || j.expr.ReturnBool {
		b.Del(metadata...)
	}
	if m.Card == parser.CardOneToOne {
		if m.On {
			b.Keep(m.MatchingLabels...)
		} else {
			b.Del(m.MatchingLabels...)
		}
	}
	for _, name := range m.Include {
		if v := one.Get(name); v != "" {
			b.Set(name, v)
		} else {
			b.Del(name)
		}
	}
	return b.Labels()
}
