package engine

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/models"
)

// rollouts is a workload of three pods that is deployed anew every 18 hours: each pod in turn, by turns overlapping its predecessor for
// two minutes and after a pause of two. The pods of deployment 13 need 60 % more.
type rollouts struct {
	step  int64
	name  func(deploy, pod int) labels.Labels
	seed  uint64
	pause int64 // ms between the end of a pod and the beginning of the next, besides
}

const (
	deployments   = 20
	deployEvery   = 18 * 60 * minute
	badDeployment = 13
	firstDeploy   = 7 * day // after the beginning
)

// kubernetes names pods as a Deployment does: a new replica-set hash and a new suffix each time, and another address.
func kubernetes(deploy, pod int) labels.Labels {
	h := sampleHash(9, uint64(deploy), int64(pod))
	const safe = "bcdfghjklmnpqrstvwxz2456789"
	word := func(n int, h uint64) string {
		b := make([]byte, n)
		for i := range b {
			b[i], h = safe[h%uint64(len(safe))], h/uint64(len(safe))
		}
		return string(b)
	}
	name := "web-" + word(9, sampleHash(9, uint64(deploy), 77)) + "-" + word(5, h)
	return labels.FromStrings("job", "web", "pod", name, "instance", fmt.Sprintf("10.0.%d.%d:8080", h>>8&255, h&255))
}

// life is [from, to) of a pod of a deployment, Unix milliseconds.
func (r rollouts) life(deploy, pod int) (from, to int64) {
	at := func(k int) int64 { return start + firstDeploy + int64(k-1)*deployEvery + int64(pod)*5*minute }
	from, to = at(deploy), at(deploy+1)
	if deploy == 0 {
		from = start
	}
	if deploy%2 == 0 {
		to += 2 * r.step // the next one is there already
	} else {
		to -= 2*r.step + r.pause
	}
	return from, to
}

func (r rollouts) block(detector string) tidewatch.Block {
	b := tidewatch.Block{Detector: detector, From: start, Step: r.step, N: int((firstDeploy + deployments*deployEvery) / r.step)}
	for deploy := range deployments + 1 {
		for pod := range 3 {
			ls := r.name(deploy, pod)
			row := tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID(detector, ls), Labels: ls}, V: make([]float64, b.N)}
			from, to := r.life(deploy, pod)
			for i := range row.V {
				t := b.Time(i)
				row.V[i] = math.NaN()
				if t >= from && t < to {
					row.V[i] = 100 + 4*float64(pod) + 30*math.Sin(2*math.Pi*float64(t%day)/float64(day)) + 3*normal(r.seed+uint64(100*deploy+pod), i)
					if deploy == badDeployment {
						row.V[i] *= 1.6
					}
				}
			}
			b.Rows = append(b.Rows, row)
		}
	}
	sortRows(b.Rows)
	return b
}

// normal is a standard normal number that depends on its arguments alone.
func normal(seed uint64, i int) float64 {
	u := func(k int64) float64 { return (float64(sampleHash(seed, uint64(i), k)>>11) + 0.5) / (1 << 53) }
	return math.Sqrt(-2*math.Log(u(0))) * math.Cos(2*math.Pi*u(1))
}

// play runs all of it and returns the labels and times of the alarms that began.
func (r rollouts) play(t *testing.T, d Detector) (core *Core, alarms []Change) {
	t.Helper()
	d.Model.Step = time.Duration(r.step) * time.Millisecond
	b := r.block(d.Name)
	c := testCore(t, 2, d)
	at := int(firstDeploy / r.step)
	if _, err := c.Train(cut(b, 0, at)); err != nil {
		t.Fatal(err)
	}
	c.Begin(b.Time(at), d.Name)
	res, err := c.Tick(b.End(), []tidewatch.Block{cut(b, at, b.N)})
	must(t, err)
	for _, ch := range res.Changes {
		if ch.Transition.To == alerting.Alarming {
			alarms = append(alarms, ch)
		}
	}
	return c, alarms
}

// wantBadDeployment checks that the alarms are those of the pods of the bad deployment, each within so long of its birth, and that no other
// pod's is near its birth: its name is no reason for one. The promise allows for one later.
func (r rollouts) wantBadDeployment(t *testing.T, alarms []Change, within int64) {
	t.Helper()
	found, others := map[string]bool{}, 0
	born := map[uint64]int64{}
	for deploy := range deployments + 1 {
		for pod := range 3 {
			born[tidewatch.SeriesID("R", r.name(deploy, pod))], _ = r.life(deploy, pod)
		}
	}
	for _, a := range alarms {
		pod := -1
		for k := range 3 {
			if labels.Equal(a.Series.Labels, r.name(badDeployment, k)) {
				pod = k
			}
		}
		if pod < 0 {
			if others++; others > 1 || a.Transition.T-born[a.Series.ID] < 6*60*minute {
				t.Errorf("%s: alarm of %s, which is well: %s", clockTime(a.Transition.T), a.Series.Labels, a.View.Reason)
			}
			continue
		}
		found[a.Series.Labels.String()] = true
		if from, _ := r.life(badDeployment, pod); a.Transition.T-from > within {
			t.Errorf("%s: found %d min after its birth", a.Series.Labels, (a.Transition.T-from)/minute)
		}
	}
	if len(found) != 3 {
		t.Errorf("%d of the 3 pods of the bad deployment were found", len(found))
	}
}

// TestRollouts is idea 9's proof: twenty deployments, no alarm because of a new name, and the bad one found.
func TestRollouts(t *testing.T) {
	r := rollouts{step: 5 * minute, name: kubernetes}
	if testing.Short() {
		r.step = 10 * minute
	} else {
		r.step = minute
	}
	c, alarms := r.play(t, testDetector("R"))
	r.wantBadDeployment(t, alarms, max(30*minute, 9*r.step)) // two of overlap, three of silence, three to alarm
	for _, a := range alarms {
		if !strings.Contains(a.View.Why, `inherited from instance="10.0.`) {
			t.Errorf("it does not say where its history is from: %s", a.View.Why)
		}
	}
	n := 0
	c.Alarms(nil, func(a AlarmInfo) bool {
		n++
		if a.Training.State == PendingTraining || a.Origin.ID == 0 || a.Training.Progress < 0.9 {
			t.Errorf("%s: %s, %.2f, from %v", a.Series.Labels, a.Training.State, a.Training.Progress, a.Origin.Labels)
		}
		return true
	})
	if n != 3 {
		t.Errorf("%d series are listed, want the 3 alive", n)
	}
	if testing.Short() {
		return
	}
	off := testDetector("R")
	off.Churn = []string{}
	if _, alarms := r.play(t, off); len(alarms) > 0 {
		from, _ := r.life(badDeployment, 0)
		if ago := alarms[0].Transition.T - from; ago < 6*60*minute {
			t.Errorf("without predecessors an alarm began %d min after a birth", ago/minute)
		}
	}
}

// TestRolloutsDoNotDependOnBlocks: who inherits from whom does not depend on how points are cut into blocks, on workers, or on a restart
// while a pod seeks its predecessor.
func TestRolloutsDoNotDependOnBlocks(t *testing.T) {
	r := rollouts{step: 5 * minute, name: kubernetes}
	b := r.block("R")
	b = cut(b, 5*288, 9*288)
	from, _ := r.life(3, 1)
	at := int((from-b.From)/b.Step) + 2
	whole := testCore(t, 1, testDetector("R"))
	transcript(t, whole, cut(b, 0, at), 1, false)
	snap := whole.Snapshot(2)
	if whole.engine.detectors[0].seekers == nil {
		t.Fatal("no pod seeks its predecessor")
	}
	want := string(transcript(t, whole, cut(b, at, b.N), 1, false)) + origins(whole)
	if strings.Count(want, "pod=") < 3 {
		t.Fatalf("nothing is inherited:\n%s", want)
	}
	again := testCore(t, 2, testDetector("R"))
	if _, err := again.Restore(snap); err != nil {
		t.Fatal(err)
	}
	if got := string(transcript(t, again, cut(b, at, b.N), 7, false)) + origins(again); got != want {
		t.Errorf("after a restart, 7 columns at a time:\n%s\nwant\n%s", got, want)
	}
	other := testCore(t, 2, testDetector("R"))
	if _, err := other.Train(b); err != nil {
		t.Fatal(err)
	}
	if got := origins(other); !strings.HasSuffix(want, got) {
		t.Errorf("in one block:\n%s\nwant\n%s", got, want)
	}
}

// origins lists whose baseline each series has, and what it expects.
func origins(c *Core) string {
	var b strings.Builder
	for _, g := range c.engine.detectors[0].groups {
		r := &g.rows[0]
		fmt.Fprintln(&b, r.series.Labels, r.from(), r.mid(c.engine.detectors[0].step()))
	}
	return b.String()
}

// TestStrangers: a label that nobody knows becomes a churn label when series that differ in it alone have gone on where others ended.
func TestStrangers(t *testing.T) {
	release := func(deploy, pod int) labels.Labels {
		return labels.FromStrings("job", fmt.Sprint("job-", pod), "release", fmt.Sprint("r", 100+7*deploy))
	}
	r := rollouts{step: 5 * minute, name: release}
	b := cut(r.block("S"), 5*288, 10*288) // releases 0 to 4
	c := testCore(t, 2, testDetector("S"))
	if _, err := c.Train(b); err != nil {
		t.Fatal(err)
	}
	d := c.engine.detectors[0]
	if !d.churns("release") || d.churns("job") {
		t.Errorf("churn labels: release %v, job %v; want the first alone", d.churns("release"), d.churns("job"))
	}
	heirs := map[string]bool{}
	for _, g := range d.groups {
		if g.rows[0].few().origin != nil {
			heirs[g.rows[0].series.Labels.Get("release")] = true
		}
	}
	if heirs["r107"] || !heirs["r121"] {
		t.Errorf("the releases that have inherited are %v, want none of the first and all later", heirs)
	}
	if testing.Short() {
		return
	}
	for i := range b.Rows { // each release lies elsewhere: then they are different things
		for k := range b.Rows[i].V {
			b.Rows[i].V[k] += float64(b.Rows[i].Series.ID%7) * 1000
		}
	}
	c = testCore(t, 2, testDetector("S"))
	if _, err := c.Train(b); err != nil {
		t.Fatal(err)
	}
	if c.engine.detectors[0].churns("release") {
		t.Errorf("releases that lie a thousand apart count as the same: %+v", c.engine.detectors[0].strangers)
	}
}

func TestStem(t *testing.T) {
	for v, want := range map[string]string{
		"web-6f7b9c5d4-x2x8p": "web", "web-6f7b9c5d4-jx799": "web", "web-0": "web", "node-exporter-k2vqz": "node-exporter", "10.0.3.7:8080": "", "[::1]:9090": "[",
		"db1.example.org:9100": "db", "ip-10-0-0-5.ec2.internal": "ip", "0c9e8f7a6b5d4c3b2a1908f7e6d5c4b3": "", "/kubepods/pod4f9d/7c0de1a": "",
		"checkout": "checkout", "v2": "v", "payments-api": "payments-api",
	} {
		if got := stem(v); got != want {
			t.Errorf("stem(%q) is %q, want %q", v, got, want)
		}
	}
}

// TestPeersSurviveRollouts: a pod takes its predecessor's place among its peers, and the group goes on.
func TestPeersSurviveRollouts(t *testing.T) {
	r := rollouts{step: 5 * minute, name: kubernetes}
	d := testDetector("P")
	d.Model.Kind, d.Join = "peer", []string{"job"}
	c, alarms := r.play(t, d)
	for _, a := range alarms {
		bad, _ := r.life(badDeployment, 0)
		if a.Transition.T < bad-60*minute || a.Transition.T > bad+deployEvery+60*minute {
			t.Errorf("%s: %s", clockTime(a.Transition.T), a.View.Reason)
		}
	}
	g := c.engine.detectors[0].groups[0]
	if n := g.model.(models.Joiner).Rows(); n > 6 {
		t.Errorf("three pods and their successors have taken %d slots, want at most 6", n)
	}
	heirs := 0
	for _, m := range g.members() {
		if m.heir {
			heirs++
		}
	}
	if heirs < 3*(deployments-7) { // of those that are not forgotten yet
		t.Errorf("%d pods have taken another's place", heirs)
	}
	if got := c.Status()[0]; got.Training.State == PendingTraining || got.LeftOut != 0 {
		t.Errorf("after the roll-outs the group is %s and has left out %d", got.Training.State, got.LeftOut)
	}
}
