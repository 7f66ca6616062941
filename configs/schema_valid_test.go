package configs

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/models"
	"go.yaml.in/yaml/v3"
)

// validator knows as much of JSON schema draft 7 as our schema uses and refuses to judge by anything else.
type validator struct{ defs obj }

func (v validator) check(schema obj, x any, path string) error {
	for key, want := range schema {
		if err := v.keyword(schema, key, want, x, path); err != nil {
			return err
		}
	}
	return nil
}

func (v validator) keyword(schema obj, key string, want, x any, path string) error {
	switch key {
	case "$schema", "title", "description", "definitions", "properties":
		return nil
	case "$ref":
		name := strings.TrimPrefix(want.(string), "#/definitions/")
		return v.check(v.defs[name].(obj), x, path)
	case "allOf":
		for _, s := range want.([]any) {
			if err := v.check(s.(obj), x, path); err != nil {
				return err
			}
		}
		return nil
	case "oneOf":
		var reasons []string
		for _, s := range want.([]any) {
			if err := v.check(s.(obj), x, path); err != nil {
				reasons = append(reasons, err.Error())
			}
		}
		return fail(len(reasons) == len(want.([]any))-1, path, "matches not exactly one: "+strings.Join(reasons, " | "))
	case "enum":
		return fail(slices.Contains(want.([]any), x), path, fmt.Sprint(x, " is none of ", want))
	case "type":
		return fail(isType(want, x), path, fmt.Sprintf("%v is not a %v", x, want))
	case "pattern":
		s, ok := x.(string)
		return fail(!ok || regexp.MustCompile(want.(string)).MatchString(s), path, fmt.Sprint(x, " does not match ", want))
	case "minimum":
		f, ok := x.(float64)
		return fail(!ok || f >= want.(float64), path, fmt.Sprint(x, " is under ", want))
	case "minItems", "maxItems":
		l, ok := x.([]any)
		return fail(!ok || len(l) == int(want.(float64)), path, "wrong length") // both are 2 wherever they stand
	case "items":
		for i, item := range list(x) {
			if err := v.check(want.(obj), item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		return nil
	case "required":
		m, ok := x.(obj)
		for _, name := range want.([]any) {
			if _, there := m[name.(string)]; ok && !there {
				return fail(false, path, fmt.Sprint(name, " is missing"))
			}
		}
		return nil
	case "additionalProperties":
		return v.properties(schema, want, x, path)
	default:
		return fmt.Errorf("the validator does not know %q", key)
	}
}

func (v validator) properties(schema obj, rest, x any, path string) error {
	m, _ := x.(obj)
	props, _ := schema["properties"].(obj)
	for name, value := range m {
		sub, known := props[name].(obj)
		if !known {
			if sub, known = rest.(obj); !known {
				return fail(false, path, "unknown field "+name)
			}
		}
		if err := v.check(sub, value, join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func list(x any) []any {
	l, _ := x.([]any)
	return l
}

func fail(ok bool, path, why string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s: %s", path, why)
}

func isType(want, x any) bool {
	if names, ok := want.([]any); ok {
		return slices.ContainsFunc(names, func(n any) bool { return isType(n, x) })
	}
	switch x := x.(type) {
	case nil:
		return want == "null"
	case string:
		return want == "string"
	case bool:
		return want == "boolean"
	case float64:
		return want == "number" || want == "integer" && x == math.Trunc(x)
	case []any:
		return want == "array"
	case obj:
		return want == "object"
	default:
		return false
	}
}

func readYAML(t *testing.T, path string) any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var n yaml.Node
	if err := yaml.Unmarshal(b, &n); err != nil {
		t.Fatal(err)
	}
	untime(&n)
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	js, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(js, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// untime keeps time stamps the strings that JSON has them as, and drops null fields, which editors do not complete.
func untime(n *yaml.Node) {
	if n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
	if n.Kind == yaml.MappingNode {
		for i := len(n.Content) - 2; i >= 0; i -= 2 {
			if isNull(n.Content[i+1]) {
				n.Content = slices.Delete(n.Content, i, i+2)
			}
		}
	}
	for _, c := range n.Content {
		untime(c)
	}
}

// TestSchemaAgreesWithLoad: what loads is valid, and what has unknown fields or wrong shapes is not.
func TestSchemaAgreesWithLoad(t *testing.T) {
	b, err := os.ReadFile("tidewatch.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema obj
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	v := validator{schema["definitions"].(obj)}
	for _, path := range append(matches(t, "testdata/*.good.yml"), matches(t, "examples/*.yml")...) {
		if err := v.check(schema, readYAML(t, path), ""); err != nil {
			t.Errorf("%s loads, but the schema says: %v", path, err)
		}
	}
	for _, path := range []string{"testdata/unknown.bad.yml", "testdata/list.bad.yml", "testdata/values.bad.yml"} {
		if err := v.check(schema, readYAML(t, path), ""); err == nil {
			t.Errorf("%s does not load, but the schema takes it", path)
		}
	}
}

// TestHTTPFieldsAreKnown: every field of Prometheus's HTTP configuration is taken but the names of secrets in a secret manager,
// which Tidewatch does not have, and those that Prometheus calls deprecated.
func TestHTTPFieldsAreKnown(t *testing.T) {
	skip := map[string]string{
		"bearer_token": "deprecated", "bearer_token_file": "deprecated", "grant_type": "RFC 7523", "signature_algorithm": "RFC 7523", "iss": "RFC 7523",
		"audience": "RFC 7523", "claims": "RFC 7523", "client_certificate_key_id": "RFC 7523", "client_certificate_key": "RFC 7523", "client_certificate_key_file": "RFC 7523",
	}
	for _, pair := range []struct{ ours, theirs reflect.Type }{
		{reflect.TypeFor[rawHTTP](), reflect.TypeFor[commoncfg.HTTPClientConfig]()},
		{reflect.TypeFor[rawBasicAuth](), reflect.TypeFor[commoncfg.BasicAuth]()},
		{reflect.TypeFor[rawAuthorization](), reflect.TypeFor[commoncfg.Authorization]()},
		{reflect.TypeFor[rawOAuth2](), reflect.TypeFor[commoncfg.OAuth2]()},
		{reflect.TypeFor[rawTLS](), reflect.TypeFor[commoncfg.TLSConfig]()},
	} {
		theirs := yamlNames(pair.theirs)
		for _, f := range schemaFields(pair.ours) {
			if !slices.Contains(theirs, f.name) {
				t.Errorf("%s has no field %s", pair.theirs, f.name)
			}
			theirs = slices.DeleteFunc(theirs, func(n string) bool { return n == f.name })
		}
		for _, name := range theirs {
			if skip[name] == "" && !strings.HasSuffix(name, "_ref") {
				t.Errorf("%s.%s is not taken", pair.theirs, name)
			}
		}
	}
}

func yamlNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		name, opts, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if opts == "inline" {
			names = append(names, yamlNames(t.Field(i).Type)...)
		} else if name != "" {
			names = append(names, name)
		}
	}
	return names
}

func TestDefaultModelExists(t *testing.T) {
	if _, err := models.Lookup(defaultModel); err != nil {
		t.Error(err)
	}
}
