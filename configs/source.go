package configs

import (
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/ingest"
)

// Source is one Prometheus, or anything else that serves its remote-read or its query_range.
type Source struct {
	Name     string
	URL      string // of the remote-read or query_range endpoint; it holds no password
	Protocol ingest.Protocol
	HTTP     commoncfg.HTTPClientConfig
	// Labels are added to every series, DropLabels taken away, both before a series gets its identity.
	Labels     map[string]string
	DropLabels []string
	// ExternalLabels are the server's own external_labels: added as matchers to every query and stripped from the results.
	ExternalLabels map[string]string
	Timeout        time.Duration // of one read, from request to last byte
	Concurrency    int           // reads at a time
	// Most requests and raw samples a second, on average; 0 is no limit.
	RequestsPerSecond, SamplesPerSecond float64
	MaxSamples                          int           // most raw samples in memory for one stretch of time
	MaxBytesInFlight                    int64         // most bytes of answers in memory, over all reads at a time
	Spread                              time.Duration // detectors are read up to this much later than their delay says
}
