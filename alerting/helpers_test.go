package alerting

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update to write it)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update and look at the diff)\n got:\n%s\nwant:\n%s", path, got, want)
	}
}

// sentences writes transitions as "minute state rule breaches/of since minute".
func sentences(trs []Transition) string {
	var parts []string
	for _, tr := range trs {
		parts = append(parts, fmt.Sprintf("%d %s %s %d/%d since %d", tr.T/minute, tr.To, tr.Rule, tr.Breaches, tr.Of, tr.Since/minute))
	}
	return strings.Join(parts, "; ")
}
