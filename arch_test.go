package tidewatch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tidewatch/tidewatch"

// mayImport is the house's plan: which of our packages a package may use. A folder below an entry follows the entry.
var mayImport = map[string][]string{
	".":                    {},
	"ingest":               {".", "ingest/eval", "internal/retryafter"},
	"ingest/eval":          {},
	"models":               {"."},
	"alerting":             {"."},
	"alerting/notify":      {".", "alerting", "internal/retryafter"},
	"alerting/notifytest":  {".", "alerting"},
	"configs":              {".", "ingest", "models", "alerting"},
	"internal/quality":     {"."},
	"internal/events":      {".", "alerting"},
	"internal/engine":      {".", "models", "alerting", "internal/quality"},
	"internal/store":       {".", "alerting"},
	"internal/outbox":      {".", "alerting", "internal/store"},
	"internal/api":         {".", "alerting"},
	"internal/web":         {".", "alerting", "internal/api"},
	"internal/slackapp":    {".", "alerting", "alerting/notify", "internal/api"},
	"internal/slackfake":   {},
	"internal/retryafter":  {},
	"internal/smalldisk":   {},
	"internal/jsonschema":  {},
	"internal/readserver":  {},
	"internal/simfleet":    {".", "ingest", "internal/readserver"},
	"internal/integration": {"*"},
	"internal/app":         {"*"},
	"internal/demo":        {"*"},
	"internal/preflight":   {"*"},
	"bench":                {".", "configs", "ingest", "models", "alerting", "internal/engine", "internal/quality", "bench/baseline", "bench/corpus", "bench/marks", "bench/measure"},
	"bench/load":           {"*"},
	"cmd/tidewatch":        {"*"},
}

// nobodyImports are the ends of the flow.
var nobodyImports = []string{"cmd/tidewatch", "bench", "internal/app"}

// timeless packages take time as an argument; no clock, and no randomness without a seed.
var timeless = []string{".", "models", "alerting", "internal/engine", "internal/quality", "internal/events"}

var clocks = []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "NewTicker", "NewTimer", "Tick"}

func TestArchitecture(t *testing.T) {
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); name != "." && (strings.HasPrefix(n, ".") || n == "testdata" || n == "node_modules") {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != "." {
				return fs.SkipDir // a module of its own
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			check(t, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, file string) {
	pkg := path.Dir(file)
	allowed, ok := plan(pkg)
	if !ok {
		t.Errorf("%s: package %s is not in the plan of arch_test.go", file, pkg)
		return
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Error(err)
		return
	}
	for _, im := range f.Imports {
		p, _ := strconv.Unquote(im.Path.Value)
		if slices.Contains(timeless, pkg) && (p == "math/rand" || p == "math/rand/v2") {
			t.Errorf("%s: imports %s; randomness is seeded and counter-based there", file, p)
		}
		ours, ok := strings.CutPrefix(p+"/", module+"/")
		if !ok {
			continue
		}
		to := path.Clean("./" + ours)
		if slices.Contains(nobodyImports, to) && pkg != "cmd/tidewatch" && !slices.Contains(allowed, "*") {
			t.Errorf("%s: nobody imports %s", file, to)
		}
		if to != pkg && !slices.Contains(allowed, "*") && !slices.Contains(allowed, to) && !strings.HasPrefix(pkg+"/", to+"/") {
			t.Errorf("%s: %s may not import %s, only %v", file, pkg, to, allowed)
		}
	}
	if !slices.Contains(timeless, pkg) {
		return
	}
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clocks, s.Sel.Name) {
			t.Errorf("%s: uses time.%s; time is an argument there", file, s.Sel.Name)
		}
		return true
	})
}

func plan(pkg string) ([]string, bool) {
	for p := pkg; ; p = path.Dir(p) {
		if a, ok := mayImport[p]; ok && (p != "." || pkg == ".") {
			return a, true
		}
		if p == "." {
			return nil, false
		}
	}
}
