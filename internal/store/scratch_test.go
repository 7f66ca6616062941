//go:build linux

package store_test

import (
	"math"
	"os"
	"testing"

	"github.com/tidewatch/tidewatch/internal/store"
)

func TestScratch(t *testing.T) {
	dir := t.TempDir()
	s := store.NewScratch(dir)
	b, release, err := s.Take(1 << 20)
	if err != nil {
		t.Skipf("this file system has no scratch files: %v", err)
	}
	for i := range b {
		b[i] = byte(i)
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 0 {
		t.Errorf("the directory has %v, %v, want no trace", names, err)
	}
	if len(b) != 1<<20 || b[70_000] != byte(70_000&255) {
		t.Errorf("%d bytes lent, and one of them is %d", len(b), b[70_000])
	}
	release()
	if _, _, err := s.Take(math.MaxInt64); err == nil {
		t.Error("more than any disk has was lent")
	}
	if _, _, err := store.NewScratch(dir + "/none").Take(4096); err == nil {
		t.Error("a directory that does not exist lends memory")
	}
}
