package events

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// versionLabels name a version in a build_info, the most telling first.
var versionLabels = []string{"version", "tag", "image_tag", "revision", "commit", "sha"}

// versionOf is the version that a build_info tells, by a label that may be named; "" where it has none.
func (f *finder) versionOf(ls labels.Labels) string {
	for _, name := range versionLabels {
		if v := ls.Get(name); v != "" && f.visible.Shows(name) {
			return v
		}
	}
	return ""
}

// deploys finds versions that were not there in the columns before. A deploy is one event, when the first instance has the new
// version; that the last one loses the old version is none.
func (f *finder) deploys(w workload) func(int) (alerting.ContextEvent, bool) {
	type version struct {
		name string
		age  int // columns since it was there; 0: never
	}
	var known []version // by name
	find := func(name string) *version {
		i, ok := slices.BinarySearchFunc(known, name, func(v version, n string) int { return cmp.Compare(v.name, n) })
		if !ok {
			known = slices.Insert(known, i, version{name: name})
		}
		return &known[i]
	}
	return func(col int) (alerting.ContextEvent, bool) {
		var before, fresh []string
		for i := range known {
			if v := &known[i]; v.age > 0 {
				if v.age <= Memory {
					before = append(before, v.name)
				}
				v.age++
			}
		}
		for _, r := range w.rows {
			if name := f.versionOf(r.Series.Labels); name != "" && !math.IsNaN(r.V[col]) {
				if v := find(name); v.age == 0 || v.age > Memory+1 {
					fresh = append(fresh, name)
				}
				find(name).age = 1
			}
		}
		if len(before) == 0 || len(fresh) == 0 {
			return alerting.ContextEvent{}, false
		}
		change := strings.Join(before, ", ") + " → " + strings.Join(slices.Compact(slices.Sorted(slices.Values(fresh))), ", ")
		what := cmp.Or(w.labels.Get(model.MetricNameLabel), "build_info")
		return f.event(f.b.Time(col), fmt.Sprintf("%s of %s changed %s", what, f.subject(w.labels), change), f.subject(w.labels)+" "+change, w.labels), true
	}
}
