package tidewatch_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/tidewatch/tidewatch/configs"
	"go.yaml.in/yaml/v3"
)

// walkFiles calls each for every file of the repository whose name ends with one of the endings.
func walkFiles(t *testing.T, each func(path, text string), endings ...string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == "bin" || d.Name() == "data"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		for _, e := range endings {
			if strings.HasSuffix(path, e) {
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				n++
				each(filepath.ToSlash(path), string(b))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Fatalf("no file ends with %v", endings)
	}
}

var (
	fence    = regexp.MustCompile("(?s)```.*?\n *```")
	link     = regexp.MustCompile(`\]\(<?([^()\s>]+)>?\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	linkText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// anchors are the fragments that GitHub gives the headings of a page.
func anchors(page string) map[string]bool {
	m := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		var b strings.Builder
		for _, r := range strings.ToLower(linkText.ReplaceAllString(h[1], "$1")) {
			switch {
			case r == ' ':
				b.WriteByte('-')
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				b.WriteRune(r)
			}
		}
		m[b.String()] = true
	}
	return m
}

// TestLinks follows every relative link of every page, its fragment included.
func TestLinks(t *testing.T) {
	walkFiles(t, func(path, text string) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			name, fragment, _ := strings.Cut(m[1], "#")
			target := path
			if name != "" {
				target = filepath.Join(filepath.Dir(path), name)
			}
			b, err := os.ReadFile(target)
			if info, e := os.Stat(target); e == nil && info.IsDir() {
				err = nil
			}
			switch {
			case err != nil:
				t.Errorf("%s: the link %s leads nowhere", path, m[1])
			case fragment != "" && strings.HasSuffix(target, ".md") && !anchors(string(b))[fragment]:
				t.Errorf("%s: %s has no heading for the link %s", path, target, m[1])
			}
		}
	}, ".md")
}

var (
	yamlBlock = regexp.MustCompile("(?s)```ya?ml\n(.*?\n)```")
	jsonBlock = regexp.MustCompile("(?s)```json\n(.*?\n)```")
)

// TestSnippets loads every YAML block of the documentation as a configuration, and every JSON block as JSON.
func TestSnippets(t *testing.T) {
	n := 0
	walkFiles(t, func(path, text string) {
		if strings.HasPrefix(path, "docs/decisions/") {
			return // they may show what was not chosen
		}
		for _, m := range jsonBlock.FindAllStringSubmatch(text, -1) {
			if !json.Valid([]byte(m[1])) {
				t.Errorf("%s: this is not JSON:\n%s", path, m[1])
			}
		}
		for _, m := range yamlBlock.FindAllStringSubmatch(text, -1) {
			var doc map[string]any
			if err := yaml.Unmarshal([]byte(m[1]), &doc); err != nil {
				t.Errorf("%s: %v in\n%s", path, err, m[1])
				continue
			}
			n++
			if err := loadsAsConfig(m[1], doc); err != nil {
				t.Errorf("%s: %v\nin\n%s", path, err, m[1])
			}
		}
	}, ".md")
	if n == 0 {
		t.Error("no snippet was found")
	}
}

// loadsAsConfig loads text; a part of a configuration, or of a detector, together with what it lacks.
func loadsAsConfig(text string, doc map[string]any) error {
	if doc["scrape_configs"] != nil || doc["rule_files"] != nil {
		return nil // Prometheus's
	}
	if doc["sources"] == nil {
		b, err := yaml.Marshal(completed(doc))
		if err != nil {
			return err
		}
		text = string(b)
	}
	_, err := configs.Parse("snippet.yml", []byte(text))
	return err
}

func completed(doc map[string]any) map[string]any {
	out := map[string]any{"sources": []any{map[string]any{"name": "main", "url": "http://localhost:9090/api/v1/read"}}}
	detector := map[string]any{"name": "Up", "expr": "avg by (job) (up)"}
	for k, v := range doc {
		switch k {
		case "global", "storage", "presets", "detector_files", "detectors", "route", "receivers", "events", "export", "time_intervals",
			"inhibit_rules", "mute_rules", "composite_alarms", "watchdog", "report":
			out[k] = v
		default:
			detector[k] = v
		}
	}
	if out["detectors"] == nil {
		out["detectors"] = []any{detector}
	}
	if rs, ok := out["receivers"].([]any); ok && out["route"] == nil && len(rs) > 0 {
		if r, ok := rs[0].(map[string]any); ok {
			out["route"] = map[string]any{"receiver": r["name"]}
		}
	}
	return out
}
