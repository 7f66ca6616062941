package preflight

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/ingest"
)

// Server is what the HTTP API beside a source's remote-read tells. The zero value is a server that tells nothing.
type Server struct {
	HasAPI   bool
	Version  string                     // "" where it is not told
	Metrics  []string                   // names of all metrics, sorted
	Metadata map[string]ingest.Metadata // by metric name
	Config   ingest.ServerConfig
	Limits   ingest.ServerLimits
	// Unknown says in plain words what could not be found out, and what that means.
	Unknown []string
}

// Ask asks a server for everything that does not depend on a detector. The error says that it cannot be reached or does not let
// us in; a server without an HTTP API is no error.
func Ask(ctx context.Context, api *ingest.API) (Server, error) {
	var s Server
	metrics, err := api.MetricNames(ctx)
	switch ingest.ErrorKind(err) {
	case ingest.KindNone:
		if err != nil {
			return s, err
		}
	case ingest.KindProtocol, ingest.KindQuery, ingest.KindLimit:
		s.cannot("metric names, types, scrape interval, external labels and the size of a read are unknown", err)
		return s, nil
	default:
		return s, err
	}
	s.HasAPI, s.Metrics = true, metrics
	if s.Version, err = api.BuildInfo(ctx); err != nil {
		s.cannot("the server's version is unknown", err)
	}
	if s.Metadata, err = api.Metadata(ctx); err != nil {
		s.cannot("metric types are unknown, so counters are told by their names only", err)
	}
	if s.Config, err = api.Config(ctx); err != nil {
		s.cannot("the scrape interval and the external labels are unknown; set external_labels of the source if the server has some", err)
	}
	if s.Limits, err = api.Limits(ctx); err != nil {
		s.cannot("the server's limits of remote-read are unknown; what it refuses is divided and asked for again", err)
	}
	return s, ctx.Err()
}

func (s *Server) cannot(what string, err error) {
	s.Unknown = append(s.Unknown, fmt.Sprintf("%s: %v", what, err))
}

// String is one line: "Prometheus 2.42.0: 812 metrics, scraped every 15s, external labels {cluster="eu1"}".
func (s Server) String() string {
	if !s.HasAPI {
		return "remote-read only, no HTTP API"
	}
	parts := []string{count(len(s.Metrics), "metric")}
	if s.Config.ScrapeInterval > 0 {
		parts = append(parts, "scraped every "+model.Duration(s.Config.ScrapeInterval).String())
	}
	if !s.Config.ExternalLabels.IsEmpty() {
		parts = append(parts, "external labels "+s.Config.ExternalLabels.String())
	}
	text := strings.TrimSpace("Prometheus "+s.Version) + ": " + strings.Join(parts, ", ")
	if limits := limitsText(s.Limits); limits != "" {
		text += "; its limits: " + limits
	}
	return text
}

// metricType is the type of a metric as its scrapes declare it; the parts of a classic histogram or summary have their
// family's.
func (s Server) metricType(metric string) string {
	if m, ok := s.Metadata[metric]; ok {
		return m.Type
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum", "_total"} {
		if family, ok := strings.CutSuffix(metric, suffix); ok {
			if m, ok := s.Metadata[family]; ok {
				return m.Type
			}
		}
	}
	return ""
}

// holds reports whether the server has had a series of the metric.
func (s Server) holds(metric string) bool {
	for _, m := range s.Metrics {
		if m == metric {
			return true
		}
	}
	return false
}

// gridTime is the newest grid time of a step that is due at now.
func gridTime(now time.Time, delay, step time.Duration) int64 {
	t := now.Add(-delay).UnixMilli()
	return t - t%step.Milliseconds()
}
