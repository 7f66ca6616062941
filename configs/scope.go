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

// written reports whether the field is there and not null.
func (s scope) written(name string) bool {
	n := s.d.pos[join(s.path, name)]
	return n != nil && !isNull(n)
}

// has reports whether the field was written and could be read.
func (s scope) has(name string) bool { return s.written(name) && !s.d.bad[join(s.path, name)] }

// wrong records a mistake here, unless the value or one above it could not be read in the first place.
func (s scope) wrong(problem, hint string) {
	if !s.broken() {
		s.d.report(s.d.pos[s.path], s.path, problem, hint)
	}
}

func (s scope) broken() bool {
	for at := s.path; at != ""; at = parentPath(at) {
		if s.d.bad[at] {
			return true
		}
	}
	return s.d.bad[""]
}

func reflectElem(p any) reflect.Value { return reflect.ValueOf(p).Elem() }
