//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// promqlCase is an expression of testdata/promql.
type promqlCase struct {
	at      string // file and line
	expr    string
	differs map[string]string // release: why its answer is a different one
	loose   string            // why no release, and not even the same one again, gives the same last bits
}

// promqlCorpus reads testdata/promql: an expression a line. A line "! RELEASE REASON" says of the expressions after it, up to
// the next empty line, that this release answers differently, and why; "every" is every release. A line
// "~ REASON" says that their last bits are up to chance.
func promqlCorpus(t *testing.T) []promqlCase {
	t.Helper()
	files, err := filepath.Glob("testdata/promql/*.promql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no expressions in testdata/promql: %v", err)
	}
	var out []promqlCase
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		differs, loose := map[string]string{}, ""
		for i, line := range strings.Split(string(text), "\n") {
			switch {
			case line == "":
				differs, loose = map[string]string{}, ""
			case strings.HasPrefix(line, "#"):
			case strings.HasPrefix(line, "! "):
				release, reason, _ := strings.Cut(line[2:], " ")
				differs[release] = reason
			case strings.HasPrefix(line, "~ "):
				loose = line[2:]
			default:
				out = append(out, promqlCase{fmt.Sprintf("%s:%d", filepath.Base(name), i+1), line, differs, loose})
			}
		}
	}
	return out
}
