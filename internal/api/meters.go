package api

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// meters are the metrics of the HTTP interface itself.
type meters struct {
	duration *prometheus.HistogramVec
	panics   prometheus.Counter
	rejected prometheus.Counter
}

func newMeters(reg *prometheus.Registry) *meters {
	return &meters{
		duration: registered(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                           "tidewatch_http_request_duration_seconds",
			Help:                           "Time to answer an HTTP request, by operation of the OpenAPI document, method and status code.",
			Buckets:                        []float64{.001, .005, .025, .1, .5, 2.5, 10, 30},
			NativeHistogramBucketFactor:    1.1,
			NativeHistogramMaxBucketNumber: 100,
		}, []string{"handler", "method", "code"})),
		panics: registered(reg, prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tidewatch_http_panics_total", Help: "Panics of HTTP handlers, each answered with status 500.",
		})),
		rejected: registered(reg, prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tidewatch_http_requests_rejected_total", Help: "Requests answered with status 503 because as many as allowed were under way.",
		})),
	}
}

// registered registers c, or returns the same collector that an earlier handler on this registry has registered.
func registered[C prometheus.Collector](reg *prometheus.Registry, c C) C {
	err := reg.Register(c)
	var already prometheus.AlreadyRegisteredError
	if errors.As(err, &already) {
		if old, ok := already.ExistingCollector.(C); ok {
			return old
		}
	}
	if err != nil {
		panic("api: registering metrics: " + err.Error())
	}
	return c
}
