package api_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/tidewatch/tidewatch/internal/api"
)

// TestValuesInJSON fixes how values look in JSON: Prometheus's form for samples, RFC 3339 for times.
func TestValuesInJSON(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{api.Value(0.1), `"0.1"`},
		{api.Value(math.Copysign(0, -1)), `"-0"`},
		{api.Value(1e21), `"1000000000000000000000"`},
		{api.Value(5e-7), `"0.0000005"`},
		{api.Value(math.NaN()), `"NaN"`},
		{api.Value(math.Inf(1)), `"+Inf"`},
		{api.Value(math.Inf(-1)), `"-Inf"`},
		{api.Time(1795402800000), `"2026-11-23T03:00:00Z"`},
		{api.Time(1795402800120), `"2026-11-23T03:00:00.12Z"`},
		{api.Time(-1), `"1969-12-31T23:59:59.999Z"`},
		{api.SeriesID(math.MaxUint64), `"18446744073709551615"`},
	} {
		b, err := json.Marshal(c.v)
		if err != nil || string(b) != c.want {
			t.Errorf("%v: %s (%v), want %s", c.v, b, err, c.want)
		}
	}
	var got struct {
		V api.Value
		T api.Time
		S api.SeriesID
	}
	if err := json.Unmarshal([]byte(`{"V":"-Inf","T":"2026-11-23T04:00:00.5+01:00","S":"18446744073709551615"}`), &got); err != nil {
		t.Fatal(err)
	}
	if !math.IsInf(float64(got.V), -1) || got.T != 1795402800500 || got.S != math.MaxUint64 {
		t.Errorf("read back as %+v", got)
	}
	for _, bad := range []string{`{"V":"high"}`, `{"T":"yesterday"}`, `{"S":"-1"}`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}
