package eval

import (
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// overTime is a function of a range of samples, computed over a window that slides along each series.
type overTime struct {
	*selection
	name    string
	seconds float64 // the range
	of      func(w *window) (float64, bool)
	engine  promql.FunctionCall // where of is nil
	args    parser.Expressions
	params  []scalar // the arguments beside the range
}

// window is the samples in (end-span, end] of one series, without staleness markers.
type window struct {
	all        []promql.FPoint
	first      int // all[first:] is the window
	start, end int64
	seconds    float64 // its length
	drops      []drop  // of the window and perhaps from before it
}

// drop is a sample that is lower than the one before it, as a counter's after a restart.
type drop struct {
	index  int // in window.all
	before float64
}

// points are the samples of the window.
func (w *window) points() []promql.FPoint { return w.all[w.first:] }

func (w *window) reset() { w.all, w.drops, w.first = w.all[:0], w.drops[:0], 0 }

// push adds a sample at the end.
func (w *window) push(t int64, v float64) {
	if n := len(w.all); n > 0 && v < w.all[n-1].F {
		w.drops = append(w.drops, drop{n, w.all[n-1].F})
	}
	w.all = append(w.all, promql.FPoint{T: t, F: v})
}

// slide drops the samples up to and including the window's start, and moves the rest to the front now and then.
func (w *window) slide() {
	for w.first < len(w.all) && w.all[w.first].T <= w.start {
		w.first++
	}
	if w.first < 64 || w.first < len(w.all)/2 {
		return
	}
	kept := w.drops[:0]
	for _, d := range w.drops {
		if d.index > w.first {
			kept = append(kept, drop{d.index - w.first, d.before})
		}
	}
	w.drops = kept
	w.all = w.all[:copy(w.all, w.all[w.first:])]
	w.first = 0
}

func (o *overTime) each(r *run, yield func(Series) error) error {
	w := &window{seconds: o.seconds}
	v := make([]float64, r.n)
	of := o.of
	if of == nil {
		of = o.byEngine(r)
	}
	return o.samples(r, func(c *cursor, out Series) error {
		w.reset()
		out.V = v
		some, err := o.fill(r, c, w, of, v)
		if err != nil || !some {
			return err
		}
		return yield(out)
	})
}

func (o *overTime) fill(r *run, c *cursor, w *window, of func(*window) (float64, bool), v []float64) (some bool, err error) {
	for k := range v {
		w.end = r.at(k) - o.offset
		w.start = w.end - o.span
		for c.ok && c.t <= w.end {
			if c.t > w.start && !c.stale() {
				w.push(c.t, c.v)
			}
			if err := c.next(); err != nil {
				return false, err
			}
		}
		w.slide()
		v[k] = absent
		if w.first == len(w.all) {
			continue
		}
		if x, ok := of(w); ok {
			v[k], some = x, true
		}
	}
	return some, nil
}

// engineOverTime are the functions for which the engine's own code is called with each window.
var engineOverTime = []string{
	"irate", "idelta", "changes", "deriv", "predict_linear", "quantile_over_time", "stddev_over_time", "stdvar_over_time",
}

// byEngine calls the engine's function.
func (o *overTime) byEngine(r *run) func(*window) (float64, bool) {
	var (
		enh    = &promql.EvalNodeHelper{LookbackDelta: r.opts.LookbackDelta}
		matrix = make(promql.Matrix, 1)
		params = make([]promql.Vector, len(o.params))
		values = make([][]float64, len(o.params))
	)
	for i, p := range o.params {
		params[i], values[i] = make(promql.Vector, 1), p.values(r)
	}
	return func(w *window) (float64, bool) {
		enh.Ts = w.end + o.offset
		for i := range params {
			params[i][0].F = values[i][(enh.Ts-r.grid.From)/r.grid.Step]
		}
		matrix[0].Floats = w.points()
		out, _ := o.engine(params, matrix, o.args, enh)
		enh.Out = out[:0]
		if len(out) == 0 {
			return 0, false
		}
		return out[0].F, true
	}
}
