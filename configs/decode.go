package configs

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxNodes bounds the work on a file whose anchors multiply each other ("billion laughs").
const maxNodes = 200_000

// decoder turns YAML nodes into the schema structs and remembers where each field stood. It goes on after a mistake.
type decoder struct {
	file  string
	errs  Errors
	pos   map[string]*yaml.Node // by path: the value's node
	bad   map[string]bool       // paths whose value could not be decoded
	nodes int
	// open holds the anchors being followed, so that one that contains itself ends.
	open map[*yaml.Node]bool
	// base gives the preset's detector that a detector of that name builds on, nil for none.
	base func(name string) *yaml.Node
	// names are those of the presets' detectors, for hints.
	names []string
}

func newDecoder(file string) *decoder {
	return &decoder{file: file, pos: map[string]*yaml.Node{}, bad: map[string]bool{}, open: map[*yaml.Node]bool{}}
}

// scalarParser is a schema type that is written as one scalar.
type scalarParser interface{ parse(s string) error }

// nodeParser is a schema type with several ways of writing it.
type nodeParser interface {
	decode(d *decoder, n *yaml.Node, path string)
}

// pairKeeper is a schema struct that wants its raw fields as well.
type pairKeeper interface{ keep(ps []pair) }

// errorAt records that the value at a path cannot be used; what is checked later about it or below it would only repeat that.
func (d *decoder) errorAt(n *yaml.Node, path, problem, hint string) {
	d.bad[path] = true
	d.report(n, path, problem, hint)
}

// report records a mistake at a node; a node without a place has that of the nearest field above it.
func (d *decoder) report(n *yaml.Node, path, problem, hint string) {
	for at := path; (n == nil || n.Line == 0) && at != ""; {
		at = parentPath(at)
		n = d.pos[at]
	}
	e := Error{File: d.file, Field: path, Problem: problem, Hint: hint}
	if n != nil {
		e.Line, e.Column = n.Line, n.Column
	}
	d.errs = append(d.errs, e)
}

func parentPath(p string) string {
	if i := strings.LastIndexAny(p, ".["); i >= 0 {
		return p[:i]
	}
	return ""
}

// value decodes n into v, which is settable.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	if d.nodes++; d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.errorAt(n, path, fmt.Sprintf("more than %d values", maxNodes), "anchors that refer to anchors multiply; a file as long as that is better split into detector_files")
		}
		return
	}
	if n.Kind == yaml.AliasNode {
		if d.open[n.Alias] {
			d.errorAt(n, path, fmt.Sprintf("the anchor %q contains itself", n.Value), "")
			return
		}
		d.open[n.Alias] = true
		d.value(n.Alias, v, path)
		delete(d.open, n.Alias)
		return
	}
	d.pos[path] = n
	if isNull(n) {
		return // as if the field were not there
	}
	switch p := v.Addr().Interface().(type) {
	case nodeParser:
		p.decode(d, n, path)
		return
	case scalarParser:
		d.scalar(n, p, path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Map:
		d.stringMap(n, v, path)
	default:
		d.basic(n, v, path)
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func (d *decoder) scalar(n *yaml.Node, p scalarParser, path string) {
	if n.Kind != yaml.ScalarNode {
		d.errorAt(n, path, "is "+kindName(n)+", want a single value", "")
		return
	}
	if err := p.parse(n.Value); err != nil {
		d.errorAt(n, path, fmt.Sprintf("%q is wrong", n.Value), err.Error())
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		hint := ""
		if n.Kind == yaml.ScalarNode && v.Type().Elem() != reflect.TypeFor[Secret]() {
			hint = "write [" + n.Value + "]"
		}
		d.errorAt(n, path, "is "+kindName(n)+", want a list", hint)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		at := path + "[" + strconv.Itoa(i) + "]"
		if isNull(resolve(item)) {
			d.errorAt(item, at, "is empty", "remove the line, or give it a value")
			d.fill(v.Index(i), at)
			continue
		}
		d.value(item, v.Index(i), at)
	}
}

// resolve follows an alias once: yaml never lets an alias point at another.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func (d *decoder) stringMap(n *yaml.Node, v reflect.Value, path string) {
	ps, ok := d.pairs(n, path)
	if !ok {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, p := range ps {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(p.value, item, path+"."+p.key.Value)
		v.SetMapIndex(reflect.ValueOf(p.key.Value).Convert(v.Type().Key()), item)
	}
}

func (d *decoder) basic(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.errorAt(n, path, "is "+kindName(n)+", want "+basicName(v.Kind()), "")
		return
	}
	var ok bool
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value)
		ok = true
	case reflect.Bool:
		var b bool
		ok = n.Decode(&b) == nil
		v.SetBool(b)
	case reflect.Int:
		var i int
		ok = n.ShortTag() == "!!int" && n.Decode(&i) == nil
		v.SetInt(int64(i))
	case reflect.Float64:
		var f float64
		ok = n.Decode(&f) == nil
		v.SetFloat(f)
	default:
		panic("configs: schema type " + v.Type().String() + " is not supported")
	}
	if !ok {
		d.errorAt(n, path, fmt.Sprintf("%q is not %s", n.Value, basicName(v.Kind())), "")
	}
}

func basicName(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	default:
		return "text"
	}
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	default:
		return "a single value"
	}
}
