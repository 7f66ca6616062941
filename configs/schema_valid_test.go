package configs

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/internal/jsonschema"
	"github.com/tidewatch/tidewatch/models"
	"go.yaml.in/yaml/v3"
)

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
	doc := jsonschema.Document(schema)
	for _, path := range append(matches(t, "testdata/*.good.yml"), matches(t, "examples/*.yml")...) {
		if wrong := doc.Validate("", schema, readYAML(t, path)); len(wrong) > 0 {
			t.Errorf("%s loads, but the schema says: %q", path, wrong)
		}
	}
	for _, path := range []string{"testdata/unknown.bad.yml", "testdata/list.bad.yml", "testdata/values.bad.yml"} {
		if wrong := doc.Validate("", schema, readYAML(t, path)); len(wrong) == 0 {
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
