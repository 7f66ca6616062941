package ingest

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// interner keeps the label sets of a server's series from read to read: a series costs a hash and a comparison instead of
// decoding, and all reads share one copy of its labels. Label sets that no read has met for one to two keepNames go.
type interner struct {
	strip []string // the labels that the reads remove

	mu         sync.Mutex
	young, old map[uint64]*identity // by the hash of the wire's bytes; two that collide are not both kept
	since      time.Time            // when young began
	builder    labels.ScratchBuilder
	editor     *labels.Builder
}

// identity is a series' label set as it came, and without the labels that the read removes.
type identity struct {
	full, bare labels.Labels
	hash       uint64 // of full: the same however a server wrote it
}

// numbering numbers series in order of their first appearance.
type numbering struct {
	byHash map[uint64]int
	list   []*identity
}

// of gives a series' number; it is the list's length before where the series is new.
func (n *numbering) of(id *identity) int {
	if n.byHash == nil {
		n.byHash = map[uint64]int{}
	}
	hash := id.hash
	i, ok := n.byHash[hash]
	for ok && !labels.Equal(n.list[i].full, id.full) { // a collision: look at the next hash
		hash++
		i, ok = n.byHash[hash]
	}
	if !ok {
		i = len(n.list)
		n.byHash[hash] = i
		n.list = append(n.list, id)
	}
	return i
}

// reset forgets all, and lets go of the memory of more than keep series.
func (n *numbering) reset(keep int) {
	if len(n.list) > keep {
		*n = numbering{}
	}
	clear(n.byHash)
	clear(n.list)
	n.list = n.list[:0]
}

const (
	keepNames = 15 * time.Minute
	// mostNames bounds a generation: two million label sets of 200 bytes at the most in both.
	mostNames = 1_000_000
)

var nameSeed = maphash.MakeSeed()

func newInterner(strip []string) *interner {
	return &interner{
		strip: strip, young: map[uint64]*identity{}, since: time.Now(),
		builder: labels.NewScratchBuilder(16), editor: labels.NewBuilder(labels.EmptyLabels()),
	}
}

// find gives the identity that the bytes of Label fields stand for.
func (in *interner) find(wire []byte) (*identity, error) {
	hash := maphash.Bytes(nameSeed, wire)
	in.mu.Lock()
	defer in.mu.Unlock()
	if id, ok := in.young[hash]; ok && sameLabels(wire, id.full) {
		return id, nil
	}
	id, ok := in.old[hash]
	if !ok || !sameLabels(wire, id.full) {
		full, err := decodeLabels(wire, &in.builder)
		if err != nil {
			return nil, err
		}
		id = &identity{full: full, bare: in.without(full), hash: full.Hash()}
	}
	in.young[hash] = id
	return id, nil
}

// without removes the labels to strip.
func (in *interner) without(ls labels.Labels) labels.Labels {
	if len(in.strip) == 0 {
		return ls
	}
	in.editor.Reset(ls)
	in.editor.Del(in.strip...)
	return in.editor.Labels()
}

// age lets old names go, if it is time; called once for each read.
func (in *interner) age(now time.Time) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if now.Sub(in.since) >= keepNames || len(in.young) >= mostNames {
		in.old, in.young, in.since = in.young, make(map[uint64]*identity, len(in.young)), now
	}
}

// sameLabels says whether the bytes of Label fields are the given labels, in the same order and in the usual encoding.
func sameLabels(wire []byte, ls labels.Labels) bool {
	same := true
	ls.Range(func(l labels.Label) {
		if same {
			wire, same = nextLabel(wire, l)
		}
	})
	return same && len(wire) == 0
}

// nextLabel takes a Label field off the wire's bytes if it is l: 1 { 1 name; 2 value }.
func nextLabel(wire []byte, l labels.Label) (rest []byte, ok bool) {
	num, _, data, rest, err := field(wire)
	if err != nil || num != 1 {
		return nil, false
	}
	num, _, text, data, err := field(data)
	if err != nil || num != 1 || string(text) != l.Name {
		return nil, false
	}
	num, _, text, data, err = field(data)
	return rest, err == nil && num == 2 && string(text) == l.Value && len(data) == 0
}

// interners are a source's, one for each set of labels that its reads remove: whatever an expression selects by itself stays.
type interners struct {
	mu      sync.Mutex
	byStrip map[string]*interner
}

// of gives the interner of the reads that remove the given labels.
func (all *interners) of(strip []string) *interner {
	key := strings.Join(strip, "\xff")
	all.mu.Lock()
	in, ok := all.byStrip[key]
	if !ok {
		in = newInterner(strip)
		if all.byStrip == nil {
			all.byStrip = map[string]*interner{}
		}
		all.byStrip[key] = in
	}
	all.mu.Unlock()
	in.age(time.Now())
	return in
}
