package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup copies the state into the directory dst, which must not exist or be empty, while the store is in use. The copy is a
// state directory: to restore it, stop tidewatch and start it with the copy in the place of the original.
func (s *Store) Backup(ctx context.Context, dst string) error {
	s.snapMu.Lock() // no snapshot or journal file is removed meanwhile
	defer s.snapMu.Unlock()
	if err := s.journal.Commit(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return backup(ctx, s.dir, dst)
}

// BackupDir does what Backup does for a state directory that this process does not own; the owner may be running. Should the
// owner remove files that are being copied, the copy begins anew, three times at most.
func BackupDir(ctx context.Context, dir, dst string) error {
	var err error
	for range 3 {
		if err = backup(ctx, dir, dst); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errTruncated) {
			return err
		}
		if _, serr := os.Stat(filepath.Join(dir, dbFile)); serr != nil {
			return fmt.Errorf("%s is not a state directory: %w", dir, serr)
		}
	}
	return err
}

// errTruncated: the copied journal may begin behind the copied snapshots.
var errTruncated = errors.New("the journal was truncated meanwhile, try again")

// backup copies the database first and the journal last: what the journal holds beyond the database is decided again on
// restart and inserted once.
func backup(ctx context.Context, dir, dst string) (err error) {
	if err := emptyDir(dst); err != nil {
		return fmt.Errorf("backup to %s: %w", dst, explain(err))
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("backup %s to %s: %w", dir, dst, explain(errors.Join(err, removeContents(dst))))
		}
	}()
	before, err := journalBegin(filepath.Join(dir, journalDir))
	if err != nil {
		return err
	}
	if err := backupDatabase(ctx, filepath.Join(dir, dbFile), filepath.Join(dst, dbFile)); err != nil {
		return err
	}
	if err := backupSnapshots(ctx, filepath.Join(dir, snapshotsDir), filepath.Join(dst, snapshotsDir)); err != nil {
		return err
	}
	if err := backupJournal(ctx, filepath.Join(dir, journalDir), filepath.Join(dst, journalDir)); err != nil {
		return err
	}
	if after, err := journalBegin(filepath.Join(dst, journalDir)); err != nil || after != before {
		return errors.Join(err, errTruncated)
	}
	return syncDir(dst)
}

// journalBegin is the position at which the journal in dir begins, 0 if it is empty.
func journalBegin(dir string) (Position, error) {
	starts, err := listSegments(dir)
	if err != nil || len(starts) == 0 {
		return 0, err
	}
	return starts[0], nil
}

func emptyDir(dst string) error {
	if err := os.MkdirAll(dst, 0o750); err != nil {
		return err
	}
	entries, err := os.ReadDir(dst)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("the directory is not empty (it holds %s): choose a new one", entries[0].Name())
	}
	return err
}

func removeContents(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// backupDatabase writes a consistent, compacted copy; SQLite takes care of the writer's work meanwhile.
func backupDatabase(ctx context.Context, src, dst string) error {
	if _, err := os.Stat(src); err != nil {
		return err
	}
	var db *sql.DB
	db, err := openSQLite(src, 1)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, dst)
	return errors.Join(err, db.Close())
}

func backupSnapshots(ctx context.Context, src, dst string) error {
	all, err := listSnapshotDirs(src)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dst, 0o750); err != nil {
		return err
	}
	for _, e := range all {
		to := filepath.Join(dst, filepath.Base(e.path))
		if err := os.Mkdir(to, 0o750); err != nil {
			return err
		}
		files, err := os.ReadDir(e.path)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := copyFile(ctx, filepath.Join(e.path, f.Name()), filepath.Join(to, f.Name())); err != nil {
				return err
			}
		}
		if err := syncDir(to); err != nil {
			return err
		}
	}
	return syncDir(dst)
}

// backupJournal copies the segments; what the owner is just writing at the end of the newest is left out.
func backupJournal(ctx context.Context, src, dst string) error {
	starts, err := listSegments(src)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dst, 0o750); err != nil {
		return err
	}
	for i, start := range starts {
		to := filepath.Join(dst, segmentName(start))
		if err := copyFile(ctx, filepath.Join(src, segmentName(start)), to); err != nil {
			return err
		}
		if i == len(starts)-1 {
			if err := cutTail(to, start); err != nil {
				return err
			}
		}
	}
	return syncDir(dst)
}

// cutTail cuts a copied segment after its last good record.
func cutTail(path string, start Position) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	res, err := scanSegment(f, start, start, info.Size(), func(Position, []byte) error { return nil })
	if err != nil || res.tail == 0 {
		return err
	}
	if err := f.Truncate(info.Size() - res.tail); err != nil {
		return err
	}
	return f.Sync()
}

func copyFile(ctx context.Context, src, dst string) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
