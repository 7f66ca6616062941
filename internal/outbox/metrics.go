package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tidewatch/tidewatch/internal/store"
)

// metrics are the outbox's own. What waits is counted in the store when it is asked for.
type metrics struct {
	store    *store.Store
	attempts *prometheus.CounterVec
	failed   *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	digested *prometheus.CounterVec
	pending  *prometheus.Desc
	stuck    *prometheus.Desc

	integrations func() []string // the configured ones, which are shown even while nothing waits
}

func newMetrics(s *store.Store, integrations func() []string) *metrics {
	return &metrics{
		store:        s,
		integrations: integrations,
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidewatch_notifications_total",
			Help: "Attempts to send a notification.",
		}, []string{"integration"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidewatch_notifications_failed_total",
			Help: "Attempts that did not succeed, by reason: permanent, rate_limited, outcome_unknown or temporary.",
		}, []string{"integration", "reason"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "tidewatch_notification_latency_seconds",
			Help:    "Time from the decision to the arrival of a notification.",
			Buckets: []float64{0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600},
		}, []string{"integration"}),
		digested: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidewatch_notifications_digested_total",
			Help: "Messages of incidents in whose place one message about many was sent.",
		}, []string{"integration"}),
		pending: prometheus.NewDesc("tidewatch_outbox_pending",
			"Notifications that wait to be sent, failed ones included.", []string{"integration"}, nil),
		stuck: prometheus.NewDesc("tidewatch_outbox_failed",
			"Messages that failed permanently and wait for a reload or a retry.", []string{"integration"}, nil),
	}
}

func (m *metrics) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	return errors.Join(r.Register(m.attempts), r.Register(m.failed), r.Register(m.latency), r.Register(m.digested), r.Register(m))
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- m.pending
	ch <- m.stuck
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	counts, err := m.store.NoticeCounts(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(m.pending, err)
		return
	}
	for _, name := range m.integrations() {
		if _, waits := counts[name]; !waits {
			counts[name] = store.NoticeCount{}
		}
	}
	for name, c := range counts {
		ch <- prometheus.MustNewConstMetric(m.pending, prometheus.GaugeValue, float64(c.Pending), name)
		ch <- prometheus.MustNewConstMetric(m.stuck, prometheus.GaugeValue, float64(c.Failed), name)
	}
}
