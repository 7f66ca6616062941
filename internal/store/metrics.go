package store

import "github.com/prometheus/client_golang/prometheus"

// metrics are the store's own; a nil Registerer leaves them unregistered but counting.
type metrics struct {
	damaged       *prometheus.CounterVec
	writeErrors   *prometheus.CounterVec
	journalBytes  prometheus.Counter
	snapshotBytes prometheus.Gauge
	snapshotTime  prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
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
	}
	for _, part := range []string{partJournal, partSnapshot, partDatabase} {
		m.damaged.WithLabelValues(part)
		m.writeErrors.WithLabelValues(part)
	}
	if r != nil {
		r.MustRegister(m.damaged, m.writeErrors, m.journalBytes, m.snapshotBytes, m.snapshotTime)
	}
	return m
}

// The parts that metrics and logs tell apart.
const (
	partJournal  = "journal"
	partSnapshot = "snapshot"
	partDatabase = "database"
)
