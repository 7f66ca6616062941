package configs

import (
	"fmt"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/ingest"
	"go.yaml.in/yaml/v3"
)

const (
	maxConcurrency = 64
	minMaxSamples  = 10_000
	minInFlight    = 4 << 20 // for each of the reads at a time
	maxSpread      = time.Hour
)

func (b *builder) sourceList(top scope, raws []rawSource) {
	s := top.at("sources")
	if len(raws) == 0 && top.has("sources") {
		s.wrong("is empty", "name at least one Prometheus")
	}
	seen := map[string]bool{}
	for i, raw := range raws {
		b.cfg.Sources = append(b.cfg.Sources, b.source(s.index(i), raw, seen))
		b.sources = append(b.sources, raw.Name)
	}
}

func (b *builder) source(s scope, raw rawSource, seen map[string]bool) Source {
	checkName(s, "source", raw.Name, seen)
	if raw.URL != "" {
		checkURL(s.at("url"), raw.URL)
	}
	checkLabels(s.at("labels"), raw.Labels)
	checkLabels(s.at("external_labels"), raw.ExternalLabels)
	address := raw.URL
	if ingest.Protocol(raw.Protocol) == ingest.ProtocolQueryRange {
		address = rangeURL(raw.URL)
		if len(raw.ExternalLabels) > 0 {
			s.at("external_labels").wrong("goes with remote_read only", "query_range has the server evaluate, whose external_labels are not part of its series; labels adds some")
		}
	}
	for i, name := range raw.DropLabels {
		checkLabelName(s.at("drop_labels").index(i), name)
		if _, ok := raw.Labels[name]; ok {
			s.at("drop_labels").index(i).wrong(fmt.Sprintf("%q is also in labels", name), "labels are added after drop_labels were taken away; decide for one")
		}
	}
	if raw.Timeout <= 0 {
		s.at("timeout").wrong("is not above 0s", "")
	}
	if raw.Concurrency < 1 || raw.Concurrency > maxConcurrency {
		s.at("concurrency").wrong(fmt.Sprintf("%d is not between 1 and %d", raw.Concurrency, maxConcurrency), "Prometheus answers ten reads at a time by default")
	}
	if raw.MaxSamples < minMaxSamples {
		s.at("max_samples").wrong(fmt.Sprintf("%d is less than %d", raw.MaxSamples, minMaxSamples), "50 million take 75 to 350 MiB")
	}
	if raw.Concurrency > 0 && int64(raw.MaxBytesInFlight)/int64(raw.Concurrency) < minInFlight {
		s.at("max_bytes_in_flight").wrong("is less than 4MiB for each of the "+strconv.Itoa(raw.Concurrency)+" reads at a time", "256MiB for two, or a lower concurrency")
	}
	if sp := time.Duration(raw.Spread); sp < 0 || sp > maxSpread || sp%time.Second != 0 {
		s.at("spread").wrong(formatDuration(sp)+" is not whole seconds between 0s and "+formatDuration(maxSpread), "half of the step")
	}
	checkPerSecond(s, "requests_per_second", raw.RequestsPerSecond)
	checkPerSecond(s, "samples_per_second", raw.SamplesPerSecond)
	return Source{
		Name: raw.Name, URL: address, Protocol: ingest.Protocol(raw.Protocol), HTTP: b.httpConfig(s, raw.HTTP), Labels: raw.Labels, DropLabels: raw.DropLabels,
		ExternalLabels: raw.ExternalLabels, Timeout: time.Duration(raw.Timeout), Concurrency: raw.Concurrency,
		RequestsPerSecond: raw.RequestsPerSecond, SamplesPerSecond: raw.SamplesPerSecond, MaxSamples: raw.MaxSamples,
		MaxBytesInFlight: int64(raw.MaxBytesInFlight), Spread: time.Duration(raw.Spread),
	}
}

// checkPerSecond accepts a rate that lets something through; one that is left out is no limit.
func checkPerSecond(s scope, name string, v float64) {
	if s.has(name) && (!(v > 0) || math.IsInf(v, 0)) {
		s.at(name).wrong(strconv.FormatFloat(v, 'g', -1, 64)+" lets nothing through or is no number", "a number above 0, or leave it out for no limit")
	}
}

// protocol is how a source is read.
type protocol ingest.Protocol

func (p *protocol) parse(s string) error {
	if !slices.Contains(ingest.Protocols, ingest.Protocol(s)) {
		return oneOf(s, protocolNames())
	}
	*p = protocol(s)
	return nil
}

func protocolNames() []string {
	var names []string
	for _, p := range ingest.Protocols {
		names = append(names, string(p))
	}
	return names
}

// rangeURL completes a server's address with the path of query_range, in place of that of remote-read.
func rangeURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return raw // reported
	}
	path := strings.TrimSuffix(u.Path, "/")
	for _, end := range []string{"/api/v1/read", "/api/v1/query_range", "/api/v1"} {
		path = strings.TrimSuffix(path, end)
	}
	u.Path, u.RawPath = path+"/api/v1/query_range", ""
	return u.String()
}

// httpConfig turns the HTTP fields, which the decoder has found to be known and of the right types, into Prometheus's own
// type through its own unmarshaller, so that its defaults and checks apply.
func (b *builder) httpConfig(s scope, raw rawHTTP) commoncfg.HTTPClientConfig {
	cfg := commoncfg.DefaultHTTPClientConfig
	var names []string
	for _, f := range schemaFields(reflect.TypeFor[rawHTTP]()) {
		names = append(names, f.name)
	}
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, pr := range raw.pairs {
		if slices.Contains(names, pr.key.Value) && !isNull(resolve(pr.value)) {
			m.Content = append(m.Content, pr.key, pr.value)
		}
	}
	if len(m.Content) == 0 {
		return cfg
	}
	for _, e := range s.d.errs {
		if strings.HasPrefix(e.Field, s.path) {
			return cfg // said already, and better
		}
	}
	if err := m.Decode(&cfg); err != nil {
		scope{s.d, join(s.path, m.Content[0].Value)}.wrong(strings.TrimPrefix(err.Error(), "yaml: "), "")
		return cfg
	}
	cfg.SetDirectory(b.dir)
	return cfg
}

// path makes a path of the file relative to the file's directory; "" stays "".
func (b *builder) path(p string) string { return commoncfg.JoinDir(b.dir, p) }
