package engine

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// The environment of TestArchitectures: a file that it writes, and one, written on another architecture, that it compares with.
const (
	archOut  = "TIDEWATCH_SCORES_OUT"
	archWant = "TIDEWATCH_SCORES_WANT"
)

// scored is one decided point, or one transition where To is set.
type scored struct {
	Detector         string
	Series           uint64
	T                int64
	Surprise, Mid    float64
	Lower, Upper     float64
	AnomalyScore     float64
	To, Rule, Reason string
}

// TestArchitectures holds the decisions of this architecture against another's: the same transitions, scores within 1e-9. `make cross` runs it.
func TestArchitectures(t *testing.T) {
	out, want := os.Getenv(archOut), os.Getenv(archWant)
	if out == "" && want == "" {
		t.Skip("make cross runs it")
	}
	got := archScores(t)
	if out != "" {
		writeScores(t, out, got)
		return
	}
	compareScores(t, readScores(t, want), got)
}

// archScores runs every kind of model over a small corpus with breaks, gaps, series that come and go, and replicas.
func archScores(t *testing.T) []scored {
	var all []scored
	kinds := []Detector{testDetector("A"), testDetector("B"), jointDetector("C"), jointDetector("D")}
	kinds[1].Model.Kind, kinds[1].Alarm.AtOnce = "seasonal", true
	kinds[3].Model.Kind, kinds[3].Join = "peer", []string{"job"}
	for _, d := range kinds {
		b := world(d.Name, 10, 11)
		if d.Name == "C" {
			b = fleet(d.Name, 2, 6, 11)
		}
		opts := Options{Workers: 1, Watch: func(j Judged) {
			if !math.IsNaN(j.Score.Mid) && j.T/300_000%4 == 0 {
				all = append(all, scored{
					Detector: j.Detector, Series: j.Series, T: j.T, Surprise: j.Score.Surprise, Mid: j.Score.Mid,
					Lower: j.Band.Lower, Upper: j.Band.Upper, AnomalyScore: j.AnomalyScore,
				})
			}
		}}
		root := &alerting.Route{Receiver: "r"}
		c := NewCore(New(opts), alerting.NewDispatcher(root, alerting.DispatcherOptions{}))
		must(t, c.Configure([]Detector{d}, root, alerting.DispatcherOptions{}))
		res, err := c.Tick(b.End(), []tidewatch.Block{b})
		must(t, err)
		for _, ch := range res.Changes {
			all = append(all, scored{
				Detector: ch.Detector, Series: ch.Series.ID, T: ch.Transition.T, To: ch.Transition.To.String(), Rule: string(ch.Transition.Rule),
				Reason: ch.View.Reason, Surprise: ch.Surprise, AnomalyScore: ch.AnomalyScore,
			})
		}
	}
	return all
}

func writeScores(t *testing.T, file string, all []scored) {
	f, err := os.Create(file)
	must(t, err)
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	for _, s := range all {
		must(t, e.Encode(s))
	}
	must(t, w.Flush())
	must(t, f.Close())
	t.Logf("%s: %d points and transitions", runtime.GOARCH, len(all))
}

func readScores(t *testing.T, file string) (all []scored) {
	f, err := os.Open(file)
	must(t, err)
	defer f.Close() //nolint:errcheck // it is only read
	for d := json.NewDecoder(f); d.More(); {
		var s scored
		must(t, d.Decode(&s))
		all = append(all, s)
	}
	return all
}

// archTolerance is by how much figures may differ between architectures, relative to the larger of 1 and their size: Go fuses x*y+z on arm64, and the
// functions of math differ in the last bits.
const archTolerance = 1e-9

func compareScores(t *testing.T, want, got []scored) {
	transitions := func(all []scored) (out []string) {
		for _, s := range all {
			if s.To != "" {
				out = append(out, fmt.Sprint(s.Detector, s.Series, s.T, s.To, s.Rule, s.Reason))
			}
		}
		return out
	}
	if w, g := transitions(want), transitions(got); !slices.Equal(w, g) || len(w) < 20 {
		t.Errorf("%d transitions on the other architecture, %d on %s; want the same", len(w), len(g), runtime.GOARCH)
	}
	if len(want) != len(got) {
		t.Fatalf("%d points on the other architecture, %d on %s", len(want), len(got), runtime.GOARCH)
	}
	worst, where, bad := 0.0, "", 0
	for i, w := range want {
		g := got[i]
		a := [...]float64{w.Surprise, w.Mid, w.Lower, w.Upper, w.AnomalyScore}
		for k, x := range [...]float64{g.Surprise, g.Mid, g.Lower, g.Upper, g.AnomalyScore} {
			off := math.Abs(x-a[k]) / max(1, math.Abs(a[k]))
			if !(off <= archTolerance) {
				bad++
			}
			if off > worst {
				worst, where = off, fmt.Sprintf("%s %d at %d, figure %d: %v and %v", w.Detector, w.Series, w.T, k, a[k], x)
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d figures differ by more than %g", bad, archTolerance)
	}
	t.Logf("%s: %d points and transitions, the largest difference is %.2g: %s", runtime.GOARCH, len(got), worst, where)
}
