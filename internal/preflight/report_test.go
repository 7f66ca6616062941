package preflight

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/engine"
)

const placed = `sources: [{name: main, url: "http://prometheus:9090/api/v1/read"}]
presets:
  - node-exporter
detector_files: [more.yml]
detectors:
  - name: Plain
    expr: rate(a[5m])
  - {name: Quoted, expr: "rate(b[5m])"}
  - name: Literal
    expr: |
      rate(c[5m])
        + rate(d[5m])
  - name: NodeDiskBusy
    min_deviation: 0.2
`

const more = `detectors:
  - name: More
    expr: rate(e[5m])
`

func TestFindingsHavePlaces(t *testing.T) {
	dir := t.TempDir()
	file, other := filepath.Join(dir, "t.yml"), filepath.Join(dir, "more.yml")
	for name, text := range map[string]string{file: placed, other: more} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := configs.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	p := locate(file, cfg)
	for _, tc := range []struct {
		detector string
		offset   int
		want     string
	}{
		{"Plain", 0, file + ":7:11"},
		{"Plain", 5, file + ":7:16"},
		{"Quoted", 5, file + ":8:32"},
		{"Literal", 0, file + ":11:1"},
		{"Literal", 16, file + ":12:1"},
		{"NodeDiskBusy", 3, file + ":13:11"},
		{"NodeCPUBusy", 3, file + ":3:5"},
		{"More", 0, other + ":3:11"},
		{"Nobody", 0, ""},
	} {
		if got := p.at(tc.detector, tc.offset); got != tc.want {
			t.Errorf("%s at %d: %q, want %q", tc.detector, tc.offset, got, tc.want)
		}
	}
}

// The two-sided tails of the normal law: 0.0455 beyond 2 σ, 0.0027 beyond 3 σ (any table).
func TestBandOfSurprise(t *testing.T) {
	for _, tc := range []struct{ tail, want float64 }{{0.0455003, 2}, {0.0026998, 3}, {6.334e-5, 4}} {
		if got := bandOf(-math.Log10(tc.tail)); math.Abs(got-tc.want) > 1e-3 {
			t.Errorf("tail %g: band %g, want %g", tc.tail, got, tc.want)
		}
	}
}

func TestTallyCountsMessagesNotEdits(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(d, h int) int64 { return time.Date(2026, 10, d, h, 0, 0, 0, zone).UnixMilli() }
	view := func(detectors ...string) (out []alerting.AlarmView) {
		for _, d := range detectors {
			out = append(out, alerting.AlarmView{Detector: d})
		}
		return out
	}
	incident := func(key string, version int, t int64, detectors ...string) alerting.Notice {
		return alerting.Notice{Key: key, Version: version, Kind: alerting.KindIncident, At: t, Alarms: view(detectors...)}
	}
	tally := NewTally(zone)
	tally.Add(engine.Result{
		Changes: []engine.Change{{Transition: alerting.Transition{To: alerting.Alarming}}, {Transition: alerting.Transition{To: alerting.OK}}},
		Notices: []alerting.Notice{
			incident("a", 1, at(24, 23), "X"),
			incident("a", 2, at(25, 1), "X", "Y"), // an edit, with one more detector
			incident("b", 1, at(26, 0), "X"),
			{Key: "s", Version: 1, Kind: alerting.KindSummary, At: at(24, 1), Alarms: view("X")},
		},
	})
	if tally.Messages != 2 || tally.Alarms != 1 {
		t.Errorf("%d messages, %d alarms, want 2 and 1", tally.Messages, tally.Alarms)
	}
	if d := cmp.Diff(map[string]int{"X": 2, "Y": 1}, tally.ByDetector); d != "" {
		t.Error(d)
	}
	// Clocks go back on the 25th, a day of 25 hours.
	var days []string
	for _, d := range tally.Days(at(24, 5), at(26, 0)) {
		days = append(days, d.Date.Format("02")+":"+count(d.Messages, "message"))
	}
	if d := cmp.Diff([]string{"24:1 message", "25:0 messages", "26:1 message"}, days); d != "" {
		t.Error(d)
	}
}
