package api

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Time is Unix milliseconds. In JSON it is RFC 3339 in UTC with milliseconds only where there are any; the zero Time means
// "none" and is left out.
type Time int64

const timeLayout = "2006-01-02T15:04:05.999Z"

// String is the form that JSON shows.
func (t Time) String() string { return time.UnixMilli(int64(t)).UTC().Format(timeLayout) }

// Std is the same instant in UTC.
func (t Time) Std() time.Time { return time.UnixMilli(int64(t)).UTC() }

// MarshalText implements encoding.TextMarshaler.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Time) UnmarshalText(b []byte) error {
	v, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return fmt.Errorf("time: %w", err)
	}
	*t = Time(v.UnixMilli())
	return nil
}

// Value is a sample value. In JSON it is a string, as Prometheus writes sample values, so that "NaN", "+Inf" and "-Inf"
// survive: shortest decimal form without an exponent.
type Value float64

// String is the form that JSON shows.
func (v Value) String() string { return strconv.FormatFloat(float64(v), 'f', -1, 64) }

// IsNaN reports whether there is no value.
func (v Value) IsNaN() bool { return math.IsNaN(float64(v)) }

// MarshalText implements encoding.TextMarshaler.
func (v Value) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(make([]byte, 0, 24), float64(v), 'f', -1, 64), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Value) UnmarshalText(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("sample value: %w", err)
	}
	*v = Value(f)
	return nil
}

// SeriesID is tidewatch.SeriesID of a series. In JSON it is a decimal string, because JavaScript cannot hold 64 bits.
type SeriesID uint64

// String is the decimal form.
func (id SeriesID) String() string { return strconv.FormatUint(uint64(id), 10) }

// MarshalText implements encoding.TextMarshaler.
func (id SeriesID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *SeriesID) UnmarshalText(b []byte) error {
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		return fmt.Errorf("series id: %w", err)
	}
	*id = SeriesID(n)
	return nil
}
