package corpus

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGenerate(t *testing.T) {
	hashes := func(seed uint64) (out [][32]byte) {
		dir := t.TempDir()
		if err := Generate(dir, seed); err != nil {
			t.Fatal(err)
		}
		cs, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(cs) != 2 || cs[0].Name != "hosts" || cs[1].Name != "metrics" || len(cs[0].Files) != genHosts || len(cs[1].Files) != genCopies*len(genFamilies) {
			t.Fatalf("corpora %v", cs)
		}
		for _, c := range cs {
			for _, f := range c.Files {
				s, err := f.Read()
				if err != nil || s.BadRows > 0 || s.Points() != genPoints || s.From != genTrain || s.Step != 1000*genStep {
					t.Fatalf("%s: %d points from %d at %d ms, %v %v", f.Name, s.Points(), s.From, s.Step, s.Problems, err)
				}
				if n := events(s.Label); n != genEvents {
					t.Errorf("%s: %d events, want %d", f.Name, n, genEvents)
				}
				if events(s.Label[:genTrain]) > 0 {
					t.Errorf("%s: the training part is labelled", f.Name)
				}
				out = append(out, s.Hash)
			}
		}
		return out
	}
	one := hashes(1)
	if testing.Short() {
		return
	}
	if d := cmp.Diff(one, hashes(1)); d != "" {
		t.Error("the same seed gives other data")
	}
	if cmp.Equal(one, hashes(2)) {
		t.Error("another seed gives the same data")
	}
}

func events(label []bool) (n int) {
	for i, l := range label {
		if l && (i == 0 || !label[i-1]) {
			n++
		}
	}
	return n
}
