package null

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Family is a kind of series in which nothing is anomalous: what is rare in it is rare for as long as it lasts.
type Family struct {
	Name string // as in tables and in JSON
	Doc  string // what its series are like, in one sentence
	make func(r rng, g grid) []float64
}

// Values are n points of one series at a step. Point i is a function of seed, family, series, step and i; more points do not change the
// first ones. Point 0 is at midnight UTC on a Monday.
func (f Family) Values(seed, series uint64, step time.Duration, n int) []float64 {
	name := uint64(0)
	for _, c := range []byte(f.Name) {
		name = mix(name ^ uint64(c))
	}
	return f.make(newRNG(seed, name, series), grid{step, n})
}

// chooseFamilies are the families with the given names; none means all.
func chooseFamilies(names []string) ([]Family, error) {
	all := Families()
	var known []string
	for _, f := range all {
		known = append(known, f.Name)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("unknown family %q, known are %s", n, strings.Join(known, ", "))
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(f Family) bool { return !slices.Contains(names, f.Name) }), nil
}

// grid is where the points of a series lie.
type grid struct {
	step time.Duration
	n    int
}

// each is a value for every point.
func (g grid) each(f func(i int) float64) []float64 {
	v := make([]float64, g.n)
	for i := range v {
		v[i] = f(i)
	}
	return v
}

// day is the time of point i in days since the first.
func (g grid) day(i int) float64 {
	return float64(int64(i)*g.step.Milliseconds()) / float64(24*time.Hour.Milliseconds())
}

// chance is the probability of a point of what happens so often a day.
func (g grid) chance(daily float64) float64 { return daily * float64(g.step) / float64(24*time.Hour) }

// rhythm is the load of a day and a week, about -1.2 to 1.2, weaker at weekends.
func (g grid) rhythm(i int, phase float64) float64 {
	d := g.day(i)
	v := math.Sin(2*math.Pi*(d+phase)) + float64(0.4*math.Sin(4*math.Pi*(d+phase)))
	if int(d)%7 >= 5 {
		v *= 0.6
	}
	return v
}

// memory is an autoregressive series of order one with standard deviation 1.
func memory(r rng, phi float64) func(i int) float64 {
	v, fresh := 0.0, math.Sqrt(1-phi*phi)
	return func(i int) float64 {
		if i == 0 {
			v = r.normal(0)
			return v
		}
		v = float64(phi*v) + float64(fresh*r.normal(i))
		return v
	}
}
