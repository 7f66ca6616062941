package configs

import (
	"math"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// seasonality is "auto" (nil), "none" (empty) or a list of periods.
type seasonality struct{ periods []time.Duration }

func (s *seasonality) decode(d *decoder, n *yaml.Node, path string) {
	const want = "want auto, none or a list like [1d, 1w]"
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == "auto":
		s.periods = nil
	case n.Kind == yaml.ScalarNode && n.Value == "none":
		s.periods = []time.Duration{}
	case n.Kind == yaml.SequenceNode:
		s.periods = []time.Duration{}
		for i, item := range n.Content {
			at := path + "[" + strconv.Itoa(i) + "]"
			d.pos[at] = item
			var p duration
			if item = resolve(item); item.Kind != yaml.ScalarNode {
				d.errorAt(item, at, "is "+kindName(item)+", want a duration", "")
				continue
			}
			d.scalar(item, &p, at)
			s.periods = append(s.periods, time.Duration(p))
		}
	default:
		d.errorAt(n, path, quoted(n.Value)+" is wrong", want)
	}
}

// churnLabels is "auto" (nil) or a list of label names, empty for none.
type churnLabels struct{ names []string }

func (c *churnLabels) decode(d *decoder, n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == "auto":
		c.names = nil
	case n.Kind == yaml.SequenceNode:
		c.names = []string{}
		for i, item := range n.Content {
			at := path + "[" + strconv.Itoa(i) + "]"
			d.pos[at] = item
			if item = resolve(item); item.Kind != yaml.ScalarNode {
				d.errorAt(item, at, "is "+kindName(item)+", want the name of a label", "")
				continue
			}
			c.names = append(c.names, item.Value)
		}
	default:
		d.errorAt(n, path, quoted(n.Value)+" is wrong", "want auto, or a list of label names like [pod, instance], [] for none")
	}
}

// valueRange is [least, greatest], null where open.
type valueRange struct {
	set    bool
	lo, hi float64
}

func (r *valueRange) decode(d *decoder, n *yaml.Node, path string) {
	r.set, r.lo, r.hi = true, math.Inf(-1), math.Inf(1)
	if n.Kind != yaml.SequenceNode || len(n.Content) != 2 {
		d.errorAt(n, path, "is "+kindName(n)+", want a list of two", "for example [0, null]")
		return
	}
	for i, end := range []*float64{&r.lo, &r.hi} {
		item := resolve(n.Content[i])
		if isNull(item) {
			continue
		}
		if item.Kind != yaml.ScalarNode || item.Decode(end) != nil || math.IsNaN(*end) {
			d.errorAt(item, path+"["+strconv.Itoa(i)+"]", "is not a number", "null leaves the end open")
			return
		}
	}
	if r.lo >= r.hi {
		d.errorAt(n, path, "the least value is not below the greatest", "write [least, greatest]")
	}
}

// rawPreset is the name of a preset, or a mapping where there are several sources.
type rawPreset struct {
	// Name of the preset.
	Name string `yaml:"name" required:"true"`
	// The source that it reads. Its detectors are then called `NAME@SOURCE`.
	Source string `yaml:"source" default:"=the only source"`
}

// presetFields is rawPreset without its own decode.
type presetFields rawPreset

func (p *rawPreset) decode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode {
		p.Name = n.Value
		return
	}
	d.structure(n, reflectElem((*presetFields)(p)), path)
}
