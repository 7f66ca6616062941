package bench

import (
	"reflect"
	"runtime"
	"slices"
	"unsafe"
)

// sizer takes a data structure apart and counts what it holds on the heap, by path: the names of the fields that lead to the
// bytes, joined by points. Slices, pointers, arrays and interfaces add nothing to a path, so that all elements of a slice are
// one line.
type sizer struct {
	classes []int64            // the allocator's size classes, ascending
	counted map[uintptr][]span // objects, by the pages that they lie in
	bytes   map[string]int64
}

// slackPath names what the allocator rounds up and structs leave between fields.
const slackPath = "(padding and rounding)"

// Sizes counts the heap bytes reachable from v, by path. What is reachable twice counts once. Functions, channels and what lies
// outside of the heap count nothing; a map counts its keys and values and half as much again for its slots.
func Sizes(v any) map[string]int64 {
	s := sizer{classes: sizeClasses(), counted: map[uintptr][]span{}, bytes: map[string]int64{}}
	s.follow(reflect.ValueOf(v), "")
	return s.bytes
}

// sizeClasses are those below 19 KiB that the runtime tells; larger objects are counted in pages.
func sizeClasses() []int64 {
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	out := make([]int64, 0, len(ms.BySize))
	for _, c := range ms.BySize {
		out = append(out, int64(c.Size))
	}
	return out
}

const (
	page         = 8192
	headerFrom   = 512 // an object with pointers that is larger than this has a header of one word
	mallocHeader = 8
	mapShare     = 1.5
)

// rounded is what an object of n bytes takes.
func (s *sizer) rounded(n int64, pointers bool) int64 {
	if n == 0 {
		return 0
	}
	if pointers && n > headerFrom {
		n += mallocHeader
	}
	for _, c := range s.classes {
		if n <= c {
			return c
		}
	}
	return (n + page - 1) / page * page
}

// span is where an object lies.
type span struct{ from, size uintptr }

// inside reports whether p lies in an object that was counted, as a slice of one of its arrays does.
func (s *sizer) inside(p unsafe.Pointer) bool {
	return slices.ContainsFunc(s.counted[uintptr(p)/page], func(o span) bool { return uintptr(p)-o.from < o.size })
}

// enter remembers where an object lies.
func (s *sizer) enter(p unsafe.Pointer, size int64) {
	o := span{uintptr(p), uintptr(max(size, 1))}
	for at := o.from / page; at <= (o.from+o.size-1)/page; at++ {
		s.counted[at] = append(s.counted[at], o)
	}
}

// object counts an allocation of n values of type t at p, and reports whether it is new.
func (s *sizer) object(p unsafe.Pointer, t reflect.Type, n int64, path string) bool {
	if p == nil || s.inside(p) {
		return false
	}
	size := int64(t.Size()) * n
	s.enter(p, size)
	s.add(slackPath, s.rounded(size, hasPointers(t))-size)
	s.inline(t, n, path)
	return true
}

// inline counts n values of type t that lie in their container, field by field.
func (s *sizer) inline(t reflect.Type, n int64, path string) {
	if t.Kind() == reflect.Array && t.Elem().Kind() == reflect.Struct {
		s.inline(t.Elem(), n*int64(t.Len()), path)
		return
	}
	if t.Kind() != reflect.Struct {
		s.add(path, int64(t.Size())*n)
		return
	}
	rest := int64(t.Size())
	for i := range t.NumField() {
		f := t.Field(i)
		s.inline(f.Type, n, under(path, f))
		rest -= int64(f.Type.Size())
	}
	s.add(slackPath, rest*n)
}

func (s *sizer) add(path string, n int64) {
	if n != 0 {
		s.bytes[path] += n
	}
}

// under is the path of a field; those of an embedded struct stand beside the others, as in Go.
func under(path string, f reflect.StructField) string {
	if f.Anonymous {
		return path
	}
	return join(path, f.Name)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// follow counts what v points to. v itself lies in a container that is counted already.
func (s *sizer) follow(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && s.object(v.UnsafePointer(), v.Type().Elem(), 1, path) {
			s.follow(v.Elem(), path)
		}
	case reflect.Interface:
		s.followInterface(v, path)
	case reflect.Slice:
		t := v.Type().Elem()
		if v.Cap() > 0 && s.object(v.UnsafePointer(), t, int64(v.Cap()), path) && hasPointers(t) {
			for i := range v.Len() {
				s.follow(v.Index(i), path)
			}
		}
	case reflect.String:
		if str := v.String(); str != "" {
			s.object(unsafe.Pointer(unsafe.StringData(str)), byteType, int64(len(str)), path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			s.follow(v.Field(i), under(path, v.Type().Field(i)))
		}
	case reflect.Array:
		for i := 0; hasPointers(v.Type().Elem()) && i < v.Len(); i++ {
			s.follow(v.Index(i), path)
		}
	case reflect.Map:
		s.followMap(v, path)
	default: // no pointer that is counted
	}
}

var byteType = reflect.TypeFor[byte]()

// followInterface counts the value in an interface, which has an allocation of its own unless it is a pointer.
func (s *sizer) followInterface(v reflect.Value, path string) {
	if v.IsNil() {
		return
	}
	e := v.Elem()
	if t := e.Type(); !pointerShaped(t) {
		s.add(path, s.rounded(int64(t.Size()), hasPointers(t)))
	}
	s.follow(e, path)
}

// pointerShaped says that a value of the type is one pointer, which an interface holds itself.
func pointerShaped(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	case reflect.Struct:
		return t.NumField() == 1 && pointerShaped(t.Field(0).Type)
	case reflect.Array:
		return t.Len() == 1 && pointerShaped(t.Elem())
	default:
		return false
	}
}

func (s *sizer) followMap(v reflect.Value, path string) {
	if v.IsNil() || s.inside(v.UnsafePointer()) {
		return
	}
	s.enter(v.UnsafePointer(), 1)
	entry := float64(v.Type().Key().Size() + v.Type().Elem().Size())
	s.add(path, int64(mapShare*entry*float64(v.Len())))
	for it := v.MapRange(); it.Next(); {
		s.follow(it.Key(), path)
		s.follow(it.Value(), path)
	}
}

// hasPointers says whether values of the type can lead anywhere.
func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.String, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	case reflect.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	default:
		return false
	}
}
