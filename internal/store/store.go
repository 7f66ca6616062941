package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Names inside of the state directory.
const (
	lockFile     = "LOCK"
	dbFile       = "state.db"
	journalDir   = "journal"
	snapshotsDir = "snapshots"
	damagedDir   = "damaged"
)

// Options are the store's dependencies and sizes; the zero value works.
type Options struct {
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers nothing
	Clock      func() time.Time      // stamps snapshots and set-aside files; nil is time.Now
	FS         FS                    // nil is the operating system's
	// Commit is called around each commit of the database: tests let it fail, or see what a crash before or after it leaves. nil
	// only commits.
	Commit func(commit func() error) error
	// SegmentBytes is the size at which the journal begins a new file; 0 is 64 MiB.
	SegmentBytes int64
	// MaxBuffered is how many bytes of journal may wait for a Commit, for example while the disk is full; 0 is 64 MiB.
	MaxBuffered int
	// NoSync gives up durability for speed: for replay and demo, which begin with an empty directory each time.
	NoSync bool
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.FS == nil {
		o.FS = osFS{}
	}
	if o.Commit == nil {
		o.Commit = func(commit func() error) error { return commit() }
	}
	if o.SegmentBytes == 0 {
		o.SegmentBytes = 64 << 20
	}
	if o.MaxBuffered == 0 {
		o.MaxBuffered = 64 << 20
	}
	return o
}

// Store is an open state directory. Its methods are safe for concurrent use.
type Store struct {
	dir  string
	opts Options
	log  *slog.Logger
	m    *metrics
	lock *os.File

	journal *Journal
	db      *database
	queued  chan struct{} // has one token after notices were queued

	snapMu sync.Mutex // held while snapshots or the journal's beginning change
	closed atomic.Bool
}

// Open opens the state directory, which is created if it does not exist. Errors are of the kinds ErrLocked, ErrFull,
// ErrReadOnly and ErrNewerSchema where they apply. A damaged journal tail is set aside, not an error.
func Open(dir string, opts Options) (*Store, error) {
	s := &Store{dir: dir, opts: opts.withDefaults(), queued: make(chan struct{}, 1)}
	s.log, s.m = s.opts.Logger, newMetrics()
	err := s.open()
	if err == nil {
		err = s.m.register(s.opts.Registerer)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open state directory %s: %w", dir, explain(err)), s.Close())
	}
	return s, nil
}

func (s *Store) open() error {
	for _, d := range []string{"", journalDir, snapshotsDir, damagedDir} {
		if err := os.MkdirAll(filepath.Join(s.dir, d), 0o750); err != nil {
			return err
		}
	}
	var err error
	if s.lock, err = acquireLock(filepath.Join(s.dir, lockFile)); err != nil {
		return err
	}
	if err := s.removeUnfinishedSnapshots(); err != nil {
		return err
	}
	if s.journal, err = s.openJournal(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if s.db, err = openDatabase(filepath.Join(s.dir, dbFile), s.opts); err != nil {
		return fmt.Errorf("%s: %w", dbFile, err)
	}
	return nil
}

// Dir is the state directory.
func (s *Store) Dir() string { return s.dir }

// Journal is the store's journal.
func (s *Store) Journal() *Journal { return s.journal }

// NoticesQueued receives a value after a Commit that carried notices; it is for one reader, the outbox.
func (s *Store) NoticesQueued() <-chan struct{} { return s.queued }

// Close commits what the journal still buffers, closes everything, unregisters the metrics and releases the lock. A second
// Close does nothing.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.m.unregister(s.opts.Registerer)
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.close())
	}
	if s.db != nil {
		errs = append(errs, s.db.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close state directory %s: %w", s.dir, explain(err))
	}
	return nil
}
