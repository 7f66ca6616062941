package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// segmentFileWriter writes the frames of one segment and hashes them on the way.
type segmentFileWriter struct {
	f    *os.File
	sum  hash.Hash
	size int64
	buf  []byte
}

func createSegment(name string) (*segmentFileWriter, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return nil, err
	}
	w := &segmentFileWriter{f: f, sum: sha256.New()}
	if err := w.write([]byte(segmentMagic)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return w, nil
}

func (w *segmentFileWriter) write(b []byte) error {
	if _, err := w.f.Write(b); err != nil {
		return err
	}
	w.sum.Write(b)
	w.size += int64(len(b))
	return nil
}

func (w *segmentFileWriter) frame(plain []byte) (err error) {
	if w.buf, err = packFrame(w.buf[:0], plain); err != nil {
		return err
	}
	return w.write(w.buf)
}

func (w *segmentFileWriter) sync() error { return w.f.Sync() }

// seal makes the segment durable and gives it its name.
func (w *segmentFileWriter) seal(dir string) (sha string, size int64, err error) {
	if err := errors.Join(w.f.Sync(), w.f.Close()); err != nil {
		return "", 0, err
	}
	sha = hex.EncodeToString(w.sum.Sum(nil))
	if err := os.Rename(w.f.Name(), filepath.Join(dir, segmentFile(sha))); err != nil {
		return "", 0, err
	}
	return sha, w.size, syncDir(dir)
}

// closeTorn cuts a segment that was left open after its last whole frame and gives it its name.
func closeTorn(name string, good int64) (sha string, err error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.CopyN(sum, f, good)
	if err := errors.Join(err, f.Truncate(good), f.Sync(), f.Close()); err != nil {
		return "", err
	}
	sha = hex.EncodeToString(sum.Sum(nil))
	dir := filepath.Dir(name)
	if err := os.Rename(name, filepath.Join(dir, segmentFile(sha))); err != nil {
		return "", err
	}
	return sha, syncDir(dir)
}
