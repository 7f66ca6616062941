package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/bench/corpus"
	"github.com/tidewatch/tidewatch/bench/measure"
)

func TestNABRows(t *testing.T) {
	s := &corpus.Series{
		Name: "nab/data/realTweets/x.csv", Windows: [][2]int64{{30, 50}},
		Rows: []corpus.Row{{T: 10, Point: 0, Last: true}, {T: 50, Point: 2, Last: true}, {T: 40, Point: 2}, {T: 30, Point: 1, Last: true}},
	}
	want := measure.NABFile{Name: "realTweets/x.csv", Time: []int64{10, 50, 40, 30}, Score: []float64{0, 3, 0, 1.5}, Windows: s.Windows}
	if d := cmp.Diff(want, nabFile(s, []float64{0, 1.5, 3})); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestNABProfiles(t *testing.T) {
	for _, c := range []struct {
		text, err string
		want      []measure.NABProfile
	}{
		{want: measure.NABProfiles()},
		{text: `{}`, want: measure.NABProfiles()},
		{text: "x", err: "profiles.json: invalid character"},
		{text: `{"standard": {}}`, err: "the weights of standard must be above 0"},
		{
			text: `{"reward_low_FP_rate": {"CostMatrix": {"tpWeight": 2, "fnWeight": 3, "fpWeight": 0.5, "tnWeight": 1}},
				"my own": {"CostMatrix": {"tpWeight": 1, "fnWeight": 1, "fpWeight": 1}}}`,
			want: []measure.NABProfile{
				{Name: "standard", TP: 1, FN: 1, FP: 0.11},
				{Name: "reward_low_FP_rate", TP: 2, FN: 3, FP: 0.5},
				{Name: "reward_low_FN_rate", TP: 1, FN: 2, FP: 0.11},
				{Name: "my own", TP: 1, FN: 1, FP: 1},
			},
		},
	} {
		dir := t.TempDir()
		if c.text != "" {
			if err := os.Mkdir(filepath.Join(dir, "config"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "config", "profiles.json"), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := nabProfiles(dir)
		switch {
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: %v, want %q", c.text, err, c.err)
		case c.err == "" && err != nil:
			t.Errorf("%s: %v", c.text, err)
		case cmp.Diff(c.want, got) != "":
			t.Errorf("%s: -want +got:\n%s", c.text, cmp.Diff(c.want, got))
		}
	}
}
