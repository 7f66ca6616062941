package tidewatch_test

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// TestSeriesID pins identities that snapshots and journals on disk hold, and how one is made: Prometheus's stable hash of the
// labels with the detector's name among them.
func TestSeriesID(t *testing.T) {
	for name, tc := range map[string]struct {
		ls   labels.Labels
		want uint64 // 0: only the definition is held
	}{
		"usual":             {labels.FromStrings("__name__", "up", "instance", "a:9090"), 0xb2f545762faf4b1d},
		"none":              {labels.EmptyLabels(), 0x5b6c67460d5b6312},
		"over a kibibyte":   {labels.FromStrings("a", strings.Repeat("x", 1500), "b", "y"), 0},
		"name after ours":   {labels.FromStrings("a", "b", "\xfftidewatch_e", "c"), 0},
		"UTF-8 in the name": {labels.FromStrings("é.1", "b", "🌊", "c"), 0},
	} {
		b := labels.NewScratchBuilder(4)
		tc.ls.Range(func(l labels.Label) { b.Add(l.Name, l.Value) })
		b.Add("\xfftidewatch_detector", "D")
		b.Sort()
		got := tidewatch.SeriesID("D", tc.ls)
		if def := labels.StableHash(b.Labels()); got != def || tc.want != 0 && got != tc.want {
			t.Errorf("%s: %#x, the definition gives %#x, want %#x", name, got, def, tc.want)
		}
	}
	ls := labels.FromStrings("__name__", "up", "instance", "a:9090")
	if n := testing.AllocsPerRun(100, func() { tidewatch.SeriesID("D", ls) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
