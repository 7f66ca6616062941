package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v2"
)

// configPath is where a server tells its configuration.
const configPath = "/api/v1/status/config"

// Metadata is what the server knows of a metric from its scrapes.
type Metadata struct {
	Type string `json:"type"` // counter, gauge, histogram, summary, unknown, …
	Help string `json:"help"`
	Unit string `json:"unit"`
}

// Metadata gives type, help and unit by metric name. Where targets disagree, the first one that the server names counts.
func (a *API) Metadata(ctx context.Context) (map[string]Metadata, error) {
	var all map[string][]Metadata
	if err := a.get(ctx, "/api/v1/metadata", nil, &all); err != nil {
		return nil, err
	}
	out := make(map[string]Metadata, len(all))
	for name, list := range all {
		if len(list) > 0 {
			out[name] = list[0]
		}
	}
	return out, nil
}

// BuildInfo is the server's version, for example "2.42.0"; empty for builds without one.
func (a *API) BuildInfo(ctx context.Context) (version string, err error) {
	var info struct {
		Version string `json:"version"`
	}
	err = a.get(ctx, "/api/v1/status/buildinfo", nil, &info)
	return info.Version, err
}

// ServerConfig is the part of a server's configuration that matters to a reader.
type ServerConfig struct {
	ExternalLabels labels.Labels
	ScrapeInterval time.Duration            // the global one
	JobIntervals   map[string]time.Duration // by job_name
}

// Config gives the server's configuration.
func (a *API) Config(ctx context.Context) (ServerConfig, error) {
	var data struct {
		YAML string `json:"yaml"`
	}
	if err := a.get(ctx, configPath, nil, &data); err != nil {
		return ServerConfig{}, err
	}
	c, err := parseServerConfig(data.YAML)
	if err != nil {
		return c, a.fail("ask "+configPath, 0, KindProtocol, err)
	}
	return c, nil
}

func parseServerConfig(text string) (ServerConfig, error) {
	var doc struct {
		Global struct {
			ScrapeInterval model.Duration    `yaml:"scrape_interval"`
			ExternalLabels map[string]string `yaml:"external_labels"`
		} `yaml:"global"`
		ScrapeConfigs []struct {
			JobName        string         `yaml:"job_name"`
			ScrapeInterval model.Duration `yaml:"scrape_interval"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return ServerConfig{}, fmt.Errorf("the server's configuration: %w", err)
	}
	c := ServerConfig{
		ExternalLabels: labels.FromMap(doc.Global.ExternalLabels),
		ScrapeInterval: time.Duration(doc.Global.ScrapeInterval),
		JobIntervals:   make(map[string]time.Duration, len(doc.ScrapeConfigs)),
	}
	for _, s := range doc.ScrapeConfigs {
		c.JobIntervals[s.JobName] = time.Duration(s.ScrapeInterval)
	}
	return c, nil
}

// DetectExternalLabels asks the server for its external_labels. A server that answers but does not tell (no such page, not
// allowed, no Prometheus) has none as far as we know, which is logged; the error says that it could not be asked.
func (r *Remote) DetectExternalLabels(ctx context.Context) (labels.Labels, error) {
	c, err := r.API().Config(ctx)
	switch ErrorKind(err) {
	case KindNone:
		return c.ExternalLabels, err
	case KindProtocol, KindUnauthorized, KindLimit, KindQuery:
		r.cfg.Logger.Warn("external labels unknown, reading without them; set external_labels of the source if the server has some", "source", r.cfg.Name, "err", err)
		return labels.EmptyLabels(), nil
	default:
		return labels.EmptyLabels(), err
	}
}
