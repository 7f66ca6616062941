package store

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// File is what the journal and the snapshots need of a file that they write.
type File interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

// FS is how the journal and the snapshots change the directory, with the meaning of the functions of the same names in package os; tests
// put one in that fails, or that sees what a crash before or after each change leaves.
type FS interface {
	OpenFile(name string, flag int, perm os.FileMode) (File, error)
	Rename(from, to string) error
	RemoveAll(path string) error
}

type osFS struct{}

// OpenFile implements FS.
func (osFS) OpenFile(name string, flag int, perm os.FileMode) (File, error) {
	return os.OpenFile(name, flag, perm)
}

// Rename implements FS.
func (osFS) Rename(from, to string) error { return os.Rename(from, to) }

// RemoveAll implements FS.
func (osFS) RemoveAll(path string) error { return os.RemoveAll(path) }

// syncDir makes the creation, removal and renaming of a directory's entries durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

// setAside moves a file or directory that cannot be used into damaged/ under a name that is free there.
func (s *Store) setAside(path, part string) (string, error) {
	dst := s.damagedPath(filepath.Base(path))
	if err := s.opts.FS.Rename(path, dst); err != nil {
		return "", explain(fmt.Errorf("set aside %s: %w", path, err))
	}
	s.m.damaged.WithLabelValues(part).Inc()
	return dst, nil
}

// damagedPath is a name in damaged/ that is not taken.
func (s *Store) damagedPath(base string) string {
	for i := 0; ; i++ {
		dst := filepath.Join(s.dir, damagedDir, fmt.Sprintf("%s.%d", base, s.opts.Clock().UnixMilli()))
		if i > 0 {
			dst += fmt.Sprintf("-%d", i)
		}
		if _, err := os.Lstat(dst); os.IsNotExist(err) {
			return dst
		}
	}
}
