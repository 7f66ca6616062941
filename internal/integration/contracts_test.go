//go:build integration

package integration

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/internal/app"
)

const (
	contractStep   = 5 * int64(time.Minute/time.Millisecond)
	contractPerDay = 288
	contractFault  = 3*contractPerDay + 100 // the column at which faults begin
	contractTriple = 4*contractPerDay - 12  // and at which all values of some are three times as much
	contractEnd    = 4 * contractPerDay
)

// contractCase is a metric whose data go wrong, or a service that does.
type contractCase struct {
	want   string // the reason of the verdict; "" where there must be none
	after  bool   // it is over long before the end, when the service has an incident, which must page
	pages  bool   // it is none of the data, and must page
	expr   string // default: the metric
	config string // further keys of the detector
	// spoil changes what is written: by column; no sample where keep is false.
	spoil func(column int, clean func(column int) float64) (v float64, keep bool)
	// name gives the labels from the fault on, "" as before, by copy.
	name   func(k, c int) []string
	copies int
}

func scaledBy(f float64, until int) func(int, func(int) float64) (float64, bool) {
	return func(column int, clean func(int) float64) (float64, bool) {
		if column >= until {
			return clean(column), true
		}
		return f * clean(column), true
	}
}

func kept(column int, clean func(int) float64) (float64, bool) { return clean(column), true }

func only(columns func(int) bool) func(int, func(int) float64) (float64, bool) {
	return func(column int, clean func(int) float64) (float64, bool) { return clean(column), columns(column) }
}

// contractCases are the faults of data, and incidents that look like some of them, by the metric's name.
var contractCases = map[string]contractCase{
	"clean":     {after: true, spoil: kept},
	"milli":     {want: "unit_jump", after: true, spoil: scaledBy(1000, contractFault+40)},
	"bits":      {want: "unit_jump", after: true, spoil: scaledBy(8, contractFault+40)},
	"percent":   {want: "unit_jump", after: true, spoil: scaledBy(.01, contractFault+40)},
	"incident":  {pages: true, spoil: scaledBy(9.7, contractFault+40)},
	"outside":   {want: "out_of_range", after: true, config: ", range: [0, 1e7]", spoil: scaledBy(-1, contractFault+40)},
	"newlabel":  {want: "schema", spoil: kept, copies: 1, name: func(k, _ int) []string { return []string{"instance", fmt.Sprint(k), "job", "api", "zone", "a"} }},
	"gonelabel": {want: "schema", spoil: kept, copies: 1, name: func(k, _ int) []string { return []string{"instance", fmt.Sprint(k)} }},
	"twice": {want: "duplicate", spoil: kept, copies: 2, name: func(k, c int) []string {
		return []string{"instance", fmt.Sprint(k), "job", "api", "replica", fmt.Sprint(c)}
	}},
	"explosion": {want: "cardinality", spoil: kept, copies: 20, name: func(k, c int) []string { return []string{"instance", fmt.Sprint(k, "-", c), "job", "api"} }},
	"frozen":    {want: "constant", spoil: func(_ int, clean func(int) float64) (float64, bool) { return clean(contractFault), true }},
	"zone":      {want: "time_shift", spoil: func(column int, clean func(int) float64) (float64, bool) { return clean(column - 48), true }},
	"silent":    {want: "stale", after: true, spoil: only(func(c int) bool { return c >= contractFault+20 })},
	"ragged":    {want: "gaps", after: true, spoil: only(func(c int) bool { return c >= contractFault+30 || (c-contractFault)%3 != 0 })},
	"late":      {want: "late", after: true, spoil: kept},
	"storm":     {want: "counter_resets", expr: "rate(storm_total[10m])"},
	"calm":      {expr: "rate(calm_total[10m])"},
	"restarted": {expr: "rate(restarted_total[10m])"},
}

// TestContracts writes four days of many metrics into real servers, of which each has a fault of its own on the fourth, and runs the
// ordinary service over that day: each has its own verdict, told once to those who ask for it; nobody is paged, and nothing is learnt of it.
func TestContracts(t *testing.T) {
	t.Parallel()
	everyRelease(t, func(t *testing.T, r release) {
		t.Parallel()
		p := startProm(t, r, promOptions{})
		begin := (time.Now().UnixMilli()/contractStep - contractEnd - 2) * contractStep
		// The points of two columns come when these were decided, just before the service looks at them again.
		again := contractFault + 50
		for (begin/contractStep+int64(again)+int64(len("late")))%30 != 0 {
			again++
		}
		lateColumn := func(c int) bool { return c == again-2 || c == again-4 }
		all, held := contractData(begin, lateColumn)
		p.write(t, all)

		config := func(slackURL string) string { return contractConfig(p.readURL(), slackURL) }
		w := &walked{slack: newSlack(t)}
		state := filepath.Join(t.TempDir(), "state")
		at := func(column int) int64 { return begin + int64(column)*contractStep + time.Minute.Milliseconds() }
		w.run(t, state, app.NewVirtual(at(3*contractPerDay)), at(again-1), config)
		p.write(t, held)
		w.run(t, state, app.NewVirtual(at(again-1)), at(contractEnd-1), config)
		w.checkContracts(t, begin)
	})
}

func (w *walked) checkContracts(t *testing.T, begin int64) {
	t.Helper()
	verdicts, paged := map[string][]string{}, map[string]bool{}
	for _, q := range w.quality {
		if !q.Over {
			verdicts[q.Detector] = append(verdicts[q.Detector], q.Reason.String())
		}
	}
	incident := begin + contractTriple*contractStep
	for _, o := range w.onsets {
		paged[o.Detector] = true
		if c := contractCases[o.Detector]; c.after && (o.Began < incident || o.Raised > incident+2*contractStep) {
			t.Errorf("%s: alarm from %s, raised at %s; the incident began at %s", o.Detector, stamp(o.Began), stamp(o.Raised), stamp(incident))
		}
	}
	told := map[string]int{}
	for _, m := range w.slack.Messages("#metrics") {
		for name := range contractCases {
			if strings.Contains(m.Text, "· "+name+" ·") {
				told[name]++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(contractCases)) {
		c := contractCases[name]
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		if !slices.Equal(verdicts[name], want) {
			t.Errorf("%s: verdicts %v, want %v", name, verdicts[name], want)
		}
		if paged[name] != (c.pages || c.after) {
			t.Errorf("%s: paged %t, want %t", name, paged[name], c.pages || c.after)
		}
		if told[name] != len(want) {
			t.Errorf("%s: told %d times, want %d", name, told[name], len(want))
		}
	}
	if n := float64(len(w.quality)) - w.over(); w.counted != n {
		t.Errorf("tidewatch_data_quality_verdicts_total adds up to %g, there were %g verdicts", w.counted, n)
	}
	checkMessages(t, w.slack.Messages("#oncall"))
	checkMessages(t, w.slack.Messages("#metrics"))
	for _, q := range w.quality {
		t.Logf("%s at %s: %s over %t, %d of %d: %s", q.Detector, stamp(q.T), q.Reason, q.Over, q.Series, q.Of, q.Text)
	}
}

// over is how many verdicts have ended.
func (w *walked) over() (n float64) {
	for _, q := range w.quality {
		if q.Over {
			n++
		}
	}
	return n
}

func contractConfig(readURL, slackURL string) string {
	var detectors strings.Builder
	for _, name := range slices.Sorted(maps.Keys(contractCases)) {
		c := contractCases[name]
		expr := c.expr
		if expr == "" {
			expr = name
		}
		fmt.Fprintf(&detectors, "  - {name: %s, expr: %q%s}\n", name, expr, c.config)
	}
	return fmt.Sprintf(`
global: {step: 5m, history: 3d}
sources: [{name: prometheus, url: %q}]
detectors:
%s
route:
  receiver: oncall
  group_by: [alertname]
  routes:
    - matchers: ['tidewatch_state="DATA_QUALITY"']
      receiver: data-owners
receivers:
  - name: oncall
    slack_configs: [{channel: "#oncall", app_token: %s, app_url: %q}]
  - name: data-owners
    slack_configs: [{channel: "#metrics", app_token: %s, app_url: %q}]
`, readURL, &detectors, token, slackURL, token, slackURL)
}

// contractData are eight series of each metric with a daily pattern and noise of 3 %, two samples a column. held are those that come late.
func contractData(begin int64, late func(column int) bool) (all, held []series) {
	for _, name := range slices.Sorted(maps.Keys(contractCases)) {
		c := contractCases[name]
		if c.spoil == nil {
			all = append(all, contractCounters(name, begin)...)
			continue
		}
		for k := range 8 {
			clean := contractValues(name, k)
			before := newSeries(name, "instance", fmt.Sprint(k), "job", "api")
			kept := newSeries(name, "instance", fmt.Sprint(k), "job", "api")
			after := make([]series, max(c.copies, 1))
			for i := range after {
				if c.name != nil {
					after[i] = newSeries(name, c.name(k, i)...)
				}
			}
			for i := range 2 * contractEnd {
				column, half := i/2, i%2
				t := begin + int64(column-1)*contractStep + int64(half+1)*contractStep/2
				v, keep := clean(column), true
				if column >= contractFault {
					v, keep = c.spoil(column, clean)
				}
				if c.after && column >= contractTriple {
					v *= 3
				}
				switch {
				case !keep:
				case name == "late" && late(column):
					kept.add(t, v)
				case column >= contractFault && c.name != nil:
					for i := range after {
						after[i].add(t, v)
					}
				}
				if keep && (column < contractFault || c.name == nil || c.copies > 1) && (name != "late" || !late(column)) {
					before.add(t, v)
				}
			}
			all = append(all, before)
			if c.name != nil {
				all = append(all, after...)
			}
			if len(kept.samples) > 0 {
				held = append(held, kept)
			}
		}
	}
	return all, held
}

// contractValues are a series' values by column.
func contractValues(name string, k int) func(column int) float64 {
	rng := rand.New(rand.NewPCG(labels.FromStrings("n", name).Hash(), uint64(k)))
	noise := make([]float64, contractEnd)
	for i := range noise {
		noise[i] = 3 * rng.NormFloat64()
	}
	return func(i int) float64 {
		return float64(k+1) * (100 + 60*math.Sin(2*math.Pi*(float64(i)/contractPerDay+float64(k)/8)) + noise[i])
	}
}

// contractCounters are counters with a sample every half minute: one is restarted, and behind one are two processes from the fault on.
func contractCounters(name string, begin int64) (out []series) {
	rng := rand.New(rand.NewPCG(7, uint64(len(name))))
	for k := range 4 {
		s := newSeries(name+"_total", "instance", fmt.Sprint(k), "job", "api")
		total, other := 5000.0, 90_000.0
		for i := range 10 * contractEnd {
			column := i / 10
			total += float64(20 + rng.IntN(20))
			other += float64(20 + rng.IntN(20))
			if name == "restarted" && i == 10*contractFault {
				total = 0
			}
			v := total
			if name == "storm" && column >= contractFault && column < contractFault+20 && i%2 == 0 {
				v = other
			}
			s.add(begin+int64(column-1)*contractStep+int64(i%10+1)*contractStep/10, v)
		}
		out = append(out, s)
	}
	return out
}
