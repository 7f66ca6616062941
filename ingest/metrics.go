package ingest

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the self-metrics of all sources on one registry.
type metrics struct {
	requests *prometheus.CounterVec
	samples  *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	errs     *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	reads    *prometheus.GaugeVec
	limit    *prometheus.GaugeVec
	splits   *prometheus.CounterVec

	newest    *prometheus.GaugeVec
	throttled *prometheus.CounterVec
	circuit   *prometheus.GaugeVec
}

// circuitIs sets the state of a source's circuit.
func (m *metrics) circuitIs(source string, state Circuit) {
	for _, c := range circuits {
		v := 0.0
		if c == state {
			v = 1
		}
		m.circuit.WithLabelValues(source, string(c)).Set(v)
	}
}

// newMetrics registers the metrics, or takes those that another source has registered already. reg may be nil.
func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append([]string{"source"}, labels...))
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, append([]string{"source"}, labels...))
	}
	m := &metrics{
		requests: counter("tidewatch_source_requests_total", "Requests for samples by HTTP status, none without an answer.", "code"),
		samples:  counter("tidewatch_source_read_samples_total", "Raw samples read; points where query_range is asked."),
		bytes:    counter("tidewatch_source_read_bytes_total", "Bytes of answers read, as they came over the wire."),
		errs:     counter("tidewatch_source_errors_total", "Failed reads by kind.", "kind"),
		inFlight: gauge("tidewatch_source_in_flight_bytes", "Bytes of raw samples that are held for reads in progress."),
		reads:    gauge("tidewatch_source_reads_in_progress", "Reads in progress."),
		limit:    gauge("tidewatch_source_reads_limit", "Most reads in progress at a time."),
		splits:   counter("tidewatch_source_splits_total", "Reads that were divided because of a limit, the server's or the source's own.", "limit"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tidewatch_source_request_duration_seconds", Help: "Duration of requests for samples, their answer included.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2.5, 11), // 5 ms to 48 s
		}, []string{"source"}),
		newest:    gauge("tidewatch_source_newest_sample_timestamp_seconds", "Time of the newest sample read."),
		throttled: counter("tidewatch_source_throttled_seconds_total", "Time that requests have waited for the source's own limits of rate."),
		circuit:   gauge("tidewatch_source_circuit_state", "1 for the state of the source's circuit breaker: closed, open or half_open.", "state"),
	}
	if reg == nil {
		return m, nil
	}
	err := errors.Join(
		register(reg, &m.requests), register(reg, &m.samples), register(reg, &m.bytes),
		register(reg, &m.errs), register(reg, &m.seconds), register(reg, &m.inFlight), register(reg, &m.reads),
		register(reg, &m.limit), register(reg, &m.splits), register(reg, &m.newest), register(reg, &m.throttled), register(reg, &m.circuit),
	)
	return m, err
}

// register registers *c, or points it at the equal collector that is registered already.
func register[C prometheus.Collector](reg prometheus.Registerer, c *C) error {
	err := reg.Register(*c)
	var already prometheus.AlreadyRegisteredError
	if errors.As(err, &already) {
		if old, ok := already.ExistingCollector.(C); ok {
			*c = old
			return nil
		}
	}
	return err
}
