package demo

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDataDemo plays two recorded files of other years through the whole demo: world, service, fake Slack.
func TestDataDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("numbers, which the race detector makes slow: make test-full has them")
	}
	dir := t.TempDir()
	for k, from := range []int64{1_400_000_100, 1_600_000_200} {
		var csv bytes.Buffer
		fmt.Fprintln(&csv, "timestamp,value")
		for i := range 9 * 288 {
			v := 100 + 20*math.Sin(2*math.Pi*float64(i)/288) + 2*math.Sin(float64(i*i%977))
			if k == 0 && i >= 8*288 && i < 8*288+36 {
				v += 80
			}
			fmt.Fprintf(&csv, "%d,%g\n", from+int64(i)*300, v)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("series-%d.csv", k)), csv.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	ok, err := Run(t.Context(), Options{Out: &out, Once: true, Data: dir})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	got := out.String()
	for _, want := range []string{"2 recorded series", "file series-0", "12:30 178", " messages"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, "file series-1") || strings.Contains(got, " 0 messages") {
		t.Errorf("the break in series-0 should be all that alarms, and be sent:\n%s", got)
	}
}

func TestDataDemoNamesWhatIsMissing(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir()} {
		if _, err := Run(t.Context(), Options{Out: &bytes.Buffer{}, Once: true, Data: path}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%v does not name %s", err, path)
		}
	}
}
