package baseline

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

func TestEveryBaselineIsDescribed(t *testing.T) {
	page, err := os.ReadFile("../../docs/baselines.md")
	if err != nil {
		t.Fatal(err)
	}
	var described, all []string
	for _, m := range regexp.MustCompile("(?m)^## `(.+)`$").FindAllSubmatch(page, -1) {
		described = append(described, string(m[1]))
	}
	for _, s := range All() {
		all = append(all, s.Name)
	}
	if !slices.Equal(described, all) {
		t.Errorf("docs/baselines.md describes %v, the baselines are %v", described, all)
	}
}
