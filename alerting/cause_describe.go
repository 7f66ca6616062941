package alerting

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// quietShare is the share of the quiet series up to which they count as lacking a label.
const quietShare = 0.1

// newCause describes a set of alarms, which are indices in ascending order.
func newCause(in CauseInput, set []int, p float64) Cause {
	c := Cause{P: p}
	first := in.Alarms[set[0]]
	for _, i := range set {
		a := in.Alarms[i]
		c.Members = append(c.Members, a.ID)
		if float64(a.Onset-first.Onset) <= 2*math.Hypot(float64(a.Spread), float64(first.Spread)) {
			c.First = append(c.First, a.ID)
		}
	}
	first.Labels.Range(func(l labels.Label) {
		if NamesNoPlace(l.Name) || float64(in.Quiet.With[l]) > quietShare*float64(in.Quiet.Series) {
			return
		}
		if !slices.ContainsFunc(set, func(i int) bool { return in.Alarms[i].Labels.Get(l.Name) != l.Value }) {
			c.Labels = append(c.Labels, SharedLabel{Name: l.Name, Value: l.Value, Quiet: in.Quiet.With[l]})
		}
	})
	slices.SortStableFunc(c.Labels, func(a, b SharedLabel) int { return cmp.Compare(a.Quiet, b.Quiet) })
	return c
}
