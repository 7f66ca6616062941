package load

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// gathered is the sum over a metric's children with the label value (all where label is empty): of a histogram its sum. A
// collector that fails, as the outbox's does once its database is closed, does not keep the others from telling.
func gathered(reg prometheus.Gatherer, name, label, value string) (float64, error) {
	families, err := reg.Gather()
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		sum := 0.0
		for _, m := range f.GetMetric() {
			keep := label == ""
			for _, l := range m.GetLabel() {
				keep = keep || l.GetName() == label && l.GetValue() == value
			}
			if keep {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum()
			}
		}
		return sum, nil
	}
	return 0, errors.Join(fmt.Errorf("the service has no metric %s", name), err)
}
