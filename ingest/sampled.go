package ingest

import (
	"fmt"
	"math"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// maxExpansion bounds what a sampled answer may unpack to, as a multiple of its packed size; snappy's own limit is about 22
// for 64-byte copies of 3 bytes.
const maxExpansion = 64

// unsnappy unpacks the body of a sampled answer, unless that gives more than limit bytes.
func unsnappy(body []byte, limit int64) ([]byte, error) {
	n, err := snappy.DecodedLen(body)
	if err != nil {
		return nil, corrupt("snappy", "%w", err)
	}
	if n > maxExpansion*len(body)+64 {
		return nil, corrupt("snappy", "%d bytes claim to unpack to %d", len(body), n)
	}
	if int64(n) > limit {
		return nil, &limitError{fmt.Sprintf("a sampled answer that unpacks to %d bytes, and %d may be held (raise max_bytes_in_flight, lower concurrency, or select less)", n, limit)}
	}
	out, err := snappy.Decode(nil, body)
	if err != nil {
		return nil, corrupt("snappy", "%w", err)
	}
	return out, nil
}

// walkSampled reads a ReadResponse { 1 repeated QueryResult { 1 repeated TimeSeries } } into the collectors, one for each
// query of the request.
func walkSampled(b []byte, into []*collector) error {
	for query := 0; len(b) > 0; {
		num, _, result, rest, err := field(b)
		if err != nil {
			return err
		}
		b = rest
		if num != 1 {
			continue
		}
		if query >= len(into) {
			return corrupt("protobuf", "more than the %d results asked for", len(into))
		}
		for len(result) > 0 {
			num, _, ts, more, err := field(result)
			if err != nil {
				return err
			}
			if num == 1 {
				if err := into[query].addSampled(ts); err != nil {
					return err
				}
			}
			result = more
		}
		query++
	}
	return nil
}

// addSampled takes one TimeSeries { 1 repeated Label; 2 repeated Sample; 4 repeated Histogram }.
func (c *collector) addSampled(b []byte) error {
	var (
		key   []byte
		ts    []int64
		vs    []float64
		hists []prompb.Histogram
	)
	for len(b) > 0 {
		num, _, data, rest, err := field(b)
		if err != nil {
			return err
		}
		switch num {
		case 1:
			key = append(key, b[:len(b)-len(rest)]...)
		case 2:
			t, v, err := parseSample(data)
			if err != nil {
				return err
			}
			if t >= c.mint && t <= c.maxt {
				ts, vs = append(ts, t), append(vs, v)
			}
		case 4:
			var h prompb.Histogram
			if err := h.Unmarshal(data); err != nil {
				return corrupt("protobuf", "histogram: %w", err)
			}
			hists = append(hists, h)
		}
		b = rest
	}
	s, err := c.find(key)
	if err != nil {
		return err
	}
	if len(ts) > 0 {
		if err := c.keep(s, decodedChunk(ts, vs), len(ts)); err != nil {
			return err
		}
	}
	return c.addHistograms(s, hists)
}

func (c *collector) keep(s *series, k chunk, samples int) error {
	s.chunks = append(s.chunks, k)
	return c.budget.add(k.memory(), int64(samples))
}

// parseSample reads Sample { 1 double value; 2 int64 timestamp }.
func parseSample(b []byte) (t int64, v float64, err error) {
	for len(b) > 0 {
		num, x, _, rest, err := field(b)
		if err != nil {
			return 0, 0, err
		}
		switch num {
		case 1:
			v = math.Float64frombits(x)
		case 2:
			t = int64(x)
		}
		b = rest
	}
	return t, v, nil
}

// addHistograms keeps native histograms of a sampled answer as chunks, the form in which streamed ones come.
func (c *collector) addHistograms(s *series, hs []prompb.Histogram) (err error) {
	defer recoverCorrupt(&err)
	for i := range hs {
		if hs[i].Timestamp < c.mint || hs[i].Timestamp > c.maxt {
			continue
		}
		k, err := encodeHistogram(&hs[i])
		if err != nil {
			return err
		}
		if err := c.keep(s, k, 1); err != nil {
			return err
		}
	}
	return nil
}

// encodeHistogram makes a chunk of one histogram.
func encodeHistogram(h *prompb.Histogram) (chunk, error) {
	enc := chunkenc.EncHistogram
	if h.IsFloatHistogram() {
		enc = chunkenc.EncFloatHistogram
	}
	ch, err := chunkenc.NewEmptyChunk(enc)
	if err != nil {
		return chunk{}, err
	}
	app, err := ch.Appender()
	if err != nil {
		return chunk{}, err
	}
	if h.IsFloatHistogram() {
		_, _, _, err = app.AppendFloatHistogram(nil, 0, h.Timestamp, h.ToFloatHistogram(), true)
	} else {
		_, _, _, err = app.AppendHistogram(nil, 0, h.Timestamp, h.ToIntHistogram(), true)
	}
	if err != nil {
		return chunk{}, corrupt("histogram", "%w", err)
	}
	b := ch.Bytes()
	return chunk{mint: h.Timestamp, maxt: h.Timestamp, enc: enc, size: len(b), padded: append(b[:len(b):len(b)], make([]byte, slack)...)}, nil
}
