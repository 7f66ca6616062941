package configs

import (
	"time"

	commoncfg "github.com/prometheus/common/config"
)

// Source is one Prometheus that is read by remote-read.
type Source struct {
	Name string
	URL  string // of the remote-read endpoint; it holds no password
	HTTP commoncfg.HTTPClientConfig
	// Labels are added to every series, DropLabels taken away, both before a series gets its identity.
	Labels     map[string]string
	DropLabels []string
	// ExternalLabels are the server's own external_labels: added as matchers to every query and stripped from the results.
	ExternalLabels map[string]string
	Timeout        time.Duration // of one read, from request to last byte
	Concurrency    int           // reads at a time
}
