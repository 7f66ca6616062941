package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidewatch/tidewatch/bench/baseline"
	"github.com/tidewatch/tidewatch/bench/corpus"
	"github.com/tidewatch/tidewatch/models"
)

// Detector is one way of judging a file. All of them run in the production engine under the same policy; they differ in the model.
type Detector struct {
	Name, Doc string
	Baseline  bool
	spec      models.Spec
	joint     bool // judges the channels of a file together, and only files of several
}

// judges reports whether the detector can judge a series.
func (d Detector) judges(s *corpus.Series) bool { return !d.joint }

// Ours is the name of the product's own detector.
const Ours = "tidewatch"

// Detectors are all that can be measured, the product's own first, and of the baselines only if asked.
func Detectors(baselines bool) ([]Detector, error) {
	spec, err := models.Lookup("combined")
	if err != nil {
		return nil, err
	}
	out := []Detector{{Name: Ours, Doc: spec.Doc, spec: spec}}
	if !baselines {
		return out, nil
	}
	for _, b := range baseline.All() {
		out = append(out, Detector{Name: b.Name, Doc: b.Doc, Baseline: true, spec: b.Model, joint: b.Multivariate})
	}
	return out, nil
}

// choose keeps the detectors with the given names; none means all.
func choose(all []Detector, names []string) ([]Detector, error) {
	if len(names) == 0 {
		return all, nil
	}
	var known []string
	for _, d := range all {
		known = append(known, d.Name)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("unknown detector %q, known are %s", n, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all, func(d Detector) bool { return !slices.Contains(names, d.Name) }), nil
}
