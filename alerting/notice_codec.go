package alerting

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
)

const noticeVersion = 1

// The wire form of a notice is its JSON with what JSON cannot hold beside it: floats as the base64 of their bits, so that NaN,
// infinities and every last digit survive.
type noticeWire struct {
	V      int         `json:"v"`
	Notice *Notice     `json:"notice"`
	Views  []viewWire  `json:"views,omitempty"`
	Charts []chartWire `json:"charts,omitempty"` // of the alarms that have one
}

type viewWire struct {
	Numbers floats `json:"numbers"` // Value, Peak, Band.Lower, Band.Mid, Band.Upper, Score, Surprise
}

type chartWire struct {
	Alarm     int    `json:"alarm"` // index
	Chart     Chart  `json:"chart"` // without its floats
	Y         floats `json:"y"`
	Mid       floats `json:"mid"`
	Lower     floats `json:"lower"`
	Upper     floats `json:"upper"`
	Statistic floats `json:"statistic"`
	Limit     floats `json:"limit"` // one
}

// floats are float64 as the base64 of their little-endian bits; null stays nil.
type floats []float64

// MarshalJSON implements json.Marshaler.
func (f floats) MarshalJSON() ([]byte, error) {
	if f == nil {
		return []byte("null"), nil
	}
	b := make([]byte, 0, 8*len(f))
	for _, v := range f {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(b))
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *floats) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s == nil {
		*f = nil
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(*s)
	if err != nil {
		return err
	}
	if len(raw)%8 != 0 {
		return fmt.Errorf("numbers are %d bytes, want a multiple of 8", len(raw))
	}
	*f = make(floats, len(raw)/8)
	for i := range *f {
		(*f)[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
	}
	return nil
}

// EncodeNotice is a notice with its charts and every bit of its numbers, as JSON; equal notices have equal bytes.
func EncodeNotice(n *Notice) ([]byte, error) { return encodeNotice(n, true) }

// CanonicalNotice is what two runs of the same decisions agree on byte for byte: EncodeNotice without the charts.
func CanonicalNotice(n *Notice) ([]byte, error) { return encodeNotice(n, false) }

func encodeNotice(n *Notice, charts bool) ([]byte, error) {
	plain := *n
	plain.Alarms = append([]AlarmView(nil), n.Alarms...)
	w := noticeWire{V: noticeVersion, Notice: &plain}
	for i := range plain.Alarms {
		v := &plain.Alarms[i]
		w.Views = append(w.Views, viewWire{floats{v.Value, v.Peak, v.Band.Lower, v.Band.Mid, v.Band.Upper, v.Score, v.Surprise}})
		v.Score, v.Surprise = finite(v.Score), finite(v.Surprise)
		if charts && v.Chart != nil {
			w.Charts = append(w.Charts, packChart(i, v.Chart))
		}
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("encode notice %s version %d: %w", n.Key, n.Version, err)
	}
	return b, nil
}

// DecodeNotice is the notice that EncodeNotice encoded.
func DecodeNotice(b []byte) (*Notice, error) {
	var w noticeWire
	if err := json.Unmarshal(b, &w); err != nil {
		return nil, fmt.Errorf("decode notice: %w", err)
	}
	if w.V != noticeVersion || w.Notice == nil {
		return nil, fmt.Errorf("decode notice: version %d, want %d", w.V, noticeVersion)
	}
	if len(w.Views) != len(w.Notice.Alarms) {
		return nil, fmt.Errorf("decode notice %s: numbers of %d alarms, want %d", w.Notice.Key, len(w.Views), len(w.Notice.Alarms))
	}
	for i, vw := range w.Views {
		if len(vw.Numbers) != 7 {
			return nil, fmt.Errorf("decode notice %s: alarm %d has %d numbers, want 7", w.Notice.Key, i, len(vw.Numbers))
		}
		v, x := &w.Notice.Alarms[i], vw.Numbers
		v.Value, v.Peak, v.Score, v.Surprise = x[0], x[1], x[5], x[6]
		v.Band.Lower, v.Band.Mid, v.Band.Upper = x[2], x[3], x[4]
	}
	for _, cw := range w.Charts {
		if cw.Alarm < 0 || cw.Alarm >= len(w.Notice.Alarms) || len(cw.Limit) != 1 {
			return nil, fmt.Errorf("decode notice %s: chart of alarm %d is damaged", w.Notice.Key, cw.Alarm)
		}
		w.Notice.Alarms[cw.Alarm].Chart = cw.unpack()
	}
	return w.Notice, nil
}

func packChart(alarm int, c *Chart) chartWire {
	plain := *c
	plain.Y, plain.Mid, plain.Lower, plain.Upper, plain.Statistic, plain.Limit = nil, nil, nil, nil, nil, 0
	return chartWire{
		Alarm: alarm, Chart: plain, Y: c.Y, Mid: c.Mid, Lower: c.Lower, Upper: c.Upper, Statistic: c.Statistic,
		Limit: floats{c.Limit},
	}
}

func (w chartWire) unpack() *Chart {
	c := w.Chart
	c.Y, c.Mid, c.Lower, c.Upper, c.Statistic, c.Limit = w.Y, w.Mid, w.Lower, w.Upper, w.Statistic, w.Limit[0]
	return &c
}
