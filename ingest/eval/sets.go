package eval

import "slices"

// points is a set of steps of match groups.
type points map[string][]bool

// add notes the steps at which a series has a point.
func (p points) add(r *run, sig []byte, v []float64) error {
	at, ok := p[string(sig)]
	if !ok {
		at = make([]bool, r.n)
		p[string(sig)] = at
		if err := r.keep(); err != nil {
			return err
		}
	}
	for k, x := range v {
		if !Absent(x) {
			at[k] = true
		}
	}
	return nil
}

// filtered is and, or unless: the left side's points where the right side has one of the same match group, or has none.
type filtered struct {
	left, right node
	sig         *signature
	want        bool
}

func (f *filtered) each(r *run, yield func(Series) error) error {
	right := points{}
	var buf []byte
	err := f.right.each(r, func(s Series) error {
		buf = f.sig.of(s.Labels, buf)
		return right.add(r, buf, s.V)
	})
	if err != nil {
		return err
	}
	return f.left.each(r, func(s Series) error {
		buf = f.sig.of(s.Labels, buf)
		at := right[string(buf)]
		for k := range s.V {
			if (len(at) > 0 && at[k]) != f.want {
				s.V[k] = absent
			}
		}
		if !present(s.V) {
			return nil
		}
		return yield(s)
	})
}

// union is or: the left side, and of the right side what has no point of the same match group on the left.
type union struct {
	left, right node
	sig         *signature
}

func (u *union) each(r *run, yield func(Series) error) error {
	var (
		list  []Series
		byKey = map[string]int{}
		left  = points{}
		buf   []byte
		key   []byte
	)
	keep := func(s Series) error {
		key = s.Labels.Bytes(key)
		byKey[string(key)] = len(list)
		list = append(list, Series{s.Labels, slices.Clone(s.V)})
		return r.keep()
	}
	err := u.left.each(r, func(s Series) error {
		buf = u.sig.of(s.Labels, buf)
		if err := left.add(r, buf, s.V); err != nil {
			return err
		}
		return keep(s)
	})
	if err != nil {
		return err
	}
	err = u.right.each(r, func(s Series) error {
		buf = u.sig.of(s.Labels, buf)
		if at := left[string(buf)]; at != nil {
			for k := range s.V {
				if at[k] {
					s.V[k] = absent
				}
			}
		}
		if !present(s.V) {
			return nil
		}
		key = s.Labels.Bytes(key)
		i, ok := byKey[string(key)]
		if !ok {
			return keep(s)
		}
		for k, x := range s.V { // the same series from both sides, at different steps
			if !Absent(x) {
				list[i].V[k] = x
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, s := range list {
		if err := yield(s); err != nil {
			return err
		}
	}
	return nil
}
