package alerting

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func chartNotice(numbers []float64) *Notice {
	n := ServiceNotice("oncall", "k", 5, false, "h", []string{"b"})
	x := func(i int) float64 { return numbers[i%len(numbers)] }
	v := AlarmView{ID: "a", Value: x(0), Peak: x(1), Score: x(2), Surprise: x(3), Labels: map[string]string{"b": "1", "a": "2"}}
	v.Band.Lower, v.Band.Mid, v.Band.Upper = x(4), x(5), x(6)
	v.Chart = &Chart{
		Title: "t", Unit: UnitPercent, T: []int64{1, 2}, Y: numbers, Mid: []float64{}, Lower: numbers, Anomalous: []bool{true, false},
		Statistic: numbers, StatisticName: "cusum", Limit: x(7), Marks: []Mark{{T: 1, Text: "deploy"}},
	}
	n.Alarms = []AlarmView{{ID: "plain"}, v}
	return &n
}

func TestNoticeRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.OneOf(
			rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}),
		), 1, 20).Draw(t, "numbers")
		n := chartNotice(numbers)
		b, err := EncodeNotice(n)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeNotice(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(n, got, cmpopts.EquateNaNs()); diff != "" {
			t.Fatal(diff)
		}
		if again, err := EncodeNotice(got); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("encodes differently after decoding: %v", err)
		}
	})
}

// Equal notices have equal canonical bytes; a different value shows, a different chart does not.
func TestCanonicalNotice(t *testing.T) {
	canonical := func(n *Notice) string {
		b, err := CanonicalNotice(n)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(b) {
			t.Fatalf("not JSON: %s", b)
		}
		return string(b)
	}
	n := chartNotice([]float64{1, math.NaN()})
	base := canonical(n)
	other := chartNotice([]float64{1, math.NaN()})
	other.Alarms[1].Chart.Y = []float64{9}
	if canonical(other) != base || strings.Contains(base, "cusum") {
		t.Error("the chart shows")
	}
	other.Alarms[1].Value = math.Nextafter(1, 2)
	if canonical(other) == base {
		t.Error("the last digit of a value does not show")
	}
}

func TestDecodeNoticeRefusesDamage(t *testing.T) {
	b, err := EncodeNotice(chartNotice([]float64{1}))
	if err != nil {
		t.Fatal(err)
	}
	good := string(b)
	for name, bad := range map[string]string{
		"empty": "", "truncated": good[:len(good)/2], "version": strings.Replace(good, `{"v":1`, `{"v":9`, 1), "no notice": `{"v":1}`,
		"views":   strings.Replace(good, `"views":[{`, `"views":[{"numbers":null},{`, 1),
		"numbers": strings.Replace(good, `"numbers":"AAAAAAAAAAAAAAAA`, `"numbers":"AAAA`, 1),
		"base64":  strings.Replace(good, `"numbers":"AAAA`, `"numbers":"?AAA`, 1),
		"few":     strings.Replace(good, `"numbers":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`, `"numbers":"AAAAAAAA`, 1),
		"chart":   strings.Replace(good, `"alarm":1`, `"alarm":2`, 1),
		"limit":   strings.Replace(good, `"limit":"`, `"limit":null,"x":"`, 1),
	} {
		if bad == good {
			t.Errorf("%s: the damage does not apply to %s", name, good)
		}
		if _, err := DecodeNotice([]byte(bad)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestServiceNotice(t *testing.T) {
	down := ServiceNotice("oncall", "source/eu1/100", 100, false, "eu1 is unreachable", []string{"since 02:54"})
	up := ServiceNotice("oncall", "source/eu1/100", 160, true, "eu1 is back after 1 min", nil)
	if down.Key != up.Key || down.Version != 1 || up.Version != 2 || down.Status != "firing" || up.Status != "resolved" ||
		up.Reply != up.Headline || down.Kind != KindService || up.EndsAt != 160 {
		t.Errorf("down %+v\nup %+v", down, up)
	}
	if next := ServiceNotice("oncall", "source/eu1/900", 900, false, "", nil); next.Key == down.Key {
		t.Error("the next outage has the key of the last")
	}
}

func FuzzDecodeNotice(f *testing.F) {
	good, err := EncodeNotice(chartNotice([]float64{1, math.NaN()}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"v":1,"notice":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := DecodeNotice(b)
		if err != nil {
			return
		}
		if _, err := EncodeNotice(n); err != nil {
			t.Fatalf("decodes but does not encode: %v", err)
		}
	})
}
