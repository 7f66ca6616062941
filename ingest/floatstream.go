package ingest

// mostHeld is how many samples of one series are held back for the sake of merging what overlaps.
const mostHeld = 1 << 14

// floatStream turns the chunks of a stream into runs of samples. A chunk's samples are held back until the series' next chunk
// is known not to overlap them.
type floatStream struct {
	sel   Selection
	each  func(Samples) error
	stats *StreamStats
	last  []int64 // the newest time handed over, by the series' number

	n      int // the series of the samples held back
	id     *identity
	ts     []int64 // held back
	vs     []float64
	spareT []int64
	spareV []float64
}

// chunk takes one chunk of series n.
func (f *floatStream) chunk(n int, id *identity, c *chunk) error {
	if !c.isFloat() {
		f.stats.Histograms += int64(c.samples())
		return nil
	}
	ts, vs, err := c.floats(f.spareT, f.spareV)
	if err != nil {
		return err
	}
	if f.overlaps(n, ts) {
		all := len(f.ts) + len(ts)
		f.ts, f.vs = ascending(append(f.ts, ts...), append(f.vs, vs...))
		f.stats.Repeated += int64(all - len(f.ts))
		f.keepSpare(c, ts, vs)
		return nil
	}
	if err := f.flush(); err != nil {
		return err
	}
	f.n, f.id = n, id
	if c.ts != nil { // they are the answer's
		f.ts, f.vs = append(f.ts[:0], ts...), append(f.vs[:0], vs...)
		return nil
	}
	f.ts, f.vs, f.spareT, f.spareV = ts, vs, f.ts[:0], f.vs[:0]
	return nil
}

// keepSpare keeps grown buffers for the next chunk.
func (f *floatStream) keepSpare(c *chunk, ts []int64, vs []float64) {
	if c.ts == nil {
		f.spareT, f.spareV = ts[:0], vs[:0]
	}
}

// overlaps says whether the samples belong among those held back.
func (f *floatStream) overlaps(n int, ts []int64) bool {
	held := len(f.ts)
	return held > 0 && held < mostHeld && f.n == n && len(ts) > 0 && ts[0] <= f.ts[held-1]
}

// flush hands over what is held back, but for what lies outside of the range or is not newer than what was handed over.
func (f *floatStream) flush() error {
	for len(f.last) <= f.n {
		f.last = append(f.last, f.sel.From-1)
	}
	inRange, _ := within(f.ts, f.vs, f.sel.From, f.sel.To, f.sel.From-1)
	ts, vs := within(f.ts, f.vs, f.sel.From, f.sel.To, f.last[f.n])
	f.stats.Repeated += int64(len(inRange) - len(ts))
	f.ts, f.vs = f.ts[:0], f.vs[:0]
	if len(ts) == 0 {
		return nil
	}
	f.last[f.n] = ts[len(ts)-1]
	f.stats.Samples += int64(len(ts))
	return ofCaller(f.each(Samples{Series: f.n, Labels: f.id.bare, T: ts, V: vs}))
}
