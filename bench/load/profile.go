package load

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// stack is what a CPU profile found the process at: functions from the innermost, and nanoseconds.
type stack struct {
	functions []string
	cpu       int64
}

var errProfile = errors.New("the CPU profile is not in pprof's format")

// parseProfile reads a CPU profile of runtime/pprof: of profile.proto the samples, locations, functions and strings.
func parseProfile(packed []byte) ([]stack, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	p := profile{locations: map[uint64][]uint64{}, functions: map[uint64]uint64{}}
	if err := fields(raw, p.field); err != nil {
		return nil, err
	}
	return p.stacks()
}

// profile is a profile.proto as it is read.
type profile struct {
	samples   [][2][]uint64       // location ids from the innermost, and values: number and nanoseconds
	locations map[uint64][]uint64 // function ids from the innermost inlined one
	functions map[uint64]uint64   // index of the name
	strings   []string
}

func (p *profile) field(num int, _ uint64, data []byte) error {
	switch num {
	case 2:
		var s [2][]uint64
		err := fields(data, func(num int, v uint64, data []byte) error {
			if num > 2 {
				return nil
			}
			return numbers(&s[num-1], v, data)
		})
		p.samples = append(p.samples, s)
		return err
	case 4:
		return p.location(data)
	case 5:
		var id, name uint64
		err := fields(data, func(num int, v uint64, _ []byte) error {
			switch num {
			case 1:
				id = v
			case 2:
				name = v
			}
			return nil
		})
		p.functions[id] = name
		return err
	case 6:
		p.strings = append(p.strings, string(data))
	}
	return nil
}

func (p *profile) location(b []byte) error {
	var id uint64
	var list []uint64
	err := fields(b, func(num int, v uint64, data []byte) error {
		switch num {
		case 1:
			id = v
		case 4:
			return fields(data, func(num int, v uint64, _ []byte) error {
				if num == 1 {
					list = append(list, v)
				}
				return nil
			})
		}
		return nil
	})
	p.locations[id] = list
	return err
}

func (p *profile) stacks() ([]stack, error) {
	out := make([]stack, 0, len(p.samples))
	for _, s := range p.samples {
		if len(s[1]) < 2 {
			return nil, errProfile
		}
		one := stack{cpu: int64(s[1][1])}
		for _, at := range s[0] {
			for _, f := range p.locations[at] {
				name := p.functions[f]
				if name >= uint64(len(p.strings)) {
					return nil, errProfile
				}
				one.functions = append(one.functions, p.strings[name])
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// numbers takes a number of a repeated field, or a packed run of them.
func numbers(to *[]uint64, v uint64, packed []byte) error {
	if packed == nil {
		*to = append(*to, v)
		return nil
	}
	for len(packed) > 0 {
		v, n := binary.Uvarint(packed)
		if n <= 0 {
			return errProfile
		}
		*to, packed = append(*to, v), packed[n:]
	}
	return nil
}

// fields calls each with every field of a protobuf message: its number, and its varint or its bytes.
func fields(b []byte, each func(num int, v uint64, data []byte) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return errProfile
		}
		b = b[n:]
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return errProfile
		}
		b = b[n:]
		var data []byte
		switch tag & 7 {
		case 0:
		case 2:
			if v > uint64(len(b)) {
				return errProfile
			}
			data, b = b[:v:v], b[v:]
		default:
			return errProfile // pprof has no others
		}
		if err := each(int(tag>>3), v, data); err != nil {
			return err
		}
	}
	return nil
}
