package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// appendAll appends and commits; it returns the position after each record.
func appendAll(t testing.TB, j *Journal, records ...string) []Position {
	t.Helper()
	var ps []Position
	for _, r := range records {
		p, err := j.Append([]byte(r))
		if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
	if err := j.Commit(); err != nil {
		t.Fatal(err)
	}
	return ps
}

// replay is the records from a position on, and Replay's error.
func replay(j *Journal, from Position) (records []string, err error) {
	err = j.Replay(from, func(_ Position, b []byte) error {
		records = append(records, string(b))
		return nil
	})
	return records, err
}

func wantReplay(t testing.TB, j *Journal, from Position, want ...string) {
	t.Helper()
	got, err := replay(j, from)
	if err != nil {
		t.Errorf("Replay(%d): %v", from, err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("Replay(%d) = %.200q, want %.200q", from, got, want)
	}
}

func numbered(from, to int) (out []string) {
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("record %d", i))
	}
	return out
}

func TestJournalReplaysFromEveryBoundary(t *testing.T) {
	dir := t.TempDir()
	small := func(o *Options) { o.SegmentBytes = 100 }
	s := open(t, dir, small)
	var ps []Position
	want := append(numbered(0, 20), "", strings.Repeat("long", 100))
	for _, r := range want {
		ps = append(ps, appendAll(t, s.Journal(), r)...)
	}
	check := func(j *Journal) {
		t.Helper()
		wantReplay(t, j, 0, want...)
		for i, p := range ps {
			wantReplay(t, j, p, want[i+1:]...)
		}
	}
	check(s.Journal())
	if n := len(s.journal.segments); n < 4 {
		t.Errorf("%d segments, want rotation", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, small)
	check(s.Journal())
	if got := s.Journal().End(); got != ps[len(ps)-1] {
		t.Errorf("End after reopening = %d, want %d", got, ps[len(ps)-1])
	}
	want = append(want, "after")
	ps = append(ps, appendAll(t, s.Journal(), "after")...)
	check(s.Journal())
}

func TestJournalUncommittedIsNotReplayed(t *testing.T) {
	s := open(t, t.TempDir())
	appendAll(t, s.Journal(), "a")
	if _, err := s.Journal().Append([]byte("b")); err != nil {
		t.Fatal(err)
	}
	wantReplay(t, s.Journal(), 0, "a")
	if s.Journal().Synced() >= s.Journal().End() {
		t.Error("Synced is not behind End")
	}
}

func TestJournalConcurrentCommitsShareAnFsync(t *testing.T) {
	faults := &faultFS{left: -1}
	s := open(t, t.TempDir(), func(o *Options) { o.FS = faults; o.SegmentBytes = 2000 })
	const writers, each = 8, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				p, err := s.Journal().Append(fmt.Appendf(nil, "%d/%d", w, i))
				if err == nil {
					err = s.Journal().Commit()
				}
				if err != nil {
					t.Error(err)
				}
				if s.Journal().Synced() < p {
					t.Errorf("Commit returned at %d before %d was durable", s.Journal().Synced(), p)
				}
			}
		})
	}
	wg.Wait()
	got, err := replay(s.Journal(), 0)
	if err != nil || len(got) != writers*each {
		t.Fatalf("replayed %d records, %v", len(got), err)
	}
	next := make([]int, writers)
	for _, r := range got {
		var w, i int
		if _, err := fmt.Sscanf(r, "%d/%d", &w, &i); err != nil || i != next[w] {
			t.Fatalf("record %q out of order (%v)", r, err)
		}
		next[w]++
	}
	t.Logf("%d fsyncs for %d commits", faults.syncs, writers*each)
}

// damage changes the newest segment of a closed journal.
func damage(t *testing.T, dir string, change func([]byte) []byte) {
	t.Helper()
	starts, err := listSegments(filepath.Join(dir, journalDir))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, journalDir, segmentName(starts[len(starts)-1]))
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(b), 0o640)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestJournalTornTail(t *testing.T) {
	last := len("record 4") + recordHeader
	for _, tc := range []struct {
		name   string
		change func([]byte) []byte
		lost   int // records at the end
	}{
		{"cut in the payload", func(b []byte) []byte { return b[:len(b)-3] }, 1},
		{"cut in the record's header", func(b []byte) []byte { return b[:len(b)-last+5] }, 1},
		{"zeros behind", func(b []byte) []byte { return append(b, make([]byte, 4096)...) }, 0},
		{"rubbish behind", func(b []byte) []byte { return append(b, "\xff\xff\xff\x7frubbish"...) }, 0},
		{"last record flipped", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, 1},
		{"cut in the file's header", func(b []byte) []byte { return b[:7] }, 5},
		{"empty file", func(b []byte) []byte { return b[:0] }, 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			ps := appendAll(t, s.Journal(), numbered(0, 5)...)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			damage(t, dir, tc.change)

			s = open(t, dir)
			good := numbered(0, 5-tc.lost)
			wantReplay(t, s.Journal(), 0, good...)
			if n := testutil.ToFloat64(s.m.damaged.WithLabelValues(partJournal)); n != 1 {
				t.Errorf("tidewatch_store_damaged_total = %v, want 1", n)
			}
			if names, err := os.ReadDir(filepath.Join(dir, damagedDir)); err != nil || len(names) != 1 {
				t.Errorf("damaged/ holds %v (%v), want one file", names, err)
			}
			if tc.lost == 1 && s.Journal().End() != ps[3] {
				t.Errorf("End = %d, want %d", s.Journal().End(), ps[3])
			}
			appendAll(t, s.Journal(), "new")
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, dir)
			wantReplay(t, s.Journal(), 0, append(good, "new")...)
			if n := testutil.ToFloat64(s.m.damaged.WithLabelValues(partJournal)); n != 0 {
				t.Errorf("the repaired journal counts %v as damaged", n)
			}
		})
	}
}

func TestJournalDamageInTheMiddle(t *testing.T) {
	rec := int64(len("record 0") + recordHeader)
	for _, tc := range []struct {
		name string
		at   int64 // byte to flip, from the start of record 2
		want []string
	}{
		{"payload", recordHeader, append(numbered(0, 2), numbered(3, 10)...)},
		{"checksum", 4, append(numbered(0, 2), numbered(3, 10)...)},
		{"length", 2, append(numbered(0, 2), numbered(5, 10)...)}, // the segment's rest is lost, the next segment is not
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, func(o *Options) { o.SegmentBytes = 5 * rec })
			for _, r := range numbered(0, 10) {
				appendAll(t, s.Journal(), r)
			}
			path := s.Journal().path(0)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[segmentHeader+2*rec+tc.at] ^= 0x40
			if err := os.WriteFile(path, b, 0o640); err != nil {
				t.Fatal(err)
			}
			got, err := replay(s.Journal(), 0)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			var de *DamageError
			if !errors.As(err, &de) || len(de.Holes) != 1 {
				t.Fatalf("error %v, want one hole", err)
			}
			if de.Holes[0].Segment != "0000000000000000.journal" || de.Holes[0].Offset != segmentHeader+2*rec {
				t.Errorf("hole %v", de.Holes[0])
			}
			if !strings.Contains(err.Error(), "segment 0000000000000000.journal, offset 52") {
				t.Errorf("error %q does not name the place", err)
			}
			wantReplay(t, s.Journal(), Position(5*rec), numbered(5, 10)...)
		})
	}
}

func TestJournalMissingSegmentIsNamed(t *testing.T) {
	rec := int64(len("record 0") + recordHeader)
	s := open(t, t.TempDir(), func(o *Options) { o.SegmentBytes = 2 * rec })
	for _, r := range numbered(0, 6) {
		appendAll(t, s.Journal(), r)
	}
	if err := os.Remove(s.Journal().path(Position(2 * rec))); err != nil {
		t.Fatal(err)
	}
	got, err := replay(s.Journal(), 0)
	if want := append(numbered(0, 2), numbered(4, 6)...); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err == nil || !strings.Contains(err.Error(), segmentName(Position(2*rec))) {
		t.Errorf("error %v does not name the segment", err)
	}
}

func TestJournalDiskFullAndFsyncFailure(t *testing.T) {
	for _, tc := range []struct {
		name      string
		left      int64
		syncErr   error
		cannotCut bool
		kind      error
	}{
		{"no byte left", 0, nil, false, ErrFull},
		{"half a record fits", 5, nil, false, ErrFull},
		{"and it cannot be cut off", 5, nil, true, ErrFull},
		{"fsync fails", -1, syscall.EIO, false, syscall.EIO},
		{"fsync says full", -1, syscall.ENOSPC, true, ErrFull},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			faults := &faultFS{left: -1}
			s := open(t, dir, func(o *Options) { o.FS = faults })
			appendAll(t, s.Journal(), "a")
			faults.set(tc.left, tc.syncErr, tc.cannotCut)
			for _, r := range []string{"b", "c"} {
				if _, err := s.Journal().Append([]byte(r)); err != nil {
					t.Fatal(err)
				}
				if err := s.Journal().Commit(); err == nil {
					t.Fatal("Commit succeeded")
				} else if r == "b" && !errors.Is(err, tc.kind) {
					t.Fatalf("Commit: %v, want %v", err, tc.kind)
				}
			}
			wantReplay(t, s.Journal(), 0, "a")
			faults.set(-1, nil, false)
			appendAll(t, s.Journal(), "d")
			wantReplay(t, s.Journal(), 0, "a", "b", "c", "d")
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			wantReplay(t, open(t, dir).Journal(), 0, "a", "b", "c", "d")
		})
	}
}

func TestJournalFullWhileRotating(t *testing.T) {
	faults := &faultFS{left: -1}
	s := open(t, t.TempDir(), func(o *Options) { o.FS = faults; o.SegmentBytes = 1 })
	appendAll(t, s.Journal(), "a")
	faults.set(5, nil, false) // not even the new segment's header fits
	if _, err := s.Journal().Append([]byte("b")); err != nil {
		t.Fatal(err)
	}
	if err := s.Journal().Commit(); !errors.Is(err, ErrFull) {
		t.Fatalf("Commit: %v, want ErrFull", err)
	}
	faults.set(-1, nil, false)
	appendAll(t, s.Journal(), "c")
	wantReplay(t, s.Journal(), 0, "a", "b", "c")
}

func TestJournalBoundsWhatWaits(t *testing.T) {
	faults := &faultFS{left: -1}
	s := open(t, t.TempDir(), func(o *Options) { o.FS = faults; o.MaxBuffered = 100 })
	faults.set(0, nil, false)
	var err error
	n := 0
	for ; err == nil && n < 100; n++ {
		_, err = s.Journal().Append([]byte("0123456789"))
	}
	if !errors.Is(err, ErrFull) || n > 10 {
		t.Errorf("after %d records: %v, want ErrFull", n, err)
	}
	faults.set(-1, nil, false)
	if _, err := s.Journal().Append([]byte("again")); err != nil {
		t.Errorf("Append does not recover by itself: %v", err)
	}
}

func TestJournalRefusesALongRecord(t *testing.T) {
	s := open(t, t.TempDir())
	if _, err := s.Journal().Append(make([]byte, MaxRecord+1)); err == nil {
		t.Error("a record longer than MaxRecord was taken")
	}
}

func TestJournalReplayStopsAtTheCallersError(t *testing.T) {
	s := open(t, t.TempDir())
	appendAll(t, s.Journal(), "a", "b")
	stop := errors.New("stop")
	n := 0
	err := s.Journal().Replay(0, func(Position, []byte) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("got %v after %d records", err, n)
	}
}
