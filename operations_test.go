package tidewatch_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/configs"
	"go.yaml.in/yaml/v3"
)

var metricName = regexp.MustCompile(`^tidewatch_[a-z0-9_]+$`)

// metricsInCode are the names of Tidewatch's own metrics: every literal of that form outside of tests, and those that
// internal/app puts together from a prefix in its functions counter and gauge. Histograms are there with their suffixes too.
func metricsInCode(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{"tidewatch_build_info": true} // made by client_golang's version collector
	add := func(lit ast.Expr, prefix string) {
		if l, ok := lit.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if s, err := strconv.Unquote(l.Value); err == nil && metricName.MatchString(prefix+s) && !slices.Contains(notMetrics, prefix+s) {
				names[prefix+s] = true
			}
		}
	}
	walkFiles(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "peertest/") || strings.HasPrefix(path, "tools/") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				add(n, "")
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && path == "internal/app/metrics.go" && (id.Name == "counter" || id.Name == "gauge") {
					add(n.Args[0], "tidewatch_")
				}
			}
			return true
		})
	}, ".go")
	return names
}

// isMetric knows a histogram's series as well.
func isMetric(names map[string]bool, name string) bool {
	if names[name] {
		return true
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, ok := strings.CutSuffix(name, suffix); ok && names[base] && strings.HasSuffix(base, "_seconds") {
			return true
		}
	}
	return false
}

// notMetrics are words of the documentation that begin like a metric.
var notMetrics = []string{"tidewatch_notice", "tidewatch_state", "tidewatch_reason"}

// TestMetricsExist looks up every metric that rules, presets, dashboards and pages name, and docs/operations.md must list all
// that there are.
func TestMetricsExist(t *testing.T) {
	names := metricsInCode(t)
	if len(names) < 25 {
		t.Fatalf("only %d metrics found in the code", len(names))
	}
	word := regexp.MustCompile(`\btidewatch_[a-z0-9_]+[a-z0-9]\b`)
	walkFiles(t, func(path, text string) {
		for _, name := range word.FindAllString(text, -1) {
			if !isMetric(names, name) && !slices.Contains(notMetrics, name) {
				t.Errorf("%s names %s, which is no metric of the code", path, name)
			}
		}
	}, ".md", ".yml", ".yaml")
	page, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range names {
		if !bytes.Contains(page, []byte("| `"+name+"`")) {
			t.Errorf("docs/operations.md does not list %s", name)
		}
	}
}

type ruleFile struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr, For    string
			Labels, Annotations map[string]string
		}
	}
}

// TestAlerts holds each alert to its runbook page, its unit test and the words that every alert has.
func TestAlerts(t *testing.T) {
	b, err := os.ReadFile("configs/rules/tidewatch.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var f ruleFile
	if err := yaml.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("configs/rules/tidewatch.test.yml")
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile("docs/runbooks/README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]bool{"README.md": true}
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			page := r.Alert + ".md"
			pages[page] = true
			if _, err := os.Stat(filepath.Join("docs", "runbooks", page)); err != nil {
				t.Errorf("%s has no page: %v", r.Alert, err)
			}
			if want := "https://github.com/tidewatch/tidewatch/blob/main/docs/runbooks/" + page; r.Annotations["runbook_url"] != want {
				t.Errorf("%s: runbook_url is %q, want %q", r.Alert, r.Annotations["runbook_url"], want)
			}
			if s := r.Labels["severity"]; s != "page" && s != "ticket" {
				t.Errorf("%s: severity %q", r.Alert, s)
			}
			if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s lacks a summary or a description", r.Alert)
			}
			if !bytes.Contains(index, []byte("["+r.Alert+"]")) {
				t.Errorf("docs/runbooks/README.md does not list %s", r.Alert)
			}
			if !bytes.Contains(tests, []byte("- alertname: "+r.Alert+"\n")) {
				t.Errorf("no unit test sees %s fire", r.Alert)
			}
		}
	}
	files, err := filepath.Glob("docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !pages[filepath.Base(file)] {
			t.Errorf("%s is the page of no alert", file)
		}
	}
}

// TestKubernetes reads the manifest and checks what it promises: one replica that owns its volume, no root, a read-only root
// file system, a heap limit below the container's, and a configuration that loads.
func TestKubernetes(t *testing.T) {
	docs := documents(t, "configs/deploy/kubernetes.yaml")
	var cfg, set map[string]any
	for _, d := range docs {
		switch d["kind"] {
		case "ConfigMap":
			cfg = d
		case "StatefulSet":
			set = d
		}
		if at(d, "apiVersion") == nil || at(d, "metadata", "name") != "tidewatch" {
			t.Errorf("a document without apiVersion or with another name: %v", d["metadata"])
		}
	}
	text, _ := at(cfg, "data", "tidewatch.yml").(string)
	if _, err := configs.Parse("tidewatch.yml", []byte(text)); err != nil {
		t.Errorf("the ConfigMap's configuration: %v", err)
	}
	for _, c := range []struct {
		path []any
		want any
	}{
		{[]any{"spec", "replicas"}, 1},
		{[]any{"spec", "template", "spec", "automountServiceAccountToken"}, false},
		{[]any{"spec", "template", "spec", "securityContext", "runAsNonRoot"}, true},
		{[]any{"spec", "template", "spec", "securityContext", "seccompProfile", "type"}, "RuntimeDefault"},
		{[]any{"spec", "template", "spec", "containers", 0, "securityContext", "readOnlyRootFilesystem"}, true},
		{[]any{"spec", "template", "spec", "containers", 0, "securityContext", "allowPrivilegeEscalation"}, false},
		{[]any{"spec", "template", "spec", "containers", 0, "securityContext", "capabilities", "drop", 0}, "ALL"},
		{[]any{"spec", "template", "spec", "containers", 0, "livenessProbe", "httpGet", "path"}, "/-/healthy"},
		{[]any{"spec", "template", "spec", "containers", 0, "readinessProbe", "httpGet", "path"}, "/-/ready"},
		{[]any{"spec", "template", "spec", "containers", 0, "env", 0, "name"}, "GOMEMLIMIT"},
		{[]any{"spec", "template", "spec", "containers", 0, "env", 0, "value"}, "900MiB"},
		{[]any{"spec", "template", "spec", "containers", 0, "resources", "limits", "memory"}, "1Gi"},
		{[]any{"spec", "volumeClaimTemplates", 0, "metadata", "name"}, "state"},
		{[]any{"spec", "volumeClaimTemplates", 0, "spec", "accessModes", 0}, "ReadWriteOnce"},
	} {
		if got := at(set, c.path...); got != c.want {
			t.Errorf("StatefulSet: %v is %v, want %v", c.path, got, c.want)
		}
	}
	volumes := map[any]bool{"state": true}
	vs, _ := at(set, "spec", "template", "spec", "volumes").([]any)
	for _, v := range vs {
		volumes[at(v, "name")] = true
	}
	ms, _ := at(set, "spec", "template", "spec", "containers", 0, "volumeMounts").([]any)
	for _, m := range ms {
		if !volumes[at(m, "name")] {
			t.Errorf("volume %v is mounted and not there", at(m, "name"))
		}
	}
}

// documents reads a file of several YAML documents.
func documents(t *testing.T, path string) []map[string]any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for dec := yaml.NewDecoder(bytes.NewReader(b)); ; {
		var d map[string]any
		switch err := dec.Decode(&d); {
		case errors.Is(err, io.EOF):
			return out
		case err != nil:
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, d)
	}
}

// at is what lies under the keys and indices of path, nil if there is nothing.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// TestDeploymentFlags holds the flags in Dockerfile, unit and manifest against those of the command.
func TestDeploymentFlags(t *testing.T) {
	code, err := os.ReadFile("cmd/tidewatch/serve.go")
	if err != nil {
		t.Fatal(err)
	}
	flag := regexp.MustCompile(`--([a-z][a-z.-]+)=(?:/etc/tidewatch|/var/lib/tidewatch)`)
	for _, path := range []string{"Dockerfile", "configs/deploy/tidewatch.service", "configs/deploy/kubernetes.yaml"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := flag.FindAllSubmatch(b, -1)
		if len(found) != 2 {
			t.Errorf("%s: %d flags, want --config.file and --storage.path", path, len(found))
		}
		for _, m := range found {
			if !bytes.Contains(code, []byte(`Flag("`+string(m[1])+`"`)) {
				t.Errorf("%s: serve has no flag --%s", path, m[1])
			}
		}
	}
}
