package store

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the store's own.
type metrics struct {
	damaged       *prometheus.CounterVec
	writeErrors   *prometheus.CounterVec
	journalBytes  prometheus.Counter
	snapshotBytes prometheus.Gauge
	snapshotTime  prometheus.Gauge
	pruned        *prometheus.CounterVec

	registered []prometheus.Collector
}

func newMetrics() *metrics {
	m := &metrics{
		damaged: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidewatch_store_damaged_total",
			Help: "Pieces of state that could not be read and were set aside, by part.",
		}, []string{"part"}),
		writeErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidewatch_store_write_errors_total",
			Help: "Writes to the state directory that failed, by part.",
		}, []string{"part"}),
		journalBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tidewatch_journal_written_bytes_total",
			Help: "Bytes made durable in the journal.",
		}),
		snapshotBytes: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tidewatch_snapshot_bytes",
			Help: "Size of the newest snapshot.",
		}),
		snapshotTime: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tidewatch_snapshot_timestamp_seconds",
			Help: "When the newest snapshot was taken, as Unix time.",
		}),
		pruned: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidewatch_store_pruned_total",
			Help: "Rows that were removed because they were older than the retention of their class.",
		}, []string{"class"}),
	}
	m.countPruned(Pruned{})
	for _, part := range []string{partJournal, partSnapshot, partDatabase} {
		m.damaged.WithLabelValues(part)
		m.writeErrors.WithLabelValues(part)
	}
	return m
}

func (m *metrics) countPruned(p Pruned) {
	for _, c := range []struct {
		class string
		n     int64
	}{
		{"history", p.Transitions + p.Anomalies},
		{"events", p.Events},
		{"silences", p.Silences},
		{"feedback", p.Feedback},
		{"incidents", p.Messages + p.Acknowledgements},
		{"unsent", p.Unsent},
	} {
		m.pruned.WithLabelValues(c.class).Add(float64(c.n))
	}
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.damaged, m.writeErrors, m.journalBytes, m.snapshotBytes, m.snapshotTime, m.pruned}
}

func (m *metrics) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	for _, c := range m.all() {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
		m.registered = append(m.registered, c)
	}
	return nil
}

// unregister takes back what register registered, and nothing of another store's.
func (m *metrics) unregister(r prometheus.Registerer) {
	for _, c := range m.registered {
		r.Unregister(c)
	}
}

// The parts that metrics and logs tell apart.
const (
	partJournal  = "journal"
	partSnapshot = "snapshot"
	partDatabase = "database"
)
