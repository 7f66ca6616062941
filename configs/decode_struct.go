package configs

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// pair is one field of a mapping.
type pair struct{ key, value *yaml.Node }

// field is one field of a schema struct.
type field struct {
	name     string // in YAML
	index    []int
	def      string // the tag "default": a value, or "=" and the words that describe where it comes from
	required bool
	typ      reflect.Type
	goType   reflect.Type // the struct that declares it, which inline makes different from the one decoded
	goName   string
}

// schemaFields lists the fields of a schema struct in the order of their declaration, inline structs flattened.
func schemaFields(t reflect.Type) []field {
	var fs []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if opts == "inline" {
			for _, in := range schemaFields(f.Type) {
				in.index = append([]int{i}, in.index...)
				fs = append(fs, in)
			}
			continue
		}
		if name == "" {
			continue // not a field of the file
		}
		fs = append(fs, field{
			name: name, index: []int{i}, def: f.Tag.Get("default"), required: f.Tag.Get("required") == "true",
			typ: f.Type, goType: t, goName: f.Name,
		})
	}
	return fs
}

// pairs returns the fields of a mapping with merge keys (<<) applied and complains about repeated ones.
func (d *decoder) pairs(n *yaml.Node, path string) ([]pair, bool) {
	if n.Kind != yaml.MappingNode {
		d.errorAt(n, path, "is "+kindName(n)+", want a mapping of names to values", "")
		return nil, false
	}
	var own, merged []pair
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.ShortTag() == "!!merge" {
			merged = append(merged, d.mergePairs(v, path)...)
			continue
		}
		if k.Kind != yaml.ScalarNode {
			d.errorAt(k, path, "a name must be text", "")
			continue
		}
		if first := seen[k.Value]; first != nil {
			d.errorAt(k, join(path, k.Value), fmt.Sprintf("is there twice, first in line %d", first.Line), "remove one")
			continue
		}
		seen[k.Value] = k
		own = append(own, pair{k, v})
	}
	for _, p := range merged {
		if seen[p.key.Value] == nil {
			seen[p.key.Value] = p.key
			own = append(own, p)
		}
	}
	return own, true
}

func (d *decoder) mergePairs(v *yaml.Node, path string) []pair {
	target := resolve(v)
	if target.Kind == yaml.SequenceNode {
		var out []pair
		for _, item := range target.Content {
			if resolve(item).Kind == yaml.SequenceNode {
				d.errorAt(item, path, "<< takes mappings", "")
				continue
			}
			out = append(out, d.mergePairs(item, path)...)
		}
		return out
	}
	if d.open[target] {
		d.errorAt(v, path, "<< merges a mapping into itself", "")
		return nil
	}
	if d.nodes += len(target.Content); d.nodes > maxNodes {
		return nil
	}
	d.open[target] = true
	defer delete(d.open, target)
	ps, _ := d.pairs(target, path)
	return ps
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// structure decodes a mapping into a schema struct, refuses unknown fields and fills in defaults.
func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	ps, ok := d.pairs(n, path)
	if !ok {
		d.fill(v, path)
		return
	}
	if v.Type() == reflect.TypeFor[rawDetector]() {
		ps = d.onPreset(ps)
	}
	fields := schemaFields(v.Type())
	names := make([]string, len(fields))
	byName := make(map[string]field, len(fields))
	for i, f := range fields {
		names[i], byName[f.name] = f.name, f
	}
	for _, p := range ps {
		f, ok := byName[p.key.Value]
		if !ok {
			d.report(p.key, join(path, p.key.Value), "unknown field", didYouMean(p.key.Value, names))
			continue
		}
		d.value(p.value, v.FieldByIndex(f.index), join(path, f.name))
	}
	keepPairs(v, ps)
	d.defaults(n, v, path, fields)
}

// keepPairs hands the raw fields to v or to the inline structs in it that want them.
func keepPairs(v reflect.Value, ps []pair) {
	if k, ok := v.Addr().Interface().(pairKeeper); ok {
		k.keep(ps)
	}
	for i := range v.NumField() {
		in := v.Field(i).Addr()
		if !strings.HasSuffix(v.Type().Field(i).Tag.Get("yaml"), ",inline") || !in.CanInterface() {
			continue
		}
		if k, ok := in.Interface().(pairKeeper); ok {
			k.keep(ps)
		}
	}
}

// defaults sets the fields that are not there, null or wrong, and complains about required ones that are not there.
func (d *decoder) defaults(n *yaml.Node, v reflect.Value, path string, fields []field) {
	for _, f := range fields {
		at := join(path, f.name)
		p := d.pos[at]
		switch absent := p == nil || isNull(p); {
		case absent && f.required:
			d.errorAt(n, at, "is missing", d.missingHint(v, f))
		case absent || d.bad[at]:
			d.setDefault(v, f, at)
		}
	}
}

// missingHint tells a detector without an expression which preset's it may have meant.
func (d *decoder) missingHint(v reflect.Value, f field) string {
	raw, ok := v.Addr().Interface().(*rawDetector)
	if !ok || f.name != "expr" {
		return ""
	}
	if name := nearest(raw.Name, d.names); name != "" {
		return "did you mean the preset's detector " + quoted(name) + "?"
	}
	return ""
}

// fill sets all defaults of a value that is not there or wrong as a whole, so that no check stumbles over its zeros.
func (d *decoder) fill(v reflect.Value, path string) {
	if v.Kind() != reflect.Struct || implementsParser(v.Type()) {
		return
	}
	for _, f := range schemaFields(v.Type()) {
		d.setDefault(v, f, join(path, f.name))
	}
}

func (d *decoder) setDefault(v reflect.Value, f field, at string) {
	fv := v.FieldByIndex(f.index)
	if f.def == "" || f.def[0] == '=' {
		d.fill(fv, at)
		return
	}
	quiet := newDecoder("default")
	quiet.value(scalarNode(f.def), fv, at)
	if len(quiet.errs) > 0 {
		panic("configs: the default of " + at + " is wrong: " + quiet.errs.Error())
	}
}

func implementsParser(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[scalarParser]()) || p.Implements(reflect.TypeFor[nodeParser]())
}

func scalarNode(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }
