package ingest

import (
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// readRange reads the answer of query_range, one series at a time. Times that were not asked for are an error, as are an
// answer that calls itself partial and anything after its end.
func readRange(body io.Reader, from, to, step int64) (promql.Matrix, error) {
	r := &rangeReader{dec: json.NewDecoder(body), from: from, to: to, step: step}
	err := r.object(func(field string) error {
		switch field {
		case "data":
			return r.object(r.data)
		case "status":
			return r.dec.Decode(&r.status)
		case "isPartial":
			return r.dec.Decode(&r.partial)
		case "error":
			return r.dec.Decode(&r.text)
		default:
			return r.skip()
		}
	})
	switch {
	case err != nil:
		return nil, asCorruptJSON(err)
	case r.status != "success":
		return nil, corrupt("answer", "status is %q, not success: %s", r.status, r.text)
	case r.partial:
		return nil, corrupt("answer", "it is partial: some storage nodes did not answer")
	case r.kind != "matrix":
		return nil, corrupt("answer", "resultType is %q, not matrix", r.kind)
	}
	switch _, err := r.dec.Token(); {
	case err == nil:
		return nil, corrupt("answer", "it goes on after its end")
	case !errors.Is(err, io.EOF):
		return nil, asCorruptJSON(err)
	}
	return r.list, nil
}

// rangeReader walks the JSON of an answer.
type rangeReader struct {
	dec            *json.Decoder
	from, to, step int64
	status, kind   string
	text           string
	partial        bool
	list           promql.Matrix
}

// object calls each for the fields of an object; each reads the value.
func (r *rangeReader) object(each func(field string) error) error {
	if err := r.delim('{'); err != nil {
		return err
	}
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // where a field begins, the decoder gives nothing else
		if err := each(name); err != nil {
			return err
		}
	}
	return r.delim('}')
}

func (r *rangeReader) delim(want json.Delim) error {
	got, err := r.dec.Token()
	if err == nil && got != want {
		err = corrupt("JSON", "%v where %v should be", got, want)
	}
	return err
}

func (r *rangeReader) skip() error {
	var raw json.RawMessage
	return r.dec.Decode(&raw)
}

func (r *rangeReader) data(field string) error {
	switch field {
	case "resultType":
		return r.dec.Decode(&r.kind)
	case "result":
		if err := r.delim('['); err != nil {
			return err
		}
		for r.dec.More() {
			if err := r.series(); err != nil {
				return err
			}
		}
		return r.delim(']')
	default:
		return r.skip()
	}
}

// series reads one series. Of native histograms only that there are some is kept: they are refused later.
func (r *rangeReader) series() error {
	var in struct {
		Metric     labels.Labels     `json:"metric"`
		Values     rangePoints       `json:"values"`
		Histograms []json.RawMessage `json:"histograms"`
	}
	if err := r.dec.Decode(&in); err != nil {
		return err
	}
	last := int64(math.MinInt64)
	for _, p := range in.Values {
		if p.T < r.from || p.T > r.to || (p.T-r.from)%r.step != 0 || p.T <= last {
			return corrupt("answer", "series %s has a point at %d; asked for were %d to %d every %d ms, in order", in.Metric, p.T, r.from, r.to, r.step)
		}
		last = p.T
	}
	r.list = append(r.list, promql.Series{Metric: in.Metric, Floats: in.Values, Histograms: make([]promql.HPoint, len(in.Histograms))})
	return nil
}

// rangePoints are [[<Unix seconds>, "<value>"], …].
type rangePoints []promql.FPoint

// UnmarshalJSON reads the pairs. The bytes are valid JSON: the decoder has seen to it. What is no pair has no time that was
// asked for.
func (p *rangePoints) UnmarshalJSON(b []byte) error {
	var out []promql.FPoint
	start, quote := -1, -1 // where the number and the text of the pair begin
	var at float64
	for i, c := range b {
		var err error
		switch {
		case c == '"' && quote < 0:
			quote = i + 1
		case c == '"':
			var v float64
			if v, err = strconv.ParseFloat(string(b[quote:i]), 64); err == nil {
				out, quote = append(out, promql.FPoint{T: int64(math.Round(at * 1000)), F: v}), -1
			}
		case quote >= 0:
		case start < 0 && (c >= '0' && c <= '9' || c == '-'):
			start = i
		case start >= 0 && c == ',':
			at, err = strconv.ParseFloat(string(b[start:i]), 64)
			start = -1
		}
		if err != nil {
			return err
		}
	}
	*p = out
	return nil
}

// asCorruptJSON makes what the decoder complains of a corruption; errors of the transport and limits stay what they are.
func asCorruptJSON(err error) error {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
		number *strconv.NumError
		packed flate.CorruptInputError
	)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return corrupt("JSON", "the answer ends in the middle")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &packed):
		return corrupt("gzip", "%w", err)
	case errors.As(err, &syntax), errors.As(err, &kind), errors.As(err, &number):
		return corrupt("JSON", "%w", err)
	}
	return err
}
