package corpus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Corpus is a set of files that are measured together.
type Corpus struct {
	Name     string // of its directory
	Dir      string // its path
	NAB      bool   // it has the layout of the Numenta Anomaly Benchmark
	Files    []File // in order of their names
	Problems []Problem
}

// File is one file of a corpus; Read reads it.
type File struct {
	Name string // path below the opened directory, with forward slashes and its ending

	path      string
	train     int           // rows that are training; -1: not said
	interval  time.Duration // what the manifest says of the distance of rows; 0: nothing
	windows   [][2]int64    // anomalous stretches, both ends included, where labelled
	labelled  bool          // windows are the labels
	indexStep time.Duration
}

// Options say how to take files. The zero value is right for most.
type Options struct {
	// IndexStep is how long one step of a time stamp column is that only counts 0, 1, 2, …; 0: a minute. MANIFEST.csv's interval_s
	// goes before it.
	IndexStep time.Duration
}

// Open finds the corpora in a directory: the directory itself where it has NAB's layout or holds CSV files, else each of its
// subdirectories that does, in order of their names. Files are found recursively. A CSV file is a corpus of one.
func Open(dir string, opts Options) ([]Corpus, error) {
	if opts.IndexStep == 0 {
		opts.IndexStep = time.Minute
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, fmt.Errorf("opening corpora: %w", err)
	}
	if isData(filepath.Base(dir)) {
		if info, err := os.Stat(dir); err == nil && !info.IsDir() {
			return openFile(dir, opts)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("opening corpora: %w", err)
	}
	var out []Corpus
	add := func(at string) error {
		c, err := open(dir, at, opts)
		if err == nil && len(c.Files) > 0 {
			out = append(out, c)
		}
		return err
	}
	if isNAB(dir) || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() && isData(e.Name()) }) {
		err = add(dir)
	} else {
		for _, e := range entries {
			if e.IsDir() {
				err = errors.Join(err, add(filepath.Join(dir, e.Name())))
			}
		}
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("opening corpora: %w", err)
	case len(out) == 0:
		return nil, fmt.Errorf("opening corpora: no *.csv and no *.csv.gz file under %s", dir)
	}
	return out, nil
}

// openFile is a corpus of one file, with what the manifest beside it says of it.
func openFile(path string, opts Options) ([]Corpus, error) {
	all, err := open(filepath.Dir(path), filepath.Dir(path), opts)
	if err != nil {
		return nil, fmt.Errorf("opening corpora: %w", err)
	}
	all.Problems = nil
	all.Files = slices.DeleteFunc(all.Files, func(f File) bool { return f.path != path })
	return []Corpus{all}, nil
}

// open lists the files of the corpus in directory at; their names are relative to root.
func open(root, at string, opts Options) (Corpus, error) {
	abs, err := filepath.Abs(at)
	if err != nil {
		return Corpus{}, err
	}
	c := Corpus{Name: filepath.Base(abs), Dir: at, NAB: isNAB(at)}
	data := at
	if c.NAB {
		data = filepath.Join(at, "data")
	}
	if c.Files, err = list(root, data, opts); err != nil {
		return c, err
	}
	if c.NAB {
		return c, c.readWindows(at, data)
	}
	return c, c.readManifests(root, at)
}

func list(root, at string, opts Options) ([]File, error) {
	var files []File
	err := filepath.WalkDir(at, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isData(d.Name()) {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files = append(files, File{Name: filepath.ToSlash(name), path: path, train: -1, indexStep: opts.IndexStep})
		return nil
	})
	return files, err
}

// manifestName is a file about the others, no series.
const manifestName = "MANIFEST.csv"

func isData(name string) bool {
	return name != manifestName && (strings.HasSuffix(name, ".csv") || strings.HasSuffix(name, ".csv.gz"))
}
