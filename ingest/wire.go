package ingest

import (
	"encoding/binary"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// The walk over a ChunkedReadResponse without copying it. Field numbers are those of prompb/remote.proto and types.proto:
//
//	ChunkedReadResponse { 1 repeated ChunkedSeries; 2 query_index }
//	ChunkedSeries       { 1 repeated Label {1 name, 2 value}; 2 repeated Chunk }
//	Chunk               { 1 min_time_ms; 2 max_time_ms; 3 type; 4 data }
type wireSeries struct {
	labels []byte // the bytes of all Label fields, a key for equality and input for decodeLabels
	chunks []wireChunk
}

type wireChunk struct {
	mint, maxt int64
	enc        chunkenc.Encoding
	data       []byte
}

// check refuses what no chunk of the given series can be.
func (c *wireChunk) check(ls labels.Labels) error {
	switch {
	case !chunkenc.IsValidEncoding(c.enc):
		return corrupt("chunk", "unknown encoding %d in series %s", c.enc, ls)
	case len(c.data) < 2:
		return corrupt("chunk", "%d bytes in series %s", len(c.data), ls)
	case c.mint > c.maxt:
		return corrupt("chunk", "time range %d to %d in series %s", c.mint, c.maxt, ls)
	}
	return nil
}

const (
	wireVarint = 0
	wireFixed8 = 1
	wireBytes  = 2
	wireFixed4 = 5
)

// field reads one protobuf field: its number, its varint or 64-bit value or its bytes, and what is left.
func field(b []byte) (num int, v uint64, data, rest []byte, err error) {
	tag, n := binary.Uvarint(b)
	if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return 0, 0, nil, nil, corrupt("protobuf", "bad field tag")
	}
	b, num = b[n:], int(tag>>3)
	switch tag & 7 {
	case wireVarint:
		v, n = binary.Uvarint(b)
		if n <= 0 {
			return 0, 0, nil, nil, corrupt("protobuf", "bad varint in field %d", num)
		}
		return num, v, nil, b[n:], nil
	case wireBytes:
		v, n = binary.Uvarint(b)
		if n <= 0 || v > uint64(len(b)-n) {
			return 0, 0, nil, nil, corrupt("protobuf", "length of field %d is beyond the message", num)
		}
		return num, 0, b[n : n+int(v)], b[n+int(v):], nil
	case wireFixed8, wireFixed4:
		size := 8
		if tag&7 == wireFixed4 {
			size = 4
		}
		if len(b) < size {
			return 0, 0, nil, nil, corrupt("protobuf", "field %d is cut", num)
		}
		if size == 8 {
			v = binary.LittleEndian.Uint64(b)
		}
		return num, v, nil, b[size:], nil
	default:
		return 0, 0, nil, nil, corrupt("protobuf", "field %d has the unknown wire type %d", num, tag&7)
	}
}

// queryIndex is which query of the request a frame answers. The field comes after the series, so it has to be looked for first.
func queryIndex(frame []byte) (query int, err error) {
	for b := frame; len(b) > 0; {
		num, v, _, rest, err := field(b)
		if err != nil {
			return 0, err
		}
		if num == 2 {
			query = int(int64(v))
		}
		b = rest
	}
	return query, nil
}

// walkFrame calls each with every series of a frame; the slices are valid during the call only.
func walkFrame(frame []byte, s *wireSeries, each func(query int, s *wireSeries) error) error {
	query, err := queryIndex(frame)
	if err != nil {
		return err
	}
	for b := frame; len(b) > 0; {
		num, _, data, rest, err := field(b)
		if err != nil {
			return err
		}
		if num == 1 {
			if err := s.parse(data); err != nil {
				return err
			}
			if err := each(query, s); err != nil {
				return err
			}
		}
		b = rest
	}
	return nil
}

func (s *wireSeries) parse(b []byte) error {
	s.labels, s.chunks = s.labels[:0], s.chunks[:0]
	for len(b) > 0 {
		num, _, data, rest, err := field(b)
		if err != nil {
			return err
		}
		switch num {
		case 1:
			s.labels = append(s.labels, b[:len(b)-len(rest)]...)
		case 2:
			c, err := parseChunk(data)
			if err != nil {
				return err
			}
			s.chunks = append(s.chunks, c)
		}
		b = rest
	}
	return nil
}

func parseChunk(b []byte) (wireChunk, error) {
	var c wireChunk
	for len(b) > 0 {
		num, v, data, rest, err := field(b)
		if err != nil {
			return c, err
		}
		switch num {
		case 1:
			c.mint = int64(v)
		case 2:
			c.maxt = int64(v)
		case 3:
			if v > 255 {
				return c, corrupt("chunk", "unknown encoding %d", v)
			}
			c.enc = chunkenc.Encoding(v)
		case 4:
			c.data = data
		}
		b = rest
	}
	return c, nil
}

// decodeLabels turns the bytes of Label fields into sorted labels. A label twice, or without a name, is corrupt.
func decodeLabels(b []byte, builder *labels.ScratchBuilder) (labels.Labels, error) {
	builder.Reset()
	for len(b) > 0 {
		_, _, data, rest, err := field(b)
		if err != nil {
			return labels.EmptyLabels(), err
		}
		var name, value string
		for len(data) > 0 {
			num, _, text, more, err := field(data)
			if err != nil {
				return labels.EmptyLabels(), err
			}
			switch num {
			case 1:
				name = string(text)
			case 2:
				value = string(text)
			}
			data = more
		}
		if name == "" {
			return labels.EmptyLabels(), corrupt("protobuf", "a label without a name")
		}
		if value != "" { // an empty value is the same as no label
			builder.Add(name, value)
		}
		b = rest
	}
	builder.Sort()
	ls := builder.Labels()
	if name, twice := ls.HasDuplicateLabelNames(); twice {
		return labels.EmptyLabels(), corrupt("protobuf", "the label %q occurs twice in one series", name)
	}
	return ls, nil
}
