package alerting

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// groupers are Causes and what it is compared with.
var groupers = []struct {
	name  string
	group func([]simAlarm, CauseInput) []int
}{
	{"common cause", byCause},
	{"interval overlap", byOverlap},
	{"group_by service", byLabels("service")},
	{"group_by cluster namespace", byLabels("cluster", "namespace")},
	{"group_by cluster", byLabels("cluster")},
}

// pairwise counts pairs of alarms: those put together, those that belong together, and those that are both.
type pairwise struct{ put, belong, both int }

func (p *pairwise) add(alarms []simAlarm, group []int) {
	for i := range alarms {
		for j := range i {
			put, belong := group[i] == group[j], alarms[i].fault == alarms[j].fault
			p.put += one(put)
			p.belong += one(belong)
			p.both += one(put && belong)
		}
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p pairwise) precision() float64 { return float64(p.both) / float64(p.put) }
func (p pairwise) recall() float64    { return float64(p.both) / float64(p.belong) }

// judgeGrouping scores a way of grouping over n seeded scenes.
func judgeGrouping(n int, calls float64, group func([]simAlarm, CauseInput) []int) (p pairwise) {
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 8))
		alarms, in := newCauseFleet(r, calls).faults(r)
		p.add(alarms, group(alarms, in))
	}
	return p
}

// simCalls is how much the services of a scene owe to each other.
const simCalls = 0.75

// harmonic is the harmonic mean of precision and recall.
func (p pairwise) harmonic() float64 { return 2 * float64(p.both) / float64(p.put+p.belong) }

// TestCausesAgainstRivals holds the grouping to 0.95 in precision and in recall, and above every other way in both together;
// one that puts everything together has all the recall there is.
func TestCausesAgainstRivals(t *testing.T) {
	n := 16
	if !testing.Short() {
		n = 400
	}
	ours := judgeGrouping(n, simCalls, byCause)
	t.Logf("%-28s precision %.3f  recall %.3f  of %d pairs", "common cause", ours.precision(), ours.recall(), ours.belong)
	if ours.precision() < 0.95 || ours.recall() < 0.95 {
		t.Errorf("common cause: precision %.3f and recall %.3f, want 0.95 of each", ours.precision(), ours.recall())
	}
	for _, g := range groupers[1:] {
		p := judgeGrouping(n, simCalls, g.group)
		t.Logf("%-28s precision %.3f  recall %.3f", g.name, p.precision(), p.recall())
		if p.precision() >= ours.precision() || p.harmonic() >= ours.harmonic() {
			t.Errorf("%s is as good: precision %.3f, recall %.3f", g.name, p.precision(), p.recall())
		}
	}
}

// BenchmarkCauses groups the same seeded scenes each way, with services that owe much to each other and with such that owe little.
func BenchmarkCauses(b *testing.B) {
	for _, calls := range []float64{simCalls, 0.5, 0.35} {
		for _, g := range groupers {
			b.Run(fmt.Sprintf("coupling %g/%s", calls, g.name), func(b *testing.B) { benchGrouping(b, calls, g.group) })
		}
	}
}

func benchGrouping(b *testing.B, calls float64, group func([]simAlarm, CauseInput) []int) {
	p := judgeGrouping(200, calls, group)
	b.ReportAllocs()
	alarms, in := newCauseFleet(rand.New(rand.NewPCG(8, 8)), calls).faults(rand.New(rand.NewPCG(9, 8)))
	for b.Loop() {
		group(alarms, in)
	}
	b.ReportMetric(p.precision(), "precision")
	b.ReportMetric(p.recall(), "recall")
	b.ReportMetric(float64(len(alarms)), "alarms")
}
