package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
)

// files is how a configuration reaches the files that it names.
type files struct {
	read func(path string) ([]byte, error)
	glob func(pattern string) ([]string, error)
}

var realFiles = files{read: os.ReadFile, glob: filepath.Glob}

// Parse reads a configuration; name is the file's, for error messages and as the place that relative paths start from. The
// error is Errors, all mistakes at once.
func Parse(name string, data []byte) (*Config, error) {
	return parse(name, data, realFiles)
}

func parse(name string, data []byte, fs files) (*Config, error) {
	text := sha256.New()
	text.Write(data)
	read := fs.read
	fs.read = func(path string) ([]byte, error) {
		b, err := read(path)
		text.Write(append([]byte{0}, b...))
		return b, err
	}
	b := &builder{files: fs, dir: filepath.Dir(name), main: newDecoder(name)}
	root, syntax := parseYAML(data)
	if syntax != nil {
		syntax.File = name
		return nil, Errors{*syntax}
	}
	if root == nil {
		return nil, Errors{{File: name, Line: 1, Column: 1, Problem: "the file is empty", Hint: "it needs at least sources with a name and a url"}}
	}
	var raw rawFile
	b.bases = presetBases(root)
	b.main.base, b.main.names = b.base, sortedKeys(b.bases)
	b.main.value(root, reflectElem(&raw), "")
	cfg := b.config(raw)
	if errs := b.errors(); len(errs) > 0 {
		return nil, errs
	}
	cfg.SHA256 = hex.EncodeToString(text.Sum(nil))
	return cfg, nil
}

// builder holds what the parts of one configuration share while it is checked.
type builder struct {
	files   files
	dir     string
	main    *decoder
	others  []*decoder                // of the detector files and presets
	bases   map[string]presetDetector // of the presets in use, by the detector's name
	cfg     *Config
	sources []string
}

func (b *builder) errors() Errors {
	errs := b.main.errs.sorted()
	for _, d := range b.others {
		errs = append(errs, d.errs.sorted()...)
	}
	return errs
}

func (b *builder) config(raw rawFile) *Config {
	top := scope{b.main, ""}
	b.cfg = &Config{}
	b.cfg.Global = global(top.at("global"), raw.Global)
	b.cfg.Storage = storage(top.at("storage"), raw.Storage)
	b.sourceList(top, raw.Sources)
	b.detectors(top, raw)
	b.composites(top.at("composite_alarms"), raw.Composites)
	b.cfg.Global.Visible = b.visible(top.at("global").at("visible_labels"), raw.Global.VisibleLabels)
	b.receivers(top.at("receivers"), raw.Receivers)
	b.hiding(top, raw)
	b.route(top, raw)
	b.cfg.Watchdog = b.watchdog(top.at("watchdog"), raw.Watchdog)
	b.cfg.Report = b.report(top.at("report"), raw.Report)
	b.cfg.Export = export(top.at("export"), raw.Export)
	b.cfg.Events = events(top.at("events"), raw.Events)
	return b.cfg
}

func (b *builder) detectors(top scope, raw rawFile) {
	b.presets(top.at("presets"), raw.Presets)
	list := b.detectorScopes(top.at("detectors"), raw.Detectors)
	for i, pattern := range raw.DetectorFiles {
		list = append(list, b.detectorFiles(top.at("detector_files").index(i), pattern)...)
	}
	list = append(list, b.presetScopes(list)...)
	seen := map[string]bool{}
	for _, it := range list {
		det := b.detector(it.scope, it.raw, seen)
		if it.raw.Enabled {
			b.cfg.Detectors = append(b.cfg.Detectors, det)
		}
	}
	if len(list) == 0 && len(b.errors()) == 0 {
		top.wrong("there are no detectors", "write detectors, detector_files or presets: [self]")
	}
}

// scoped is a raw detector and where it stands.
type scoped struct {
	scope scope
	raw   rawDetector
}

func (b *builder) detectorScopes(s scope, raws []rawDetector) []scoped {
	out := make([]scoped, len(raws))
	for i, r := range raws {
		out[i] = scoped{s.index(i), r}
	}
	return out
}

// detectorFiles reads what one entry of detector_files matches, in alphabetical order.
func (b *builder) detectorFiles(s scope, pattern string) []scoped {
	path := pattern
	if !filepath.IsAbs(path) {
		path = filepath.Join(b.dir, path)
	}
	names, err := b.files.glob(path)
	if err != nil {
		s.wrong(fmt.Sprintf("%q is not a glob", pattern), err.Error())
		return nil
	}
	if len(names) == 0 && !hasMeta(pattern) {
		s.wrong("there is no file "+path, "")
	}
	slices.Sort(names)
	var out []scoped
	for _, name := range names {
		if slices.Contains(b.cfg.DetectorFiles, name) {
			continue // matched by two globs
		}
		b.cfg.DetectorFiles = append(b.cfg.DetectorFiles, name)
		out = append(out, b.detectorFile(s, name)...)
	}
	return out
}

func hasMeta(pattern string) bool {
	return slices.ContainsFunc([]rune(pattern), func(r rune) bool { return r == '*' || r == '?' || r == '[' })
}

func (b *builder) detectorFile(s scope, name string) []scoped {
	data, err := b.files.read(name)
	if err != nil {
		s.wrong("cannot be read", err.Error())
		return nil
	}
	d := newDecoder(name)
	d.base, d.names = b.base, b.main.names
	b.others = append(b.others, d)
	root, syntax := parseYAML(data)
	if syntax != nil {
		syntax.File = name
		d.errs = append(d.errs, *syntax)
		return nil
	}
	if root == nil {
		return nil // an empty file has no detectors
	}
	var raw rawDetectorFile
	d.value(root, reflect.ValueOf(&raw).Elem(), "")
	return b.detectorScopes(scope{d, "detectors"}, raw.Detectors)
}
