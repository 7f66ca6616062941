package models

import (
	"fmt"
	"slices"
	"strings"
)

var registry = map[string]Spec{}

// register adds a kind at package initialisation. A duplicate kind is a programming error and panics.
func register(s Spec) Spec { //nolint:unparam // var _ = register(…) needs a result
	if _, ok := registry[s.Kind]; ok || s.Kind == "" {
		panic(fmt.Sprintf("models: kind %q registered twice or empty", s.Kind))
	}
	registry[s.Kind] = s
	return s
}

// Lookup returns the Spec of a kind, or an error that lists the known ones.
func Lookup(kind string) (Spec, error) {
	s, ok := registry[kind]
	if !ok {
		return Spec{}, fmt.Errorf("unknown model %q, known are %s", kind, strings.Join(Kinds(), ", "))
	}
	return s, nil
}

// Kinds lists the registered kinds in alphabetical order.
func Kinds() []string {
	ks := make([]string, 0, len(registry))
	for k := range registry {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}
