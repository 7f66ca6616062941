package eval

import (
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// scalar is an expression that gives one number at each time.
type scalar interface {
	values(r *run) []float64
}

func (c *compiler) scalar(e parser.Expr) (scalar, bool) {
	switch e := e.(type) {
	case *parser.NumberLiteral:
		return number(e.Val), true
	case *parser.ParenExpr:
		return c.scalar(e.Expr)
	case *parser.StepInvariantExpr:
		return c.scalar(e.Expr)
	case *parser.UnaryExpr:
		of, ok := c.scalar(e.Expr)
		if e.Op != parser.SUB {
			return of, ok
		}
		return negated{of}, ok
	case *parser.BinaryExpr:
		op, known := operators[e.Op]
		l, ok := c.scalar(e.LHS)
		r, also := c.scalar(e.RHS)
		return scalars{l: l, r: r, op: op}, known && ok && also
	case *parser.Call:
		if e.Func.Name == "time" {
			return clock{}, true
		}
	}
	return nil, false
}

type number float64

func (x number) values(r *run) []float64 {
	v := make([]float64, r.n)
	for k := range v {
		v[k] = float64(x)
	}
	return v
}

type clock struct{}

func (clock) values(r *run) []float64 {
	v := make([]float64, r.n)
	for k := range v {
		v[k] = float64(r.at(k)) / 1000
	}
	return v
}

type negated struct{ of scalar }

func (s negated) values(r *run) []float64 {
	v := s.of.values(r)
	for k := range v {
		v[k] = -v[k]
	}
	return v
}

// scalars is an operator between two; a comparison gives 0 or 1.
type scalars struct {
	l, r scalar
	op   operator
}

func (s scalars) values(r *run) []float64 {
	left, right := s.l.values(r), s.r.values(r)
	for k := range left {
		x, keep := s.op.apply(left[k], right[k])
		if s.op.compares {
			x = 0
			if keep {
				x = 1
			}
		}
		left[k] = x
	}
	return left
}

// constant is vector(…): a series without labels.
type constant struct{ of scalar }

func (c *constant) each(r *run, yield func(Series) error) error {
	return yield(Series{labels.EmptyLabels(), c.of.values(r)})
}
