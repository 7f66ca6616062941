package configs

import (
	"reflect"
	"strconv"
)

// scope is a place in a decoded file: where checks look up whether a field was written and report what is wrong with it.
type scope struct {
	d    *decoder
	path string
}

func (s scope) at(name string) scope { return scope{s.d, join(s.path, name)} }

func (s scope) index(i int) scope { return scope{s.d, s.path + "[" + strconv.Itoa(i) + "]"} }

// has reports whether the field was written and is not null.
func (s scope) has(name string) bool {
	n := s.d.pos[join(s.path, name)]
	return n != nil && !isNull(n)
}

// wrong records a mistake here.
func (s scope) wrong(problem, hint string) { s.d.errorAt(s.d.pos[s.path], s.path, problem, hint) }

func reflectElem(p any) reflect.Value { return reflect.ValueOf(p).Elem() }
