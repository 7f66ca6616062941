package configs

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"
)

const maxConcurrency = 64

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
	return Source{
		Name: raw.Name, URL: raw.URL, HTTP: b.httpConfig(s, raw.HTTP), Labels: raw.Labels, DropLabels: raw.DropLabels,
		ExternalLabels: raw.ExternalLabels, Timeout: time.Duration(raw.Timeout), Concurrency: raw.Concurrency,
	}
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
