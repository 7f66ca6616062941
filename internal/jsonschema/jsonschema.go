// Package jsonschema holds values against as much of JSON Schema as Tidewatch's own schemas use, draft 7's and OpenAPI's. It is for
// tests of these schemas.
package jsonschema

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Object is a JSON object.
type Object = map[string]any

// Document is what references in a schema are resolved in.
type Document Object

// Validate holds v, made of plain JSON values, against a schema and returns every violation with its place. A keyword that it does not
// know is a violation, so that nothing in a schema goes unchecked.
func (d Document) Validate(place string, schema Object, v any) (wrong []string) {
	for key, want := range schema {
		wrong = append(wrong, d.keyword(place, schema, key, want, v)...)
	}
	if members, ok := v.(Object); ok {
		wrong = append(wrong, d.members(place, schema, members)...)
	}
	return wrong
}

func (d Document) keyword(place string, schema Object, key string, want, v any) (wrong []string) {
	unless := func(ok bool, format string, args ...any) []string {
		if ok {
			return nil
		}
		return []string{place + ": " + fmt.Sprintf(format, args...)}
	}
	text, isText := v.(string)
	n, isNumber := v.(float64)
	list, isList := v.([]any)
	switch key {
	case "$schema", "title", "description", "default", "definitions", "properties", "additionalProperties": // the last two: members
		return nil
	case "$ref":
		return d.Validate(place, d.Resolve(as[string](want)), v)
	case "allOf":
		for _, s := range as[[]any](want) {
			wrong = append(wrong, d.Validate(place, as[Object](s), v)...)
		}
		return wrong
	case "oneOf":
		return d.oneOf(place, as[[]any](want), v)
	case "type":
		return unless(hasType(want, v), "%v is not of type %v", v, want)
	case "format":
		return unless(want == "date-time" && isText && isDateTime(text), "%v is not a %v", v, want)
	case "pattern":
		return unless(!isText || regexp.MustCompile(as[string](want)).MatchString(text), "%q does not match %s", text, want)
	case "const":
		return unless(v == want, "%v is not %v", v, want)
	case "enum":
		return unless(slices.Contains(as[[]any](want), v), "%v is none of %v", v, want)
	case "minimum":
		return unless(!isNumber || n >= as[float64](want), "%v is below %v", n, want)
	case "maximum":
		return unless(!isNumber || n <= as[float64](want), "%v is above %v", n, want)
	case "minItems":
		return unless(!isList || len(list) >= int(as[float64](want)), "%d items, at least %v are wanted", len(list), want)
	case "maxItems":
		return unless(!isList || len(list) <= int(as[float64](want)), "%d items, at most %v are allowed", len(list), want)
	case "items":
		for i, item := range list {
			wrong = append(wrong, d.Validate(fmt.Sprintf("%s[%d]", place, i), as[Object](want), item)...)
		}
		return wrong
	case "required":
		members, ok := v.(Object)
		for _, name := range as[[]any](want) {
			_, there := members[as[string](name)]
			wrong = append(wrong, unless(there || !ok && schema["type"] == nil, "%v is missing", name)...)
		}
		return wrong
	default:
		return unless(false, "unknown keyword %q", key)
	}
}

func (d Document) oneOf(place string, schemas []any, v any) (wrong []string) {
	matches := 0
	for _, s := range schemas {
		reasons := d.Validate(place, as[Object](s), v)
		wrong = append(wrong, reasons...)
		if len(reasons) == 0 {
			matches++
		}
	}
	if matches == 1 {
		return nil
	}
	return []string{fmt.Sprintf("%s: matches %d of what it may match exactly one of: %s", place, matches, strings.Join(wrong, " | "))}
}

func (d Document) members(place string, schema, members Object) (wrong []string) {
	properties, _ := schema["properties"].(Object)
	for name, v := range members {
		if p, ok := properties[name].(Object); ok {
			wrong = append(wrong, d.Validate(place+"."+name, p, v)...)
			continue
		}
		switch more := schema["additionalProperties"].(type) {
		case bool:
			if !more {
				wrong = append(wrong, place+": unexpected member "+name)
			}
		case Object:
			wrong = append(wrong, d.Validate(place+"."+name, more, v)...)
		}
	}
	return wrong
}

// Resolve follows a reference within the document, for example #/components/schemas/Alarm. One that leads nowhere gives a schema that
// nothing is valid by.
func (d Document) Resolve(ref string) Object {
	node := Object(d)
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		next, ok := node[step].(Object)
		if !ok {
			return Object{"unresolved reference " + ref: true}
		}
		node = next
	}
	return node
}

func hasType(want, v any) bool {
	if names, ok := want.([]any); ok {
		return slices.ContainsFunc(names, func(n any) bool { return hasType(n, v) })
	}
	switch x := v.(type) {
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
	case Object:
		return want == "object"
	}
	return false
}

func isDateTime(text string) bool {
	_, err := time.Parse(time.RFC3339Nano, text)
	return err == nil
}

// as is a part of a schema as the type that it has to have.
func as[T any](v any) T {
	t, ok := v.(T)
	if !ok {
		panic(fmt.Sprintf("jsonschema: the schema has %v where a %T belongs", v, t))
	}
	return t
}

// Parse is JSON as plain values.
func Parse(b []byte) (v any, err error) {
	err = json.Unmarshal(b, &v)
	return v, err
}
