package configs

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestGoodFilesLoad(t *testing.T) {
	for _, path := range append(matches(t, "testdata/*.good.yml"), matches(t, "examples/*.yml")...) {
		if _, err := Load(path); err != nil {
			t.Errorf("%v", err)
		}
	}
}

// TestBadFiles compares every message about a wrong file with its golden text.
func TestBadFiles(t *testing.T) {
	for _, path := range matches(t, "testdata/*.bad.yml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			c, err := Load(path)
			var errs Errors
			if !errors.As(err, &errs) || len(errs) == 0 || c != nil {
				t.Fatalf("got %v, %v, want Errors and no configuration", c, err)
			}
			for _, e := range errs {
				if e.Line == 0 {
					t.Errorf("no place: %v", e)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a secret is in the error: %v", err)
			}
			golden(t, strings.TrimSuffix(path, ".yml")+".txt", []byte(err.Error()+"\n"))
		})
	}
}

func matches(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s matches nothing (%v)", pattern, err)
	}
	return paths
}

func TestLoadOfNoFile(t *testing.T) {
	if _, err := Load("testdata/no-such-file.yml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestExpandingAnchorsEnd: nine anchors of nine references each would be 387 million values.
func TestExpandingAnchorsEnd(t *testing.T) {
	var b strings.Builder
	b.WriteString("sources: [{name: a, url: http://a/}]\ndetectors:\n  - {name: A, expr: up, labels: &a {x: y}}\nroute:\n  receiver: log\n")
	b.WriteString("  routes:\n    - &r0 {receiver: log}\n")
	for i := range 9 {
		item := "*r" + string(rune('0'+i))
		b.WriteString("    - &r" + string(rune('1'+i)) + " {routes: [" + strings.Join(slices.Repeat([]string{item}, 9), ", ") + "]}\n")
	}
	_, err := Parse("bomb", []byte(b.String()))
	if err == nil || !strings.Contains(err.Error(), "more than 200000 values") {
		t.Errorf("got %v", err)
	}
}

// TestErrorsUnwrap: callers reach the single mistakes with errors.As.
func TestErrorsUnwrap(t *testing.T) {
	_, err := Parse("x.yml", []byte("sources: [{name: a, url: \"http://a/\"}]\npresets: [self]\nglobal: {setp: 1m}\n"))
	var e Error
	if !errors.As(err, &e) || e.File != "x.yml" || e.Line != 3 || e.Column != 10 || e.Field != "global.setp" {
		t.Errorf("got %+v", e)
	}
}
