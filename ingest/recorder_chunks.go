package ingest

import (
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// tail is the newest chunk of a series. Where it grows (the head of a server does) only its last form is written.
type tail struct {
	source string
	key    []byte
	c      wireChunk
}

// chunk records a chunk as it came. One that is in the segment already is left out.
func (r *Recorder) chunk(source string, key []byte, c wireChunk) {
	if r.err != nil {
		return
	}
	name := source + "\x00" + string(key)
	t := r.tails[name]
	if t != nil && t.c.mint == c.mint && t.c.enc == c.enc && len(t.c.data) <= len(c.data) && t.c.maxt <= c.maxt {
		r.held += int64(len(c.data) - len(t.c.data))
		t.c = keepChunk(c, t.c.data)
		return
	}
	if r.seen.has(chunkHash(name, &c)) {
		return
	}
	if t != nil {
		r.putTail(t)
		r.held += int64(len(c.data) - len(t.c.data))
		t.c = keepChunk(c, t.c.data)
	} else {
		t = &tail{source: source, key: slices.Clone(key), c: keepChunk(c, nil)}
		r.tails[name] = t
		r.order = append(r.order, t)
		r.held += int64(len(c.data))
	}
	r.full()
}

func keepChunk(c wireChunk, buf []byte) wireChunk {
	c.data = append(buf[:0], c.data...)
	return c
}

// putTail writes a chunk.
func (r *Recorder) putTail(t *tail) {
	r.seen.add(chunkHash(t.source+"\x00"+string(t.key), &t.c))
	ref := r.series(t.source, t.key)
	r.plain = binary.AppendUvarint(append(r.plain, recChunk), ref)
	r.plain = binary.AppendUvarint(r.plain, uint64(t.c.enc))
	r.plain = binary.AppendVarint(r.plain, t.c.mint)
	r.plain = binary.AppendUvarint(r.plain, uint64(t.c.maxt-t.c.mint))
	r.plain = appendBytes(r.plain, t.c.data)
	r.tally.chunk(&t.c)
	if len(r.plain) >= frameTarget {
		r.cut()
	}
}

func chunkHash(series string, c *wireChunk) uint64 {
	h := xxhash.NewWithSeed(uint64(c.mint))
	_, _ = h.WriteString(series) // a hash takes everything
	_, _ = h.Write(c.data)
	return h.Sum64()
}

// recentSet remembers the newest half a million to a million hashes in at most 40 MiB.
type recentSet struct {
	now, before map[uint64]struct{}
}

const recentHalf = 1 << 19

func (s *recentSet) has(h uint64) bool {
	_, a := s.now[h]
	_, b := s.before[h]
	return a || b
}

func (s *recentSet) add(h uint64) {
	if s.now == nil || len(s.now) >= recentHalf {
		s.now, s.before = map[uint64]struct{}{}, s.now
	}
	s.now[h] = struct{}{}
}
