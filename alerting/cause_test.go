package alerting

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

// inStepAlarms are n alarms a minute apart whose residuals are one series with noise of the given size.
func inStepAlarms(n int, noise float64) CauseInput {
	r := rand.New(rand.NewPCG(1, 2))
	base := autocorrelated(r, 0.5)
	in := CauseInput{Step: 60_000, Quiet: Population{Series: 100, With: map[labels.Label]int{{Name: "env", Value: "prod"}: 100, {Name: "zone", Value: "b"}: 3}}}
	for i := range n {
		past := slices.Clone(base)
		for t := range past {
			past[t] += noise * r.NormFloat64()
		}
		in.Alarms = append(in.Alarms, CauseAlarm{
			ID: fmt.Sprint("a", i), Onset: simBegin + int64(i)*60_000, Spread: 10_000, Past: past,
			Labels: labels.FromStrings("__name__", "up", "env", "prod", "zone", "b", "job", fmt.Sprint("j", i)),
		})
	}
	return in
}

func TestCauseSaysWhoMovedFirstAndWhatIsShared(t *testing.T) {
	in := inStepAlarms(3, 0.5)
	in.Alarms[1].Onset = in.Alarms[0].Onset + 5_000 // no one can tell these two apart
	rep := Causes(in)
	if len(rep.Causes) != 1 || rep.Pairs != 3 {
		t.Fatalf("%+v, want one cause of three pairs", rep)
	}
	want := Cause{
		Members: []string{"a0", "a1", "a2"}, First: []string{"a0", "a1"},
		Labels: []SharedLabel{{Name: "zone", Value: "b", Quiet: 3}}, P: 0.001,
	}
	if got := rep.Causes[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("cause %+v, want %+v", got, want)
	}
	slices.Reverse(in.Alarms)
	if again := Causes(in); !reflect.DeepEqual(rep, again) {
		t.Errorf("in another order %+v, was %+v", again, rep)
	}
}

// TestCausesApart changes one thing at a time in two alarms that have one cause.
func TestCausesApart(t *testing.T) {
	noise := func(a *CauseAlarm) { a.Past = autocorrelated(rand.New(rand.NewPCG(3, 4)), 0.5) }
	for name, change := range map[string]func(*CauseAlarm){
		"later than the uncertainty": func(a *CauseAlarm) { a.Onset += 6 * 60_000 },
		"no label shared":            func(a *CauseAlarm) { a.Labels = labels.FromStrings("__name__", "up", "env", "test") },
		"other residuals":            noise,
		"no past":                    func(a *CauseAlarm) { a.Past = nil },
		"too little past":            func(a *CauseAlarm) { a.Past = a.Past[:minCausePast-1] },
		"a past that does not move":  func(a *CauseAlarm) { a.Past = make([]float64, simPast) },
		"a past of NaN":              func(a *CauseAlarm) { fill(a.Past, math.NaN()) },
		"a past beyond all bounds":   func(a *CauseAlarm) { fill(a.Past, math.Inf(1)) },
		"a past that does not fit":   func(a *CauseAlarm) { seesaw(a.Past, 1e300) },
		"in step only in the incident": func(a *CauseAlarm) {
			noise(a)
			copy(a.Past[simPast-20:], inStepAlarms(1, 0).Alarms[0].Past[simPast-20:])
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := inStepAlarms(2, 0.3)
			if name == "in step only in the incident" {
				for i := range in.Alarms {
					in.Alarms[i].Onset -= 20 * 60_000
				}
			}
			if got := len(Causes(in).Causes); got != 1 {
				t.Fatalf("unchanged: %d causes, want 1", got)
			}
			change(&in.Alarms[1])
			rep := Causes(in)
			if len(rep.Causes) != 2 || rep.Causes[0].P != 1 {
				t.Errorf("%+v, want two causes", rep.Causes)
			}
		})
	}
}

func fill(x []float64, v float64) {
	for i := range x {
		x[i] = v
	}
}

// seesaw makes x alternate between ±v, whose square overflows.
func seesaw(x []float64, v float64) {
	for i := range x {
		x[i] = v
		v = -v
	}
}

func TestCausesLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers, which the race detector makes slow: make test-full has them")
	}
	in := inStepAlarms(MaxCauseAlarms+7, 0.3)
	for i := range in.Alarms {
		in.Alarms[i].Onset = simBegin
	}
	for i := range in.Alarms[80:] {
		in.Alarms[80+i].Past, in.Alarms[80+i].Onset = nil, simBegin+1 // 80 have a past: 3,160 pairs
	}
	rep := Causes(in)
	if rep.AlarmsLeftOut != 7 || rep.Pairs != MaxCausePairs || rep.PairsLeftOut != 3160-MaxCausePairs {
		t.Errorf("left out %d alarms and %d of %d pairs", rep.AlarmsLeftOut, rep.PairsLeftOut, rep.Pairs)
	}
	members := 0
	for _, c := range rep.Causes {
		members += len(c.Members)
	}
	if members != MaxCauseAlarms {
		t.Errorf("%d alarms in the causes, want %d", members, MaxCauseAlarms)
	}
	if none := Causes(CauseInput{}); len(none.Causes) != 0 {
		t.Errorf("causes of nothing: %+v", none)
	}
}
