package configs

import (
	"maps"
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
	names := slices.Sorted(maps.Keys(given))
	for i, e := range expressions {
		if _, err := alerting.NewVisible([]string{e}, nil); err != nil {
			s.index(i).wrong(err.Error(), "want the name of a label, or a regular expression that matches whole names, for example team.*")
			return nil
		}
	}
	v, err := alerting.NewVisible(expressions, names)
	if err != nil { // each was checked
		s.wrong(err.Error(), "")
	}
	return v
}
