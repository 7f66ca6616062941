package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// schema is the part of JSON Schema 2020-12 that the answers need, in the order in which it is written.
type schema struct {
	Ref         string         `json:"$ref,omitempty"`
	Type        string         `json:"type,omitempty"`
	Format      string         `json:"format,omitempty"`
	Pattern     string         `json:"pattern,omitempty"`
	Const       string         `json:"const,omitempty"`
	Enum        []string       `json:"enum,omitempty"`
	Minimum     *int           `json:"minimum,omitempty"`
	Maximum     *int           `json:"maximum,omitempty"`
	Default     *int           `json:"default,omitempty"`
	Description string         `json:"description,omitempty"`
	Properties  orderedSchemas `json:"properties,omitempty"`
	Required    []string       `json:"required,omitempty"`
	Items       *schema        `json:"items,omitempty"`
	// Additional is false for an object whose properties are all listed, a schema for a map.
	Additional any `json:"additionalProperties,omitempty"`
}

const (
	valuePattern    = `^(-?[0-9]+(\.[0-9]+)?|NaN|[+-]Inf)$`
	seriesIDPattern = `^[0-9]{1,20}$`
)

// schemas makes schemas of Go types, and collects the named structs among them.
type schemas struct {
	named orderedSchemas
}

var (
	typeTime    = reflect.TypeFor[Time]()
	typeValue   = reflect.TypeFor[Value]()
	typeID      = reflect.TypeFor[SeriesID]()
	typeChannel = reflect.TypeFor[Channel]()
	typeLabels  = reflect.TypeFor[labels.Labels]()
	typeJSON    = reflect.TypeFor[json.RawMessage]()
)

// of is the schema of a type as encoding/json writes it. It panics on a type that no answer has had so far.
func (ss *schemas) of(t reflect.Type) *schema {
	switch t {
	case typeTime:
		return &schema{Type: "string", Format: "date-time"}
	case typeValue:
		return &schema{Type: "string", Pattern: valuePattern}
	case typeID:
		return &schema{Type: "string", Pattern: seriesIDPattern}
	case typeChannel:
		return &schema{Type: "string", Enum: channelNames()}
	case typeJSON:
		return &schema{} // anything
	case typeLabels:
		return &schema{Type: "object", Additional: &schema{Type: "string"}}
	}
	switch t.Kind() {
	case reflect.String:
		return &schema{Type: "string"}
	case reflect.Bool:
		return &schema{Type: "boolean"}
	case reflect.Int:
		return &schema{Type: "integer"}
	case reflect.Float64:
		return &schema{Type: "number"}
	case reflect.Pointer:
		return ss.of(t.Elem())
	case reflect.Slice:
		return &schema{Type: "array", Items: ss.of(t.Elem())}
	case reflect.Map:
		return &schema{Type: "object", Additional: ss.of(t.Elem())}
	case reflect.Struct:
		return ss.ref(t)
	}
	panic(fmt.Sprintf("api: no schema for the type %v", t))
}

// ref adds a struct to the named schemas and refers to it.
func (ss *schemas) ref(t reflect.Type) *schema {
	ref := &schema{Ref: "#/components/schemas/" + t.Name()}
	if ss.named.get(t.Name()) != nil {
		return ref
	}
	s := &schema{Type: "object", Additional: false}
	ss.named = append(ss.named, namedSchema{t.Name(), s})
	for i := range t.NumField() {
		ss.field(s, t.Field(i))
	}
	return ref
}

func (ss *schemas) field(s *schema, f reflect.StructField) {
	name, flags, _ := strings.Cut(f.Tag.Get("json"), ",")
	p := ss.of(f.Type)
	p.Description = f.Tag.Get("doc")
	p.Minimum, p.Maximum = tagInt(f, "minimum"), tagInt(f, "maximum")
	if e := f.Tag.Get("enum"); e != "" {
		p.Enum = strings.Split(e, ",")
	}
	s.Properties = append(s.Properties, namedSchema{name, p})
	if !strings.Contains(flags, "omit") {
		s.Required = append(s.Required, name)
	}
}

func tagInt(f reflect.StructField, key string) *int {
	text, ok := f.Tag.Lookup(key)
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(fmt.Sprintf("api: field %s: tag %s: %v", f.Name, key, err))
	}
	return &n
}

func channelNames() []string {
	names := make([]string, tidewatch.NumChannels)
	for c := range tidewatch.NumChannels {
		names[c] = c.String()
	}
	return names
}
