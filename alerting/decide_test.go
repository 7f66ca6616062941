package alerting

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The masks agree with an evaluation that counts points one by one.
func TestDecideAgainstCounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, MaxOf).Draw(t, "of")
		p := Policy{
			Datapoints: rapid.IntRange(1, n).Draw(t, "datapoints"), Of: n,
			Missing: Treatment(rapid.IntRange(0, 3).Draw(t, "missing")),
		}
		points := rapid.SliceOfN(rapid.IntRange(0, 2), 1, 130).Draw(t, "points")
		var a Alarm
		for i, b := range points {
			a.Step(int64(i)*minute, Breach(b), time.Minute, p)
		}
		want := slowDecide(points, p)
		if got := a.Decide(p); verdictOf(got) != want {
			t.Fatalf("%s by %s, want %s", verdictOf(got), got.Rule, want)
		}
	})
}

// slowDecide is the closed form of the table, over a slice with the newest point last.
func slowDecide(points []int, p Policy) string {
	word := map[bool]string{true: "ALARM", false: "OK"}
	if len(points) > p.Of+RangeExtra {
		points = points[len(points)-p.Of-RangeExtra:]
	}
	var received []int
	oldest := 0
	for i, b := range points {
		if Breach(b) == Missing {
			continue
		}
		received = append(received, b)
		if Breach(b) == Breaching && oldest == 0 {
			oldest = len(points) - i
		}
	}
	fills := min(p.Of-len(received), len(points)-len(received))
	if len(received) >= p.Of {
		received = received[len(received)-p.Of:]
	}
	x := 0
	for _, b := range received {
		if Breach(b) == Breaching {
			x++
		}
	}
	switch {
	case len(received) >= p.Of || p.Missing == MissingNotBreaching || p.Missing != MissingBreaching && x >= p.Datapoints:
		return word[x >= p.Datapoints]
	case p.Missing == MissingBreaching:
		return word[x+fills >= p.Datapoints]
	case len(received) == 0 && p.Missing == MissingMissing:
		return "INSUFFICIENT_DATA"
	case len(received) == 0:
		return "retain"
	case x < len(received):
		return "OK"
	case p.Missing == MissingMissing && oldest >= p.Datapoints:
		return "ALARM"
	default:
		return "retain"
	}
}
