package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Names inside of a recording.
const (
	manifestFile  = "manifest.json"
	openFile      = "open.partial" // the segment that is being written
	segmentSuffix = ".segment"
)

const manifestVersion = 1

// Manifest says what a recording holds. It is the file manifest.json of the recording's directory.
type Manifest struct {
	Version  int           `json:"version"`
	Segments []SegmentInfo `json:"segments"`
	// LeftOut is what the bound on the size has removed since the recording began.
	LeftOut LeftOut `json:"left_out"`
}

// SegmentInfo is one segment; its file is called <SHA256>.segment.
type SegmentInfo struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	SegmentContent
}

// SegmentContent is what a segment holds. From and To are the first and the last time of a sample or point, Unix
// milliseconds; both are 0 where there are none.
type SegmentContent struct {
	From      int64            `json:"from"`
	To        int64            `json:"to"`
	Series    int              `json:"series"`
	Chunks    int              `json:"chunks"`
	Samples   int64            `json:"samples"`
	Points    int64            `json:"points"`
	Selectors []RecordedRange  `json:"selectors,omitempty"`
	Detectors []RecordedPoints `json:"detectors,omitempty"`
}

// RecordedRange is a selector with the range in which all samples that its source had are in the recording.
type RecordedRange struct {
	Source   string `json:"source"`
	Selector string `json:"selector"`
	From     int64  `json:"from"`
	To       int64  `json:"to"`
}

// RecordedPoints are a detector's decided points.
type RecordedPoints struct {
	Detector string `json:"detector"`
	Source   string `json:"source"`
	Expr     string `json:"expr"`
	Step     int64  `json:"step"` // milliseconds
	From     int64  `json:"from"`
	To       int64  `json:"to"`
	Points   int64  `json:"points"`
}

// LeftOut counts what was removed. To is the newest time that was in it.
type LeftOut struct {
	Segments int   `json:"segments"`
	Bytes    int64 `json:"bytes"`
	Samples  int64 `json:"samples"`
	Points   int64 `json:"points"`
	To       int64 `json:"to"`
}

// Bytes is the size of all segments.
func (m *Manifest) Bytes() int64 {
	var n int64
	for i := range m.Segments {
		n += m.Segments[i].Bytes
	}
	return n
}

// Samples is the number of samples in all segments.
func (m *Manifest) Samples() int64 {
	var n int64
	for i := range m.Segments {
		n += m.Segments[i].Samples
	}
	return n
}

// From is the oldest time of a sample or point, 0 if there is none.
func (m *Manifest) From() int64 {
	var t int64
	for i := range m.Segments {
		if s := &m.Segments[i]; s.Samples+s.Points > 0 && (t == 0 || s.From < t) {
			t = s.From
		}
	}
	return t
}

// Ranges are the selectors of all segments, with ranges that touch put together, in order of source, selector and time.
func (m *Manifest) Ranges() []RecordedRange {
	var all tally
	for i := range m.Segments {
		for _, r := range m.Segments[i].Selectors {
			all.answered(r.Source, r.Selector, r.From, r.To)
		}
	}
	return all.content().Selectors
}

// Points are the detectors of all segments, in order of name.
func (m *Manifest) Points() []RecordedPoints {
	var all tally
	for i := range m.Segments {
		for _, p := range m.Segments[i].Detectors {
			all.points(&recordedDetector{name: p.Detector, source: p.Source, expr: p.Expr, step: p.Step}, p.From, p.To, p.Points)
		}
	}
	return all.content().Detectors
}

// To is the newest time of a sample or point.
func (m *Manifest) To() int64 {
	var t int64
	for i := range m.Segments {
		t = max(t, m.Segments[i].To)
	}
	return t
}

func segmentFile(sha string) string { return sha + segmentSuffix }

// cover widens the segment's range.
func (c *SegmentContent) cover(from, to int64) {
	if c.Samples == 0 && c.Points == 0 {
		c.From, c.To = from, to
		return
	}
	c.From, c.To = min(c.From, from), max(c.To, to)
}

// loadManifest reads the manifest of a recording; without one it is empty and found is false.
func loadManifest(dir string) (m Manifest, found bool, err error) {
	m.Version = manifestVersion
	name := filepath.Join(dir, manifestFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err != nil {
		return m, false, fmt.Errorf("recording: %w", err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, true, fmt.Errorf("recording: %s: %w", name, err)
	}
	if m.Version != manifestVersion {
		return m, true, fmt.Errorf("recording: %s has version %d; this binary reads %d", name, m.Version, manifestVersion)
	}
	for _, s := range m.Segments {
		if len(s.SHA256) != 64 || strings.Trim(s.SHA256, "0123456789abcdef") != "" {
			return m, true, fmt.Errorf("recording: %s: %q is not a SHA-256", name, s.SHA256)
		}
	}
	return m, true, nil
}

// saveManifest replaces the manifest as a whole.
func saveManifest(dir string, m *Manifest) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("recording: manifest: %w", err)
	}
	name := filepath.Join(dir, manifestFile)
	if err := writeSynced(name+".new", append(b, '\n')); err != nil {
		return fmt.Errorf("recording: manifest: %w", err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return fmt.Errorf("recording: manifest: %w", err)
	}
	return syncDir(dir)
}

func writeSynced(name string, b []byte) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes the creation, removal and renaming of a directory's entries durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
