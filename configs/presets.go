package configs

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed presets/*.yml
var presetFiles embed.FS

// Preset is a ready-made set of detectors.
type Preset struct {
	Name string
	Doc  string // one sentence
	// Requires are the metrics without which the preset says nothing. `tidewatch init` offers a preset whose source has at least
	// one series of each.
	Requires  []string
	Detectors []PresetDetector
}

// PresetDetector is a detector of a preset, as the file writes it.
type PresetDetector struct {
	Name, Expr, Summary string
}

// rawPresetFile is an embedded file of presets/.
type rawPresetFile struct {
	// One sentence.
	Doc string `yaml:"doc" required:"true"`
	// Metrics without which the preset says nothing.
	Requires []string `yaml:"requires" required:"true"`
	// The detectors.
	Detectors []rawDetector `yaml:"detectors" required:"true"`
}

// presetSource is a decoded preset and the nodes of its detectors.
type presetSource struct {
	Preset
	nodes []*yaml.Node
}

// presets are the embedded presets in alphabetical order. They are part of the program: a wrong one panics, and a test loads all.
var presets = sync.OnceValue(func() []presetSource {
	names, err := fs.Glob(presetFiles, "presets/*.yml")
	if err != nil {
		panic(err)
	}
	out := make([]presetSource, len(names))
	for i, name := range names {
		data, err := presetFiles.ReadFile(name)
		if err != nil {
			panic(err)
		}
		out[i] = decodePreset(strings.TrimSuffix(path.Base(name), ".yml"), data)
	}
	return out
})

func decodePreset(name string, data []byte) presetSource {
	d := newDecoder("preset " + name)
	root, syntax := parseYAML(data)
	if syntax != nil {
		panic(fmt.Sprintf("preset %s: %v", name, syntax))
	}
	var raw rawPresetFile
	d.value(root, reflectElem(&raw), "")
	if len(d.errs) > 0 {
		panic(d.errs.Error())
	}
	p := presetSource{Preset: Preset{Name: name, Doc: raw.Doc, Requires: raw.Requires}}
	for i, det := range raw.Detectors {
		p.Detectors = append(p.Detectors, PresetDetector{det.Name, det.Expr, det.Annotations["summary"]})
		p.nodes = append(p.nodes, d.pos[scope{d, "detectors"}.index(i).path])
	}
	return p
}

// Presets lists the presets in alphabetical order.
func Presets() []Preset {
	var out []Preset
	for _, p := range presets() {
		out = append(out, p.Preset)
	}
	return out
}

func presetNames() []string {
	var names []string
	for _, p := range presets() {
		names = append(names, p.Name)
	}
	return names
}

func findPreset(name string) (presetSource, bool) {
	ps := presets()
	i := slices.IndexFunc(ps, func(p presetSource) bool { return p.Name == name })
	if i < 0 {
		return presetSource{}, false
	}
	return ps[i], true
}
