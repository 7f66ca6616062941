package app

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/tidewatch/tidewatch/internal/engine"
)

var (
	trainingSeries = prometheus.NewDesc("tidewatch_training_series",
		"Live series by the state of their training.", []string{"detector", "state"}, nil)
	trainingProgress = prometheus.NewDesc("tidewatch_training_progress_ratio",
		"Share of the history that TRAINED needs, mean of the detector's live series.", []string{"detector"}, nil)
)

// trainingCollector shows how far learning has come, as of the scrape.
type trainingCollector struct{ core *engine.Core }

// Describe implements prometheus.Collector.
func (trainingCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- trainingSeries
	ch <- trainingProgress
}

// Collect implements prometheus.Collector.
func (c trainingCollector) Collect(ch chan<- prometheus.Metric) {
	for _, st := range c.core.Status() {
		for state, n := range st.Training.States {
			ch <- prometheus.MustNewConstMetric(trainingSeries, prometheus.GaugeValue, float64(n), st.Name, engine.TrainingState(state).String())
		}
		ch <- prometheus.MustNewConstMetric(trainingProgress, prometheus.GaugeValue, st.Training.Progress, st.Name)
	}
}
