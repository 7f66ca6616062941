package store

import (
	"os"
	"sync"
	"syscall"
)

// faultFS fails writes and syncs on demand. A failed write leaves half of its bytes behind, as a full disk does.
type faultFS struct {
	osFS
	mu        sync.Mutex
	left      int64 // bytes that can be written; -1 is no limit
	syncErr   error
	cannotCut bool // Truncate fails too
	syncs     int
}

func (f *faultFS) set(left int64, syncErr error, cannotCut bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.syncErr, f.cannotCut = left, syncErr, cannotCut
}

func (f *faultFS) OpenFile(name string, flag int, perm os.FileMode) (File, error) {
	file, err := os.OpenFile(name, flag, perm)
	return &faultFile{fs: f, File: file}, err
}

type faultFile struct {
	fs *faultFS
	*os.File
}

func (f *faultFile) Write(b []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.left < 0 {
		return f.File.Write(b)
	}
	if int64(len(b)) <= f.fs.left {
		f.fs.left -= int64(len(b))
		return f.File.Write(b)
	}
	n, err := f.File.Write(b[:f.fs.left])
	f.fs.left = 0
	if err == nil {
		err = &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	return n, err
}

func (f *faultFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.fs.syncs++
	if f.fs.syncErr != nil {
		return f.fs.syncErr
	}
	return f.File.Sync()
}

func (f *faultFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.cannotCut {
		return &os.PathError{Op: "truncate", Path: f.Name(), Err: syscall.EIO}
	}
	return f.File.Truncate(size)
}
