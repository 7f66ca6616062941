package configs

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A source's spread gives each set of selectors a time of its own within it, whatever is around them; none by default.
func TestSpread(t *testing.T) {
	t.Parallel()
	text := func(spread string) []byte {
		var b strings.Builder
		fmt.Fprintf(&b, "sources: [{name: s, url: 'http://prometheus:9090/api/v1/read'%s}]\ndetectors:\n", spread)
		for i := range 40 {
			fmt.Fprintf(&b, "  - {name: Load%d, expr: 'avg by (job) (load%d)', delay: 10s}\n", i, i)
		}
		b.WriteString("  - {name: Same, expr: 'max(load7) - min(load7)', delay: 10s}\n")
		b.WriteString("  - {name: Short, expr: load7, delay: 10s, step: 5s}\n")
		return []byte(b.String())
	}
	with, err := Parse("spread.yml", text(", spread: 30s"))
	if err != nil {
		t.Fatal(err)
	}
	without, err := Parse("spread.yml", text(""))
	if err != nil {
		t.Fatal(err)
	}
	times := map[time.Duration]int{}
	for i, d := range with.Detectors {
		if plain := without.Detectors[i].Delay; plain != 10*time.Second {
			t.Errorf("%s: delay %s without a spread", d.Name, plain)
		}
		late := d.Delay - 10*time.Second
		if late < 0 || late > 30*time.Second || late >= d.Step || late%time.Second != 0 {
			t.Errorf("%s: %s later", d.Name, late)
		}
		times[late]++
	}
	if len(times) < 15 {
		t.Errorf("40 detectors at %d times", len(times))
	}
	if a, b := with.Detectors[7].Delay, with.Detectors[40].Delay; a != b {
		t.Errorf("the same selectors at %s and %s", a, b)
	}
}
