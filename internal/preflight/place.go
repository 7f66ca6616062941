package preflight

import (
	"fmt"
	"os"
	"strings"

	"github.com/tidewatch/tidewatch/configs"
	"go.yaml.in/yaml/v3"
)

// places finds where a configuration's detectors stand in its files.
type places map[string]place

// place is where a detector's expression begins, or where the detector does if a preset gives its expression.
type place struct {
	file       string
	line, col  int
	style      yaml.Style
	expression bool
	text       string // the expression, where it stands there
}

// locate reads the files again; what cannot be found has no place, and is then named by its detector alone.
func locate(file string, cfg *configs.Config) places {
	p := places{}
	for _, name := range append([]string{file}, cfg.DetectorFiles...) {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		var doc struct {
			Presets   []yaml.Node `yaml:"presets"`
			Detectors []yaml.Node `yaml:"detectors"`
		}
		if yaml.Unmarshal(data, &doc) != nil {
			continue
		}
		for i := range doc.Detectors {
			p.detector(name, &doc.Detectors[i])
		}
		for i := range doc.Presets {
			p.preset(name, &doc.Presets[i], cfg)
		}
	}
	return p
}

func (p places) detector(file string, n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	name, expr := field(n, "name"), field(n, "expr")
	switch {
	case name == nil:
	case expr != nil:
		p[name.Value] = place{file, expr.Line, expr.Column, expr.Style, true, expr.Value}
	default:
		p[name.Value] = place{file: file, line: name.Line, col: name.Column}
	}
}

func (p places) preset(file string, n *yaml.Node, cfg *configs.Config) {
	name := n.Value
	if f := field(n, "name"); f != nil {
		name = f.Value
	}
	for _, d := range cfg.Detectors {
		if _, own := p[d.Name]; d.Preset == name && !own {
			p[d.Name] = place{file: file, line: n.Line, col: n.Column}
		}
	}
}

func field(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			if v := n.Content[i+1]; v.Kind == yaml.ScalarNode {
				return v
			}
		}
	}
	return nil
}

// at is "file:line:column" of a byte offset in a detector's expression; where the expression spans lines or comes from a
// preset, the nearest that can be told. "" is not known.
func (p places) at(detector string, offset int) string {
	at, ok := p[detector]
	if !ok {
		return ""
	}
	line, col := at.line, at.col
	switch {
	case !at.expression || offset > len(at.text):
	case at.style&yaml.LiteralStyle != 0:
		line += 1 + strings.Count(at.text[:offset], "\n")
		col = 1
	case at.style&yaml.FoldedStyle != 0:
		line, col = line+1, 1
	case at.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		col += 1 + offset
	case !strings.Contains(at.text, "\n"):
		col += offset
	}
	return fmt.Sprintf("%s:%d:%d", at.file, line, col)
}
