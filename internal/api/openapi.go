package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// documentInfo is the document's own description.
const documentInfo = "Tidewatch watches Prometheus metrics, learns what is normal, and raises alarms. Times are RFC 3339 in UTC. " +
	"Sample values are strings, as in Prometheus's own API, so that NaN and infinities can be written. Unknown parameters are errors."

// Document is the OpenAPI 3.1 document of the routes, indented, for a server whose routes lie below prefix ("" for none). It
// is made from the table of routes and from the Go types of the answers.
func Document(prefix string) []byte {
	ss := &schemas{}
	paths := object{}
	for _, rt := range routes() {
		op := member{strings.ToLower(rt.method), ss.operation(rt)}
		if n := len(paths); n > 0 && paths[n-1].name == rt.path { // routes of one path stand together
			paths[n-1].value = append(paths[n-1].value.(object), op) //nolint:errcheck // it is what is put there below
			continue
		}
		paths = append(paths, member{rt.path, object{op}})
	}
	ss.of(reflect.TypeFor[failure]())
	errorSchema(ss.named.get("failure"))
	doc := object{
		{"openapi", "3.1.0"},
		{"info", object{
			{"title", "Tidewatch"},
			{"version", "1"},
			{"description", documentInfo},
			{"license", object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}},
		}},
		{"servers", []object{{{"url", prefix + "/"}}}},
		{"paths", paths},
		{"components", object{{"schemas", ss.renamed("failure", "Error")}}},
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic("api: encoding the OpenAPI document: " + err.Error()) // constants and own types only
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		panic("api: indenting the OpenAPI document: " + err.Error())
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// errorSchema says more about the error envelope than its Go type does.
func errorSchema(s *schema) {
	s.Properties.get("status").Const = "error"
	s.Properties.get("errorType").Enum = []string{typeBadData, typeNotFound, typeUnavailable, typeTimeout, typeCanceled, typeInternal}
	s.Properties.get("error").Description = "What was wrong, and what would be right."
}

// renamed gives one of the named schemas its public name.
func (ss *schemas) renamed(from, to string) orderedSchemas {
	out := slices.Clone(ss.named)
	for i := range out {
		if out[i].name == from {
			out[i].name = to
		}
	}
	return out
}

func (ss *schemas) operation(rt *route) object {
	op := object{{"operationId", rt.id}, {"tags", []string{rt.tag}}, {"summary", rt.summary}}
	if len(rt.params) > 0 {
		params := make([]object, len(rt.params))
		for i := range rt.params {
			params[i] = rt.params[i].document()
		}
		op = append(op, member{"parameters", params})
	}
	if rt.body != nil {
		op = append(op, member{"requestBody", object{
			{"required", true}, {"content", object{{mediaJSON, object{{"schema", ss.of(reflect.TypeOf(rt.body))}}}}},
		}})
	}
	return append(op, member{"responses", ss.responses(rt)})
}

func (ss *schemas) responses(rt *route) object {
	out := object{{"200", response("Success.", rt.okMedia(), ss.okSchema(rt))}}
	codes := append(slices.Clone(rt.codes), http.StatusMethodNotAllowed, http.StatusInternalServerError)
	slices.Sort(codes)
	for _, code := range codes {
		media, sch := mediaJSON, &schema{Ref: "#/components/schemas/Error"}
		if rt.media == mediaText {
			media, sch = mediaText, &schema{Type: "string"}
		}
		out = append(out, member{strconv.Itoa(code), response(http.StatusText(code)+".", media, sch)})
	}
	return out
}

func response(description, media string, s *schema) object {
	content := object{}
	if s != nil {
		content = object{{"schema", s}}
	}
	return object{{"description", description}, {"content", object{{media, content}}}}
}

func (rt *route) okMedia() string {
	if rt.media != "" {
		return rt.media
	}
	return mediaJSON
}

// okSchema is the envelope around the route's data.
func (ss *schemas) okSchema(rt *route) *schema {
	switch rt.media {
	case "":
	case mediaPNG:
		return nil // binary, which OpenAPI 3.1 says by having no schema
	case mediaJSON:
		return &schema{Type: "object"}
	default:
		return &schema{Type: "string"}
	}
	return &schema{
		Type: "object", Additional: false, Required: []string{"status", "data"},
		Properties: orderedSchemas{
			{"status", &schema{Type: "string", Const: "success"}},
			{"data", ss.of(reflect.TypeOf(rt.answer))},
			{"infos", &schema{Type: "array", Items: &schema{Type: "string"}, Description: "What was left out; absent if nothing was."}},
		},
	}
}

func (p *param) document() object {
	in := "query"
	if p.path {
		in = "path"
	}
	out := object{{"name", p.name}, {"in", in}, {"required", p.path}, {"description", p.doc}, {"schema", p.schema()}}
	if p.kind == kindSelector {
		out = append(out, member{"style", "form"}, member{"explode", true})
	}
	if p.example != "" {
		out = append(out, member{"example", p.exampleValue()})
	}
	return out
}

func (p *param) schema() *schema {
	switch p.kind {
	case kindNumber:
		return &schema{Type: "number", Minimum: &p.min}
	case kindCount:
		return &schema{Type: "integer", Minimum: &p.min, Maximum: &p.max, Default: &p.def}
	case kindSelector:
		return &schema{Type: "array", Items: &schema{Type: "string"}}
	case kindSeriesID:
		return &schema{Type: "string", Pattern: seriesIDPattern}
	case kindText, kindTime, kindCursor:
	}
	return &schema{Type: "string", Enum: p.enum}
}

// exampleValue is the example in the schema's type.
func (p *param) exampleValue() any {
	switch p.kind {
	case kindNumber, kindCount:
		return json.Number(p.example)
	case kindSelector:
		return []string{p.example}
	case kindText, kindTime, kindCursor, kindSeriesID:
	}
	return p.example
}
