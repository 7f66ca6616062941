package ingest

// arena keeps copies of chunk bytes in large blocks: one allocation for hundreds of chunks, and every copy is followed by
// slack readable bytes, as decodeXOR needs. What it holds is freed together, with the read that it belongs to.
type arena struct {
	block []byte
}

const arenaBlock = 64 << 10

// keep copies b and gives a slice that is slack bytes longer than b.
func (a *arena) keep(b []byte) []byte {
	need := len(b) + slack
	if need > arenaBlock/4 {
		out := make([]byte, need)
		copy(out, b)
		return out
	}
	if cap(a.block)-len(a.block) < need {
		a.block = make([]byte, 0, arenaBlock)
	}
	start := len(a.block)
	// The slack may overlap the next copy: it only has to be readable, its bits are never used.
	a.block = append(a.block, b...)
	return a.block[start : start+need : start+need]
}
