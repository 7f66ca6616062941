package ingest

import "context"

// wireNext moves to the next series of a frame; false at the answer's end. What was met before must have been kept.
func (s *feedSet) wireNext() (bool, error) {
	for {
		for len(s.rest) > 0 {
			num, _, data, rest, err := field(s.rest)
			if err != nil {
				return false, err
			}
			if s.rest = rest; num != 1 {
				continue
			}
			if err := s.wire.parse(data); err != nil {
				return false, err
			}
			return true, nil
		}
		if more, err := s.frameNext(); err != nil || !more {
			return false, err
		}
	}
}

// frameNext moves to the next frame.
func (s *feedSet) frameNext() (bool, error) {
	for s.b == nil || s.frame == len(s.b.ends) {
		if s.ended {
			return false, nil
		}
		s.dropBatch()
		more, err := s.receive(s.f.ctx)
		if err != nil || !more {
			return false, err
		}
	}
	start := 0
	if s.frame > 0 {
		start = s.b.ends[s.frame-1]
	}
	s.rest = s.b.buf[start:s.b.ends[s.frame]]
	s.frame++
	query, err := queryIndex(s.rest)
	if err == nil && query != 0 {
		err = corrupt("frame", "query_index is %d, the request had one query", query)
	}
	if err != nil {
		return false, err
	}
	return true, nil
}

// dropBatch gives the batch at hand back.
func (s *feedSet) dropBatch() {
	if s.b == nil {
		return
	}
	s.a.done(s.b)
	s.b = nil
	s.f.r.countSamples(s.read)
	s.read = 0
}

// receive waits for the next batch; false at the answer's end.
func (s *feedSet) receive(ctx context.Context) (bool, error) {
	select {
	case b, more := <-s.a.batches:
		if !more {
			if s.ended = true; s.a.err == nil {
				s.f.line.done()
			}
			return false, s.a.err
		}
		s.f.line.ahead(ctx)
		if b.sampled {
			return false, s.list(b)
		}
		s.b, s.frame = b, 0
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// list unpacks a sampled answer, which comes as a whole.
func (s *feedSet) list(b *batch) error {
	bound := s.f.r.bound()
	c := newCollector(s.a.from, s.a.to, bound, s.names)
	err := walkSampled(b.buf, []*collector{c})
	s.a.done(b)
	if err != nil {
		return err
	}
	list, err := c.finish()
	if err != nil {
		return err
	}
	s.f.r.countSamples(bound.samples)
	s.f.r.noteNewestOf(list)
	s.listed = append([]*series{nil}, list...) // next takes the first one off
	_, err = s.receive(s.f.ctx)                // the end
	return err
}
