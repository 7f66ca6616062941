package alerting

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const compositesVersion = 2

// AppendState appends the state of all composite alarms to b.
func (c *Composites) AppendState(b []byte) []byte {
	b = append(b, compositesVersion)
	b = binary.AppendUvarint(b, uint64(len(c.All())))
	for _, x := range c.All() {
		b = appendText(b, x.Name)
		b = appendText(b, x.Reason)
		b = appendText(b, string(x.Last.Rule))
		b = append(b, byte(x.State), byte(x.Last.From), byte(x.Last.To), byte(x.told), byte(b2i(x.suppressed)))
		for _, v := range [...]int64{x.Since, x.Last.T, int64(x.Last.Breaches), int64(x.Last.Of), x.changed, x.wait, x.extension} {
			b = binary.AppendVarint(b, v)
		}
	}
	return b
}

// LoadState restores what AppendState appended into the alarms that are configured; those that are not any more are left out.
func (c *Composites) LoadState(b []byte) error {
	r := stateReader{b: b}
	if v := r.byte(); v != compositesVersion {
		return fmt.Errorf("composite alarms: state has version %d, want %d", v, compositesVersion)
	}
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		var x Composite
		name := r.text()
		x.Reason, x.Last.Rule = r.text(), Rule(r.text())
		x.State, x.Last.From, x.Last.To = State(r.byte()), State(r.byte()), State(r.byte())
		x.told, x.suppressed = State(r.byte()), r.byte() == 1
		x.Since, x.Last.T, x.Last.Breaches, x.Last.Of = r.varint(), r.varint(), int(r.varint()), int(r.varint())
		x.changed, x.wait, x.extension = r.varint(), r.varint(), r.varint()
		if max(x.State, x.Last.From, x.Last.To, x.told) > Alarming {
			return fmt.Errorf("composite alarm %s: state %d is unknown", name, x.State)
		}
		if own := c.Find(name); own != nil && r.err == nil {
			x.CompositeSpec = own.CompositeSpec
			*own = x
		}
	}
	return r.err
}

// Inherit takes the states of those alarms of old that are still there.
func (c *Composites) Inherit(old *Composites) {
	for _, x := range c.All() {
		if was := old.Find(x.Name); was != nil {
			spec := x.CompositeSpec
			*x = *was
			x.CompositeSpec = spec
		}
	}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// stateReader reads a state from the front; after the first error every read gives zero values.
type stateReader struct {
	b   []byte
	err error
}

func (r *stateReader) fail() { r.b, r.err = nil, errors.New("state is truncated or damaged") }

func (r *stateReader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *stateReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *stateReader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *stateReader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return ""
	}
	v := string(r.b[:n])
	r.b = r.b[n:]
	return v
}
