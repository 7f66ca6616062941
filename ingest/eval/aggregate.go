package eval

import (
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/kahansum"
)

// aggregate adds each series to its group as it comes.
type aggregate struct {
	of      node
	op      parser.ItemType
	names   []string // of the labels that are kept, or left out; sorted
	without bool
}

// group is the state of one group at every step: v is the result so far, absent where no series had a point.
type group struct {
	labels labels.Labels
	v      []float64
	c      []float64 // compensation of sums
	avg    []average
}

func (a *aggregate) each(r *run, yield func(Series) error) error {
	groups, err := a.groups(r)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if a.finish(g); !present(g.v) {
			continue
		}
		if err := yield(Series{g.labels, g.v}); err != nil {
			return err
		}
	}
	return nil
}

// groups reads everything; the groups are in the order of their first series.
func (a *aggregate) groups(r *run) ([]*group, error) {
	var (
		list  []*group
		byKey = map[string]*group{}
		key   []byte
		b     = labels.NewBuilder(labels.EmptyLabels())
	)
	err := a.of.each(r, func(s Series) error {
		switch {
		case a.without:
			key = s.Labels.BytesWithoutLabels(key, a.names...)
		case len(a.names) > 0:
			key = s.Labels.BytesWithLabels(key, a.names...)
		}
		g, ok := byKey[string(key)]
		if !ok {
			g = &group{labels: a.identity(s.Labels, b), v: blank(r.n)}
			byKey[string(key)] = g
			list = append(list, g)
			if err := r.keep(); err != nil {
				return err
			}
		}
		a.add(g, s.V)
		return nil
	})
	return list, err
}

func (a *aggregate) identity(ls labels.Labels, b *labels.Builder) labels.Labels {
	b.Reset(ls)
	switch {
	case a.without:
		b.Del(a.names...)
	case len(a.names) > 0:
		b.Keep(a.names...)
	default:
		return labels.EmptyLabels()
	}
	return b.Labels()
}

func (a *aggregate) add(g *group, v []float64) {
	switch a.op {
	case parser.SUM:
		g.addSum(v)
	case parser.AVG:
		g.addAverage(v)
	case parser.MIN:
		g.fold(v, func(old, x float64) float64 {
			if old > x || math.IsNaN(old) {
				return x
			}
			return old
		})
	case parser.MAX:
		g.fold(v, func(old, x float64) float64 {
			if old < x || math.IsNaN(old) {
				return x
			}
			return old
		})
	case parser.COUNT:
		for k, x := range v {
			switch {
			case Absent(x):
			case Absent(g.v[k]):
				g.v[k] = 1
			default:
				g.v[k]++
			}
		}
	case parser.GROUP:
		for k, x := range v {
			if !Absent(x) {
				g.v[k] = 1
			}
		}
	}
}

func (g *group) addSum(v []float64) {
	if g.c == nil {
		g.c = make([]float64, len(v))
	}
	for k, x := range v {
		switch {
		case Absent(x):
		case Absent(g.v[k]):
			g.v[k] = x
		default:
			g.v[k], g.c[k] = kahansum.Inc(x, g.v[k], g.c[k])
		}
	}
}

func (g *group) addAverage(v []float64) {
	if g.avg == nil {
		g.avg = make([]average, len(v))
	}
	for k, x := range v {
		switch m := &g.avg[k]; {
		case Absent(x):
		case m.n == 0:
			m.sum, m.n = x, 1
		default:
			m.add(x)
		}
	}
}

func (g *group) fold(v []float64, f func(old, x float64) float64) {
	for k, x := range v {
		switch {
		case Absent(x):
		case Absent(g.v[k]):
			g.v[k] = x
		default:
			g.v[k] = f(g.v[k], x)
		}
	}
}

// finish turns the state into the result.
func (a *aggregate) finish(g *group) {
	switch a.op {
	case parser.SUM:
		for k := range g.v {
			if !Absent(g.v[k]) {
				g.v[k] += g.c[k]
			}
		}
	case parser.AVG:
		for k := range g.avg {
			if g.avg[k].n > 0 {
				g.v[k] = g.avg[k].value()
			}
		}
	}
}
