package eval

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

// operator is one between numbers. A comparison says whether to keep its left side.
type operator struct {
	apply    func(l, r float64) (x float64, keep bool)
	compares bool
}

func arithmetic(f func(l, r float64) float64) operator {
	return operator{apply: func(l, r float64) (float64, bool) { return f(l, r), true }}
}

func comparison(f func(l, r float64) bool) operator {
	return operator{apply: func(l, r float64) (float64, bool) { return l, f(l, r) }, compares: true}
}

var operators = map[parser.ItemType]operator{
	parser.ADD:   arithmetic(func(l, r float64) float64 { return l + r }),
	parser.SUB:   arithmetic(func(l, r float64) float64 { return l - r }),
	parser.MUL:   arithmetic(func(l, r float64) float64 { return l * r }),
	parser.DIV:   arithmetic(func(l, r float64) float64 { return l / r }),
	parser.POW:   arithmetic(math.Pow),
	parser.MOD:   arithmetic(math.Mod),
	parser.ATAN2: arithmetic(math.Atan2),
	parser.EQLC:  comparison(func(l, r float64) bool { return l == r }),
	parser.NEQ:   comparison(func(l, r float64) bool { return l != r }),
	parser.GTR:   comparison(func(l, r float64) bool { return l > r }),
	parser.LSS:   comparison(func(l, r float64) bool { return l < r }),
	parser.GTE:   comparison(func(l, r float64) bool { return l >= r }),
	parser.LTE:   comparison(func(l, r float64) bool { return l <= r }),
}

// withScalar is an operator between series and a number; swapped if the number is on the left. A comparison keeps the series' own
// value, or gives 0 or 1 where bool is written.
func withScalar(of node, by scalar, op operator, e *parser.BinaryExpr, swapped bool) node {
	f := func(x, y float64) float64 {
		l, r := x, y
		if swapped {
			l, r = y, x
		}
		out, keep := op.apply(l, r)
		switch {
		case !op.compares:
			return out
		case e.ReturnBool && keep:
			return 1
		case e.ReturnBool:
			return 0
		case keep:
			return x
		default:
			return absent
		}
	}
	return &scaled{of: of, by: by, f: f, named: op.compares && !e.ReturnBool}
}

// scaled applies a function of a series' value and a number.
type scaled struct {
	of    node
	by    scalar
	f     func(x, y float64) float64
	named bool // the result is still the metric's value
}

func (s *scaled) each(r *run, yield func(Series) error) error {
	y := s.by.values(r)
	m := &mapped{of: s.of, f: func(k int, x float64) float64 { return s.f(x, y[k]) }, named: s.named}
	return m.each(r, yield)
}

// mapped applies a function to every point; it may take points away.
type mapped struct {
	of    node
	f     func(k int, x float64) float64
	named bool
}

func (m *mapped) each(r *run, yield func(Series) error) error {
	if !m.named {
		return (&unnamed{&mapped{of: m.of, f: m.f, named: true}}).each(r, yield)
	}
	return m.of.each(r, func(s Series) error {
		some := false
		for k, x := range s.V {
			if !Absent(x) {
				s.V[k] = m.f(k, x)
				some = some || !Absent(s.V[k])
			}
		}
		if !some {
			return nil
		}
		return yield(s)
	})
}
