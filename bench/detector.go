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
	one       models.Spec // judges one channel; no kind: only files of several are judged
	several   models.Spec // judges all channels of a file together; no kind: they are judged one by one
	split     bool        // judges only files of several channels, one by one
}

// model is what judges a series, and whether it does so for all channels together. No kind: it cannot.
func (d Detector) model(s *corpus.Series) (spec models.Spec, together bool) {
	n := len(s.Channels)
	switch {
	case n == 1 && d.split:
		return models.Spec{}, false
	case n == 1 || d.several.Kind == "":
		return d.one, false
	case d.Baseline:
		return joined(d.several, n), true
	}
	return d.several, true
}

// Ours is the name of the product's own detector; OursEach that of the same without join, for files of several channels.
const (
	Ours     = "tidewatch"
	OursEach = "tidewatch-each"
)

// Detectors are all that can be measured, the product's own first; those to compare it with only if asked.
func Detectors(baselines bool) ([]Detector, error) {
	one, err := models.Lookup("combined")
	if err != nil {
		return nil, err
	}
	several, err := models.Lookup("joint")
	if err != nil {
		return nil, err
	}
	out := []Detector{{Name: Ours, Doc: one.Doc + " " + several.Doc, one: one, several: several}}
	if !baselines {
		return out, nil
	}
	out = append(out, Detector{Name: OursEach, Doc: "The channels of a file by " + one.Kind + ", each for itself, under one budget.", one: one, split: true})
	for _, b := range baseline.All() {
		d := Detector{Name: b.Name, Doc: b.Doc, Baseline: true, one: b.Model}
		if b.Multivariate {
			d.one, d.several = models.Spec{}, b.Model
		}
		out = append(out, d)
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
