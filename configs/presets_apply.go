package configs

import (
	"cmp"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// presetDetector is one detector of a preset in use.
type presetDetector struct {
	preset string
	node   *yaml.Node // without places, so that a mistake made by an override is reported at the override
	use    *yaml.Node // the entry of the field presets
	order  int
}

// presetBases finds the presets in use before anything is decoded, because the file's own detectors build on theirs. What is
// wrong with the field is reported when it is decoded.
func presetBases(root *yaml.Node) map[string]presetDetector {
	d := newDecoder("")
	var raw struct {
		Presets []rawPreset `yaml:"presets"`
	}
	ps, ok := d.pairs(root, "")
	if !ok {
		return nil
	}
	for _, p := range ps {
		if p.key.Value == "presets" {
			d.value(p.value, reflectElem(&raw.Presets), "presets")
		}
	}
	bases := map[string]presetDetector{}
	for i, use := range raw.Presets {
		preset, _ := findPreset(use.Name)
		for j, det := range preset.Detectors {
			node := placeless(preset.nodes[j])
			name := det.Name
			if use.Source != "" {
				name += "@" + use.Source
				set(node, "name", name)
				set(node, "source", use.Source)
			}
			if _, ok := bases[name]; !ok {
				bases[name] = presetDetector{use.Name, node, d.pos[scope{d, "presets"}.index(i).path], len(bases)}
			}
		}
	}
	return bases
}

// placeless copies a node without its places.
func placeless(n *yaml.Node) *yaml.Node {
	c := *n
	c.Line, c.Column = 0, 0
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		c.Content[i] = placeless(child)
	}
	return &c
}

func set(m *yaml.Node, name, value string) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == name {
			m.Content[i+1] = scalarNode(value)
			return
		}
	}
	m.Content = append(m.Content, scalarNode(name), scalarNode(value))
}

func (b *builder) base(name string) *yaml.Node { return b.bases[name].node }

// onPreset adds to a detector's fields those of the preset's detector of the same name that it does not set itself. The three
// promises stand for each other: setting one drops the preset's.
func (d *decoder) onPreset(ps []pair) []pair {
	if d.base == nil {
		return ps
	}
	own := map[string]bool{}
	var name string
	for _, p := range ps {
		own[p.key.Value] = true
		if p.key.Value == "name" {
			name = resolve(p.value).Value
		}
	}
	base := d.base(name)
	if base == nil {
		return ps
	}
	promised := slices.ContainsFunc(promiseFields, func(f string) bool { return own[f] })
	for i := 0; i+1 < len(base.Content); i += 2 {
		key := base.Content[i].Value
		if own[key] || promised && slices.Contains(promiseFields, key) {
			continue
		}
		ps = append(ps, pair{base.Content[i], base.Content[i+1]})
	}
	return ps
}

// presets checks the field and notes the names.
func (b *builder) presets(s scope, raws []rawPreset) {
	for i, raw := range raws {
		at := s.index(i)
		if raw.Name == "" {
			continue // reported
		}
		checkRef(at, "preset", raw.Name, presetNames())
		switch {
		case raw.Source != "":
			checkRef(at.at("source"), "source", raw.Source, b.sources)
		case len(b.sources) > 1:
			at.wrong("does not say which source it reads", fmt.Sprintf("write {name: %s, source: %s}", raw.Name, b.sources[0]))
		}
		if j := slices.Index(raws[:i], raw); j >= 0 {
			at.wrong(fmt.Sprintf("%q is there twice", raw.Name), "")
		}
		b.cfg.Presets = append(b.cfg.Presets, raw.Name)
	}
}

// presetScopes decodes the detectors of the presets in use that no detector of that name overrides, in the order of the presets.
func (b *builder) presetScopes(own []scoped) []scoped {
	overridden := map[string]bool{}
	for _, o := range own {
		overridden[o.raw.Name] = true
	}
	d := newDecoder(b.main.file)
	b.others = append(b.others, d)
	names := sortedKeys(b.bases)
	slices.SortFunc(names, func(x, y string) int { return cmp.Compare(b.bases[x].order, b.bases[y].order) })
	var out []scoped
	for _, name := range names {
		base := b.bases[name]
		if overridden[name] {
			continue
		}
		s := scope{d, "preset " + base.preset + "." + name}
		d.pos["preset "+base.preset] = base.use
		var raw rawDetector
		d.value(base.node, reflectElem(&raw), s.path)
		if len(b.sources) > 1 && raw.Source == "" || raw.Source != "" && !slices.Contains(b.sources, raw.Source) {
			continue // reported once, at the field presets
		}
		out = append(out, scoped{s, raw})
	}
	return out
}
