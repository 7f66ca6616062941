package load

import (
	"errors"
	"os"
	"path/filepath"
	"runtime/pprof"
)

// profiles writes pprof profiles into dir, or nothing where dir is empty.
type profiles struct{ dir string }

// cpu profiles until stop.
func (p *profiles) cpu(what string) (stop func() error, err error) {
	if p.dir == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(filepath.Join(p.dir, "cpu-"+what+".pprof"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
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
