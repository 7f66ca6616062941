package alerting

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"pgregory.net/rapid"
)

func anyFloat() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{
		0, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0.5, 99.95, 999.95,
	}))
}

func anyFacts(t *rapid.T) Facts {
	num := func(name string) float64 { return anyFloat().Draw(t, name) }
	text := func(name string) string { return rapid.StringN(0, 80, -1).Draw(t, name) }
	at := rapid.Int64Range(0, 4e12).Draw(t, "at")
	point := func() tidewatch.Point { return tidewatch.Point{T: at, V: num("value")} }
	f := Facts{
		ID: text("id"), Detector: text("detector"), Labels: labels.FromStrings("job", text("job"), "x", text("x"), "cluster", text("cluster")),
		Annotations: map[string]string{"summary": "{{ $value }} {{ unit $expected }}"},
		Unit:        rapid.SampledFrom([]string{"", UnitPercent, UnitPercent100, UnitBytes, UnitBytesPerSecond, UnitSeconds, UnitPerSecond, "req/s"}).Draw(t, "unit"),
		Step:        time.Minute, StartsAt: at, Policy: DefaultPolicy(), Now: point(), Peak: num("peak"), AnomalyScore: num("score"),
		Band: tidewatch.Band{Lower: num("lower"), Mid: num("mid"), Upper: num("upper")},
		Score: tidewatch.Score{
			Surprise: num("surprise"), Mid: num("expected"), Ready: rapid.Bool().Draw(t, "ready"),
			Channel: tidewatch.Channel(rapid.IntRange(0, int(tidewatch.NumChannels)).Draw(t, "channel")),
			Side:    int8(rapid.IntRange(-1, 1).Draw(t, "side")),
		},
		Transition: Transition{
			T: at, To: State(rapid.IntRange(0, 2).Draw(t, "to")), Rule: rapid.SampledFrom([]Rule{"", RuleNewestReal, RuleFilledBreaching}).Draw(t, "rule"),
			Breaches: rapid.IntRange(0, 60).Draw(t, "breaches"), Of: rapid.IntRange(0, 60).Draw(t, "of"), Missing: rapid.IntRange(0, 60).Draw(t, "missing"),
		},
		Explanation: tidewatch.Explanation{
			Terms:     []tidewatch.Term{{Name: text("term"), Value: num("term value")}},
			Statistic: num("statistic"), Limit: num("limit"), History: rapid.Int64().Draw(t, "history"),
		},
	}
	for range rapid.IntRange(0, 9).Draw(t, "points") {
		f.Breaching = append(f.Breaching, point())
	}
	return f
}

// Whatever the facts are, they can be worded, in a headline of one line that is not absurdly long, and encoded.
func TestAnyFactsCanBeWorded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := View(anyFacts(t))
		head := Headline([]AlarmView{v, v}, map[string]string{"job": rapid.String().Draw(t, "group")}, time.UTC)
		if strings.ContainsAny(v.Title+head, "\n\r") && !strings.ContainsAny(v.Detector, "\n\r") {
			t.Fatalf("more than one line: %q", head)
		}
		if n := utf8.RuneCountInString(head); n > 600 {
			t.Fatalf("a headline of %d characters: %s", n, head)
		}
		n := ServiceNotice("r", "k", 1, false, head, alarmBody(v, "", ""))
		n.Alarms = []AlarmView{v}
		b, err := EncodeNotice(&n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeNotice(b); err != nil {
			t.Fatal(err)
		}
	})
}
