package store

import (
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Kinds of failure, for errors.Is.
var (
	// ErrFull: no space left on the device or quota used up. Writes succeed again by themselves once there is space.
	ErrFull = errors.New("disk full")
	// ErrReadOnly: the state directory cannot be written.
	ErrReadOnly = errors.New("state directory not writable")
	// ErrLocked: another process owns the state directory.
	ErrLocked = errors.New("state directory in use")
	// ErrNoSnapshot: there is no snapshot that can be read.
	ErrNoSnapshot = errors.New("no snapshot")
	// ErrNewerSchema: the state was written by a newer Tidewatch.
	ErrNewerSchema = errors.New("state is from a newer version")
	// ErrCursor: a page cursor that no query here has issued.
	ErrCursor = errors.New("invalid cursor")
)

// explained is an error with its kind and what the operator can do about it.
type explained struct {
	kind error
	hint string
	err  error
}

func (e *explained) Error() string   { return fmt.Sprintf("%v: %v (%s)", e.kind, e.err, e.hint) }
func (e *explained) Unwrap() []error { return []error{e.kind, e.err} }

// explain says of an operating system's or SQLite's error what it means for the operator; other errors pass unchanged.
func explain(err error) error {
	var done *explained
	switch {
	case err == nil || errors.As(err, &done):
		return err
	case isFull(err):
		return &explained{ErrFull, "free some space; writing resumes by itself", err}
	case isReadOnly(err):
		return &explained{ErrReadOnly, "make it writable for the user that runs tidewatch, or choose another directory", err}
	case sqliteCode(err) == sqlite3.SQLITE_CORRUPT, sqliteCode(err) == sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w (the database is damaged: restore a backup, or move state.db away to begin with an empty history)", err)
	}
	return err
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || sqliteCode(err) == sqlite3.SQLITE_FULL
}

func isReadOnly(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) ||
		sqliteCode(err) == sqlite3.SQLITE_READONLY
}

// sqliteCode is the primary result code of a SQLite error in the chain, 0 if there is none.
func sqliteCode(err error) int {
	var se *sqlite.Error
	if errors.As(err, &se) {
		return se.Code() & 0xff
	}
	return 0
}
