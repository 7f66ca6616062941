package configs

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"text/template"
)

var update = flag.Bool("update", false, "rewrite golden files and generated documents")

// golden compares got with a file, or writes it with -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s is out of date; run go test ./configs -update\ngot:\n%s", path, got)
	}
}

// comments holds the doc comments of the schema types: by "type" and "type.Field".
func comments(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				for _, spec := range g.Specs {
					collect(out, g, spec.(*ast.TypeSpec))
				}
			}
		}
	}
	return out
}

func collect(out map[string]string, g *ast.GenDecl, spec *ast.TypeSpec) {
	out[spec.Name.Name] = oneLine(g.Doc.Text())
	st, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range st.Fields.List {
		for _, name := range f.Names {
			out[spec.Name.Name+"."+name.Name] = oneLine(f.Doc.Text())
		}
	}
}

// schemaTypes lists the schema structs reachable from the file, each once, in the order in which the reference shows them.
func schemaTypes(t reflect.Type, seen map[reflect.Type]bool) []reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return nil
	}
	if _, scalar := typeDocs[t]; scalar {
		return nil
	}
	seen[t] = true
	out := []reflect.Type{t}
	for _, f := range schemaFields(t) {
		out = append(out, schemaTypes(f.typ, seen)...)
	}
	return out
}

// sectionNames are what a schema struct is called in the reference; the others are called after the first field that has them.
var sectionNames = map[string]string{
	"rawFile": "The file", "rawOAuth2": "oauth2", "rawTLS": "tls_config", "rawHeader": "http_headers.NAME", "rawSlack": "slack_configs[]",
	"rawLog": "log_configs[]", "rawWebhook": "webhook_configs[]", "rawAlertmanager": "alertmanager_configs[]", "rawSource": "sources[]", "rawDetector": "detectors[]", "rawReceiver": "receivers[]", "rawExclude": "exclude[]",
	"rawBasicAuth": "basic_auth", "rawHTTP": "http_config", "rawPreset": "presets[]", "rawRoute": "route",
	"rawNamedInterval": "time_intervals[]", "rawInterval": "time_intervals[].time_intervals[]", "rawClockRange": "times[]",
	"rawInhibit": "inhibit_rules[]", "rawMute": "mute_rules[]", "rawComposite": "composite_alarms[]",
}

func sectionName(t reflect.Type) string {
	if n, ok := sectionNames[t.Name()]; ok {
		return n
	}
	return strings.ToLower(strings.TrimPrefix(t.Name(), "raw"))
}

func fieldTables(t *testing.T) string {
	docs := comments(t)
	var b strings.Builder
	for _, typ := range schemaTypes(reflect.TypeFor[rawFile](), map[reflect.Type]bool{}) {
		text := docs[typ.Name()]
		text = strings.TrimPrefix(text, typ.Name()+" ")
		fmt.Fprintf(&b, "### %s\n\n", sectionName(typ))
		fmt.Fprintf(&b, "%s %s\n\n", subject(sectionName(typ)), text)
		b.WriteString("| field | value | default | |\n| --- | --- | --- | --- |\n")
		for _, f := range schemaFields(typ) {
			doc := docs[f.goType.Name()+"."+f.goName]
			if doc == "" {
				t.Errorf("%s.%s has no comment", f.goType.Name(), f.goName)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.name, cell(typeLabel(f.typ)), defaultLabel(f), cell(doc))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func subject(name string) string {
	if name == "The file" {
		return name
	}
	return "`" + name + "`"
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func defaultLabel(f field) string {
	switch {
	case f.required:
		return "required"
	case f.def == "":
		return ""
	case f.def[0] == '=' && !strings.Contains(f.def, " ") || f.def[0] != '=':
		return "`" + strings.TrimPrefix(f.def, "=") + "`"
	default:
		return f.def[1:]
	}
}

func presetTables() string {
	var b strings.Builder
	for _, p := range Presets() {
		fmt.Fprintf(&b, "**`%s`**: %s It needs `%s`.\n\n| detector | what it tells |\n| --- | --- |\n", p.Name, p.Doc, strings.Join(p.Requires, "`, `"))
		for _, d := range p.Detectors {
			fmt.Fprintf(&b, "| `%s` | %s |\n", d.Name, d.Summary)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestReferenceIsUpToDate(t *testing.T) {
	tmpl := template.Must(template.New("reference.md.tmpl").Funcs(template.FuncMap{
		"fields":  func() string { return fieldTables(t) },
		"presets": presetTables,
		"experience": func() (string, error) {
			b, err := os.ReadFile("testdata/experience.good.yml")
			return string(b), err
		},
		"modelfields": func() string {
			names := sortedKeys(fieldsOf(modelPart{Join: "by []", Agg: "avg"})) // they are left out where empty
			return "`" + strings.Join(names, "`, `") + "`"
		},
	}).ParseFiles("testdata/reference.md.tmpl"))
	var out bytes.Buffer
	if err := tmpl.Execute(&out, nil); err != nil {
		t.Fatal(err)
	}
	golden(t, "../docs/configuration.md", out.Bytes())
}

// TestReferenceSnippets loads every YAML block of the reference; those without a source get one.
func TestReferenceSnippets(t *testing.T) {
	page, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	snippets := strings.Split(string(page), "```yaml\n")[1:]
	if len(snippets) < 6 {
		t.Fatalf("only %d YAML blocks", len(snippets))
	}
	for i, s := range snippets {
		text, _, _ := strings.Cut(s, "```")
		if !strings.Contains(text, "sources:") {
			text += "sources: [{name: main, url: \"http://localhost:9090/api/v1/read\"}]\n"
		}
		if !strings.Contains(text, "detectors:") && !strings.Contains(text, "presets:") {
			text += "presets: [self]\n"
		}
		if _, err := Parse(fmt.Sprintf("block %d", i+1), []byte(text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}
