package configs

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/tidewatch/tidewatch/alerting"
)

// visible is which labels may leave: those that match, and what the configuration itself gives.
func (b *builder) visible(s scope, expressions []string) *alerting.Visible {
	given := map[string]bool{}
	add := func(ls map[string]string) {
		for name := range ls {
			given[name] = true
		}
	}
	for i := range b.cfg.Sources {
		add(b.cfg.Sources[i].Labels)
	}
	for i := range b.cfg.Detectors {
		add(b.cfg.Detectors[i].Labels)
	}
	for i := range b.cfg.Composites {
		add(b.cfg.Composites[i].Labels)
	}
	var names []*regexp.Regexp
	for i, e := range expressions {
		re, err := regexp.Compile(e)
		if err != nil {
			s.index(i).wrong(fmt.Sprintf("%q is not a regular expression: %v", e, err), "want the name of a label, or a regular expression that matches whole names, for example team.*")
			continue
		}
		names = append(names, re)
	}
	return alerting.NewVisible(names, slices.Collect(maps.Keys(given)))
}
