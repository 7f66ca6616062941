package store

import (
	"log/slog"
	"testing"
	"time"
)

var testTime = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

// open opens dir and closes it with the test.
func open(t testing.TB, dir string, change ...func(*Options)) *Store {
	t.Helper()
	opts := Options{Clock: func() time.Time { return testTime }, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, c := range change {
		c(&opts)
	}
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestOpenIsRepeatable(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		s := open(t, dir)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
