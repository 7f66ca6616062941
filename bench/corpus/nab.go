package corpus

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// windowsFile holds NAB's labels, relative to the corpus.
var windowsFile = filepath.Join("labels", "combined_windows.json")

// isNAB reports whether a directory has NAB's layout: data/<group>/*.csv and labels/combined_windows.json.
func isNAB(dir string) bool {
	windows, err := os.Stat(filepath.Join(dir, windowsFile))
	if err != nil || windows.IsDir() {
		return false
	}
	data, err := os.Stat(filepath.Join(dir, "data"))
	return err == nil && data.IsDir()
}

// readWindows gives the files their windows. One that is not in the labels is unlabelled.
func (c *Corpus) readWindows(dir, data string) error {
	path := filepath.Join(dir, windowsFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var stamps map[string][][2]string
	if err := json.Unmarshal(raw, &stamps); err != nil {
		return fmt.Errorf("%s: %w; want an object of lists of [start, end] by group/file.csv", path, err)
	}
	for i := range c.Files {
		f := &c.Files[i]
		name, err := filepath.Rel(data, f.path)
		if err != nil {
			return err
		}
		ws, ok := stamps[filepath.ToSlash(name)]
		f.labelled = ok
		for _, w := range ws {
			var at [2]int64
			for k := range w {
				if at[k], err = parseStamp(w[k]); err != nil {
					return fmt.Errorf("%s: window %q of %s: %w", path, w, name, err)
				}
			}
			f.windows = append(f.windows, at)
		}
	}
	return nil
}

// inWindow reports whether t lies in an anomalous stretch.
func (f *File) inWindow(t int64) bool {
	for _, w := range f.windows {
		if w[0] <= t && t <= w[1] {
			return true
		}
	}
	return false
}
