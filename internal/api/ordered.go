package api

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// orderedSchemas is an object of schemas that keeps the order in which they were added: a document that follows the Go
// types is easier to read and to compare than one in alphabetical order.
type orderedSchemas []namedSchema

type namedSchema struct {
	name   string
	schema *schema
}

// MarshalJSON implements json.Marshaler.
func (o orderedSchemas) MarshalJSON() ([]byte, error) {
	return marshalOrdered(len(o), func(i int) (string, any) { return o[i].name, o[i].schema })
}

func (o orderedSchemas) get(name string) *schema {
	for _, n := range o {
		if n.name == name {
			return n.schema
		}
	}
	return nil
}

// object is a JSON object that keeps its order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	return marshalOrdered(len(o), func(i int) (string, any) { return o[i].name, o[i].value })
}

func marshalOrdered(n int, at func(int) (string, any)) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		name, v := at(i)
		key, err := json.Marshal(name)
		if err != nil {
			return nil, fmt.Errorf("encoding the name %q: %w", name, err)
		}
		value, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("encoding %q: %w", name, err)
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
