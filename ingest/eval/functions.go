package eval

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

// simples are the functions of one number.
var simples = map[string]func(float64) float64{
	"abs": math.Abs, "ceil": math.Ceil, "floor": math.Floor, "exp": math.Exp, "sqrt": math.Sqrt,
	"ln": math.Log, "log2": math.Log2, "log10": math.Log10,
	"sgn": func(x float64) float64 {
		switch {
		case x < 0:
			return -1
		case x > 0:
			return 1
		default:
			return x
		}
	},
}

// bounded are the functions of a number and a bound.
var bounded = map[string]func(x, y float64) float64{
	"clamp_min": func(x, y float64) float64 { return math.Max(y, math.Min(math.Inf(1), x)) },
	"clamp_max": func(x, y float64) float64 { return math.Max(math.Inf(-1), math.Min(y, x)) },
	"round":     round,
}

// round is to the nearest multiple of y, halves up.
func round(x, y float64) float64 {
	inverse := 1.0 / y
	return math.Floor(x*inverse+0.5) / inverse
}

// simple takes a function that gives a number for each number.
func (c *compiler) simple(e *parser.Call) (node, bool) {
	name := e.Func.Name
	if f, ok := simples[name]; ok {
		of, ok := c.vector(e.Args[0])
		return &mapped{of: of, f: func(_ int, x float64) float64 { return f(x) }}, ok
	}
	f, ok := bounded[name]
	if !ok {
		return nil, false
	}
	of, ok := c.vector(e.Args[0])
	by := scalar(number(1)) // round's default
	if ok && len(e.Args) > 1 {
		by, ok = c.scalar(e.Args[1])
	}
	return &scaled{of: of, by: by, f: f}, ok
}
