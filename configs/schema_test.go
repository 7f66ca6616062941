package configs

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// typeDoc is how a schema type is written: in words, and as JSON schema.
type typeDoc struct {
	label  string
	schema map[string]any
}

type obj = map[string]any

const durationPattern = `^(0|([0-9]+(ms|[smhdwy]))+)$`

var typeDocs = map[reflect.Type]typeDoc{
	reflect.TypeFor[string]():       {"text", obj{"type": "string"}},
	reflect.TypeFor[bool]():         {"true or false", obj{"type": "boolean"}},
	reflect.TypeFor[int]():          {"whole number", obj{"type": "integer"}},
	reflect.TypeFor[float64]():      {"number", obj{"type": "number"}},
	reflect.TypeFor[Secret]():       {"secret", obj{"type": "string"}},
	reflect.TypeFor[duration]():     {"duration", obj{"type": "string", "pattern": durationPattern}},
	reflect.TypeFor[timezone]():     {"time zone", obj{"type": "string"}},
	reflect.TypeFor[modelKind]():    {"kind of model", obj{"type": "string"}},
	reflect.TypeFor[Agg]():          {"word", obj{"enum": aggNames}},
	reflect.TypeFor[protocol]():     {"word", obj{"enum": protocolNames()}},
	reflect.TypeFor[size]():         {"size", obj{"type": "string", "pattern": `^[0-9]+[MGT]iB$`}},
	reflect.TypeFor[Rate]():         {"number/duration", obj{"type": "string", "pattern": `^[0-9.eE+-]+ */ *[0-9a-z]+$`}},
	reflect.TypeFor[treatment]():    {"word", obj{"enum": treatmentNames}},
	reflect.TypeFor[transform]():    {"word", obj{"enum": transformNames}},
	reflect.TypeFor[forest]():       {"word", obj{"enum": forestNames}},
	reflect.TypeFor[wallClock]():    {"time of day", obj{"type": "string", "pattern": `^[0-9]{2}:[0-9]{2}$`}},
	reflect.TypeFor[weekdayRange](): {"day or range of days", obj{"type": "string"}},
	reflect.TypeFor[dayRange]():     {"number or range of numbers", obj{"type": []string{"string", "integer"}}},
	reflect.TypeFor[monthRange]():   {"month or range of months", obj{"type": []string{"string", "integer"}}},
	reflect.TypeFor[yearRange]():    {"year or range of years", obj{"type": []string{"string", "integer"}}},
	reflect.TypeFor[muteSchedule](): {"schedule", obj{"type": "string", "pattern": `^(cron|at)\(.*\)$`}},
	reflect.TypeFor[isoDuration]():  {"ISO 8601 duration", obj{"type": "string", "pattern": `^P`}},
	reflect.TypeFor[instant]():      {"time", obj{"type": "string"}},
	reflect.TypeFor[weekday]():      {"day", obj{"type": "string"}},
	reflect.TypeFor[moment]():       {"time, or time of day", obj{"type": "string"}},
	reflect.TypeFor[Direction]():    {"word", obj{"enum": directionNames}},
	reflect.TypeFor[valueRange]():   {"list of two", obj{"type": "array", "minItems": 2, "maxItems": 2, "items": obj{"type": []string{"number", "null"}}}},
	reflect.TypeFor[churnLabels]():  {"`auto` or list of label names", obj{"oneOf": []any{obj{"const": "auto"}, obj{"type": "array", "items": obj{"type": "string"}}}}},
	reflect.TypeFor[seasonality]():  {"`auto`, `none` or list of durations", obj{"oneOf": []any{obj{"enum": []string{"auto", "none"}}, obj{"type": "array", "items": obj{"type": "string", "pattern": durationPattern}}}}},
	reflect.TypeFor[share]():        {"percentage", obj{"oneOf": []any{obj{"type": "number", "exclusiveMinimum": 0, "maximum": 0.5}, obj{"type": "string", "pattern": `^ *[0-9.]+ *%? *$`}}}},
	reflect.TypeFor[MinDeviation](): {"number, or percentage", obj{"oneOf": []any{obj{"type": "number", "minimum": 0}, obj{"type": "string", "pattern": `^ *[0-9.eE+-]+ *%? *$`}}}},
}

func typeLabel(t reflect.Type) string {
	if d, ok := typeDocs[t]; ok {
		return d.label
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeLabel(t.Elem())
	case reflect.Slice:
		return "list of " + typeLabel(t.Elem())
	case reflect.Map:
		return "mapping to " + typeLabel(t.Elem())
	default:
		return "[" + sectionName(t) + "](#" + anchor(sectionName(t)) + ")"
	}
}

func anchor(heading string) string {
	return strings.NewReplacer(" ", "-", "[]", "", ".", "").Replace(strings.ToLower(heading))
}

// jsonSchema describes a type; structs become definitions.
func jsonSchema(t reflect.Type, docs map[string]string, defs obj) obj {
	if d, ok := typeDocs[t]; ok {
		out := obj{}
		for k, v := range d.schema {
			out[k] = v
		}
		return out
	}
	switch t.Kind() {
	case reflect.Pointer:
		return jsonSchema(t.Elem(), docs, defs)
	case reflect.Slice:
		return obj{"type": "array", "items": jsonSchema(t.Elem(), docs, defs)}
	case reflect.Map:
		if t.Elem().Kind() == reflect.String {
			return obj{"type": "object", "additionalProperties": obj{"type": []string{"string", "number", "boolean"}}}
		}
		return obj{"type": "object", "additionalProperties": jsonSchema(t.Elem(), docs, defs)}
	}
	name := strings.ToLower(strings.TrimPrefix(t.Name(), "raw"))
	ref := obj{"$ref": "#/definitions/" + name}
	if _, ok := defs[name]; !ok {
		defs[name] = obj{} // before the fields, for types that contain themselves
		defs[name] = structSchema(t, docs, defs)
	}
	if t == reflect.TypeFor[rawPreset]() {
		return obj{"oneOf": []any{obj{"enum": presetNames()}, ref}}
	}
	return ref
}

func structSchema(t reflect.Type, docs map[string]string, defs obj) obj {
	props, required := obj{}, []string{}
	for _, f := range schemaFields(t) {
		p := jsonSchema(f.typ, docs, defs)
		doc := docs[f.goType.Name()+"."+f.goName]
		if f.def != "" {
			doc += " Default: " + strings.Trim(strings.TrimPrefix(f.def, "="), "`") + "."
		}
		if ref, ok := p["$ref"]; ok {
			p = obj{"allOf": []any{obj{"$ref": ref}}} // draft 7 ignores what stands beside $ref
		}
		p["description"] = strings.ReplaceAll(doc, "`", "")
		props[f.name] = p
		fromPreset := t == reflect.TypeFor[rawDetector]() && f.name == "expr"
		if f.required && !fromPreset {
			required = append(required, f.name)
		}
	}
	out := obj{"type": "object", "properties": props, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func TestJSONSchemaIsUpToDate(t *testing.T) {
	defs := obj{}
	docs := comments(t)
	root := structSchema(reflect.TypeFor[rawFile](), docs, defs)
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "Tidewatch configuration"
	root["definitions"] = defs
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "tidewatch.schema.json", append(b, '\n'))
}
