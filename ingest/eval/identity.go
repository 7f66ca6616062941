package eval

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/schema"
)

// unnamed takes the metric's name away. Series that become equal by it are the engine's to merge or to refuse.
type unnamed struct{ of node }

func (u *unnamed) each(r *run, yield func(Series) error) error {
	seen := identities{}
	return u.of.each(r, func(s Series) error {
		s.Labels = s.Labels.DropReserved(schema.IsMetadataLabel)
		if !seen.add(s.Labels) {
			return ErrEngine
		}
		return yield(s)
	})
}

// identities is a set of labels.
type identities map[string]struct{}

// add says whether the labels are new.
func (i identities) add(ls labels.Labels) bool {
	var buf [256]byte
	key := ls.Bytes(buf[:0])
	if _, ok := i[string(key)]; ok {
		return false
	}
	i[string(key)] = struct{}{}
	return true
}

// signature says which series of both sides of an operator belong together.
type signature struct {
	names []string // sorted
	on    bool
}

func newSignature(m *parser.VectorMatching) *signature {
	names := slices.Clone(m.MatchingLabels)
	if !m.On {
		names = append(names, metadata...)
	}
	slices.Sort(names)
	return &signature{names: slices.Compact(names), on: m.On}
}

// of gives the match group; the bytes are overwritten by the next call.
func (s signature) of(ls labels.Labels, buf []byte) []byte {
	if s.on {
		return ls.BytesWithLabels(buf, s.names...)
	}
	return ls.BytesWithoutLabels(buf, s.names...)
}
