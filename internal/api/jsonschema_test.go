package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// document is the OpenAPI document as plain JSON values.
type document map[string]any

// validate holds v against s and returns every violation with its place. A keyword that it does not know is a violation, so
// that nothing in the document goes unchecked.
func (d document) validate(place string, s map[string]any, v any) (wrong []string) {
	fail := func(format string, args ...any) {
		wrong = append(wrong, place+": "+fmt.Sprintf(format, args...))
	}
	for key, want := range s {
		switch key {
		case "$ref":
			wrong = append(wrong, d.validate(place, d.resolve(want.(string)), v)...)
		case "type":
			if !hasType(want.(string), v) {
				fail("%v is not of type %s", v, want)
			}
		case "format":
			if text, ok := v.(string); want != "date-time" || !ok || !isDateTime(text) {
				fail("%v is not a %v", v, want)
			}
		case "pattern":
			if text, ok := v.(string); ok && !regexp.MustCompile(want.(string)).MatchString(text) {
				fail("%q does not match %s", text, want)
			}
		case "const":
			if v != want {
				fail("%v is not %v", v, want)
			}
		case "enum":
			if !slices.Contains(want.([]any), v) {
				fail("%v is not in %v", v, want)
			}
		case "minimum":
			if n, ok := v.(float64); ok && n < want.(float64) {
				fail("%v is below %v", n, want)
			}
		case "maximum":
			if n, ok := v.(float64); ok && n > want.(float64) {
				fail("%v is above %v", n, want)
			}
		case "items":
			list, _ := v.([]any)
			for i, item := range list {
				wrong = append(wrong, d.validate(fmt.Sprintf("%s[%d]", place, i), want.(map[string]any), item)...)
			}
		case "required":
			members, _ := v.(map[string]any)
			for _, name := range want.([]any) {
				if _, ok := members[name.(string)]; !ok {
					fail("%v is missing", name)
				}
			}
		case "properties", "additionalProperties":
			// together, below
		case "description", "default":
		default:
			fail("unknown keyword %q", key)
		}
	}
	if members, ok := v.(map[string]any); ok {
		wrong = append(wrong, d.validateMembers(place, s, members)...)
	}
	return wrong
}

func (d document) validateMembers(place string, s, members map[string]any) (wrong []string) {
	properties, _ := s["properties"].(map[string]any)
	for name, v := range members {
		if p, ok := properties[name].(map[string]any); ok {
			wrong = append(wrong, d.validate(place+"."+name, p, v)...)
			continue
		}
		switch more := s["additionalProperties"].(type) {
		case bool:
			if !more {
				wrong = append(wrong, place+": unexpected member "+name)
			}
		case map[string]any:
			wrong = append(wrong, d.validate(place+"."+name, more, v)...)
		}
	}
	return wrong
}

// resolve follows a reference within the document.
func (d document) resolve(ref string) map[string]any {
	node := map[string]any(d)
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		next, ok := node[step].(map[string]any)
		if !ok {
			return map[string]any{"unresolved reference " + ref: true}
		}
		node = next
	}
	return node
}

func hasType(want string, v any) bool {
	switch x := v.(type) {
	case string:
		return want == "string"
	case bool:
		return want == "boolean"
	case float64:
		return want == "number" || want == "integer" && x == math.Trunc(x)
	case []any:
		return want == "array"
	case map[string]any:
		return want == "object"
	}
	return false
}

func isDateTime(text string) bool {
	_, err := time.Parse(time.RFC3339Nano, text)
	return err == nil
}

func parseJSON(b []byte) (v any, err error) {
	err = json.Unmarshal(b, &v)
	return v, err
}
