package configs

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// FuzzParse: whatever the file holds, Parse returns either a configuration or Errors that name the file; it does not panic,
// does not hang, and what it accepts can be hashed and linted.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{"testdata", "presets"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".yml") {
				b, err := os.ReadFile(dir + "/" + e.Name())
				if err != nil {
					f.Fatal(err)
				}
				f.Add(b)
			}
		}
	}
	none := files{
		read: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
		glob: func(string) ([]string, error) { return nil, nil },
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parse("fuzz", data, none)
		if err != nil {
			var errs Errors
			if !errors.As(err, &errs) || len(errs) == 0 || c != nil {
				t.Fatalf("got %v, %v", c, err)
			}
			for _, e := range errs {
				if e.File != "fuzz" || e.Line < 1 || e.Column < 1 {
					t.Fatalf("no place in %v", e)
				}
			}
			return
		}
		for _, d := range c.Detectors {
			if d.ModelHash() == "" || d.PolicyHash() == "" {
				t.Fatal("no hash")
			}
			Lint(d, Metadata{})
		}
	})
}
