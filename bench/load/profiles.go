package load

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime/pprof"
)

// profiles writes pprof profiles into dir, or nothing where dir is empty.
type profiles struct{ dir string }

// cpu profiles until stop, which gives the profile.
func (p *profiles) cpu(what string) (stop func() ([]byte, error), err error) {
	var buf bytes.Buffer
	if err := pprof.StartCPUProfile(&buf); err != nil {
		return nil, err
	}
	return func() ([]byte, error) {
		pprof.StopCPUProfile()
		if p.dir == "" {
			return buf.Bytes(), nil
		}
		return buf.Bytes(), os.WriteFile(filepath.Join(p.dir, "cpu-"+what+".pprof"), buf.Bytes(), 0o600)
	}, nil
}

// heap writes what is in use, and what was allocated.
func (p *profiles) heap() error {
	if p.dir == "" {
		return nil
	}
	f, err := os.Create(filepath.Join(p.dir, "heap.pprof"))
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}
