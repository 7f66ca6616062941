package engine

import (
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// frequencies is how common the labels of newly raised alarms are: of each the share of a detector's series that have it, on average over
// the detectors that have series, as every detector may raise as many false alarms as another. Of more than mostCauses signals the others
// have none, and nothing joins them but a cause or a storm.
func (e *Engine) frequencies(signals []alerting.Signal) []map[string]float64 {
	out := make([]map[string]float64, len(signals))
	share, detectors := map[labels.Label]float64{}, 0.0
	with, given := map[labels.Label]int{}, 0
	for i := range signals {
		if mayShare(&signals[i]) && given < mostCauses {
			given++
			out[i] = map[string]float64{}
			signals[i].Labels.Range(func(l labels.Label) { with[l] = 0 })
		}
	}
	for _, d := range e.detectors {
		n := 0
		for _, g := range d.groups {
			for i := range g.rows {
				if r := &g.rows[i]; r.listed(d.next) {
					n++
					d.countLabels(r, with)
				}
			}
		}
		if n == 0 {
			continue
		}
		detectors++
		for l, k := range with {
			share[l] += float64(k) / float64(n)
			with[l] = 0
		}
	}
	for i := range signals {
		if out[i] != nil {
			signals[i].Labels.Range(func(l labels.Label) {
				if !alerting.NamesNoPlace(l.Name) {
					out[i][l.Name] = share[l] / detectors
				}
			})
		}
	}
	return out
}
