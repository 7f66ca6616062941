package store

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Scratch lends memory that lies in files of a directory: the kernel keeps of it what is used and writes the rest to disk, where memory of
// the heap would have to stay. Nothing in it outlives the process. The files have no name, so that nothing is left of them either.
type Scratch struct{ dir string }

// NewScratch makes its files in dir, which must exist.
func NewScratch(dir string) *Scratch { return &Scratch{dir} }

// Take lends n bytes until release is called. The space on disk is reserved: a disk that fills up later cannot take it away.
func (s *Scratch) Take(n int) (b []byte, release func(), err error) {
	f, err := os.CreateTemp(s.dir, "scratch-*")
	if err != nil {
		return nil, nil, fmt.Errorf("make scratch file: %w", err)
	}
	defer f.Close() //nolint:errcheck // the mapping keeps the file
	if err := os.Remove(f.Name()); err != nil {
		return nil, nil, fmt.Errorf("unlink scratch file: %w", err)
	}
	if err := unix.Fallocate(int(f.Fd()), 0, 0, int64(n)); err != nil {
		return nil, nil, fmt.Errorf("reserve %d bytes in %s: %w", n, s.dir, err)
	}
	b, err = unix.Mmap(int(f.Fd()), 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("map scratch file: %w", err)
	}
	return b, func() { unix.Munmap(b) }, nil //nolint:errcheck // it was mapped just so
}
