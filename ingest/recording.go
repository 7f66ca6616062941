package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Recording is a directory that holds what was read from sources: samples, in the chunks as they came from remote-read, and
// the points that detectors decided on, with the time at which each was decided. Its files are
//
//	manifest.json       what is in it, as a Manifest
//	<SHA-256>.segment   samples and points, see recording_format.go; never changed once it has its name
//	open.partial        the segment that is being written
//
// Opening it reads and checks every file once; what cannot be read is an error that names the file and the offset. Only the end of
// open.partial may be missing: it is where a crash cuts a write short, and Torn says so. Memory: 40 bytes for each chunk (usually
// 120 samples) and some frames. Safe for concurrent use.
type Recording struct {
	// Manifest is what the files hold, open.partial included (as a segment without a SHA256).
	Manifest Manifest
	// From and To are the decision times, Unix milliseconds, that a replay finds all data for; 0 if the recording does not tell.
	From, To int64
	// Torn is how many bytes at the end of open.partial are no whole frame.
	Torn int64

	dir       string
	files     []*os.File
	sources   map[string]*recordedSource
	detectors map[string]*recordedDetector

	mu     sync.Mutex
	frames []recordedFrame
	cached []int32 // frames that are in memory, the newest last
}

// cachedFrames is how many unpacked frames, of a mebibyte each, stay in memory.
const cachedFrames = 48

type recordedFrame struct {
	file   int
	offset int64
	size   int64
	plain  []byte // nil unless cached
}

// recordedSource is what one source has in the recording.
type recordedSource struct {
	name, url string
	external  labels.Labels
	series    []*recordedSeries // in order of labels
	byKey     map[string]*recordedSeries
	byName    map[string][]*recordedSeries
	answered  []answered
}

type recordedSeries struct {
	key    []byte // the labels as they stand on the wire
	lset   labels.Labels
	chunks []recordedChunk // as they came
}

type recordedChunk struct {
	mint, maxt int64
	frame      int32
	at, size   int32
	enc        chunkenc.Encoding
}

// answered is a selector for which all samples in a range are there.
type answered struct {
	matchers []string // sorted
	from, to int64
}

// IsRecording reports whether a directory is one that a Recorder has made.
func IsRecording(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, manifestFile))
	return err == nil
}

// OpenRecording opens a recording for reading. It may be one that is being written; what comes later is not seen.
func OpenRecording(dir string) (*Recording, error) {
	m, found, err := loadManifest(dir)
	if err != nil {
		return nil, err
	}
	r := newRecording(dir)
	r.Manifest = m
	names, err := segmentNames(dir, &m)
	if err == nil && len(names) == 0 && !found {
		err = fmt.Errorf("recording: %s holds neither %s nor a segment: %w", dir, manifestFile, errEmptyRecording)
	}
	r.Manifest.Segments = nil
	for _, name := range names {
		if err == nil {
			err = r.load(name)
		}
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	for _, s := range r.sources {
		s.finish()
	}
	return r, nil
}

func newRecording(dir string) *Recording {
	return &Recording{dir: dir, sources: map[string]*recordedSource{}, detectors: map[string]*recordedDetector{}}
}

// errEmptyRecording is a directory without a recording.
var errEmptyRecording = errors.New("it is no recording")

// segmentNames are the paths of the segments in the order in which they were written: the manifest's, those that it does not
// know yet (a crash lies between the two), the one that is being written.
func segmentNames(dir string, m *Manifest) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	var names []string
	for i := range m.Segments {
		names = append(names, filepath.Join(dir, segmentFile(m.Segments[i].SHA256)))
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if filepath.Ext(name) == segmentSuffix && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	open := filepath.Join(dir, openFile)
	if _, err := os.Stat(open); err == nil {
		names = append(names, open)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("recording: %w", err)
	}
	return names, nil
}

func (r *Recording) load(name string) error {
	l := &segmentLoader{r: r, file: len(r.files)}
	res, err := scanSegment(name, l)
	if err != nil {
		return err
	}
	info := SegmentInfo{Bytes: res.good, SegmentContent: l.tally.content()}
	if filepath.Base(name) == openFile {
		r.Torn = res.size - res.good
	} else {
		info.SHA256 = res.sha
		if res.torn {
			return fmt.Errorf("recording: %s, offset %d: %w", name, res.good, errTorn)
		}
		if err := checkName(name, res.sha); err != nil {
			return err
		}
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	r.files = append(r.files, f)
	r.Manifest.Segments = append(r.Manifest.Segments, info)
	return nil
}

// Close closes the files. Sources that read the recording fail afterwards.
func (r *Recording) Close() error {
	var errs []error
	for _, f := range r.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// unpacked gives the records of a frame.
func (r *Recording) unpacked(i int32) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := &r.frames[i]
	if f.plain != nil {
		return f.plain, nil
	}
	file := r.files[f.file]
	plain, _, err := readSegmentFrame(newSection(file, f.offset, f.size), nil)
	if err != nil {
		return nil, fmt.Errorf("recording: %s, offset %d: %w", file.Name(), f.offset, err)
	}
	f.plain = plain
	if r.cached = append(r.cached, i); len(r.cached) > cachedFrames {
		r.frames[r.cached[0]].plain = nil
		r.cached = slices.Delete(r.cached, 0, 1)
	}
	return plain, nil
}

// data gives the bytes of a chunk, in order to be copied.
func (r *Recording) data(c recordedChunk) ([]byte, error) {
	plain, err := r.unpacked(c.frame)
	if err != nil {
		return nil, err
	}
	if int(c.at)+int(c.size) > len(plain) {
		return nil, fmt.Errorf("recording: %s changed while it was read", r.files[r.frames[c.frame].file].Name())
	}
	return plain[c.at : c.at+c.size], nil
}

// finish puts a source's series in the order in which a server gives them.
func (s *recordedSource) finish() {
	slices.SortFunc(s.series, func(a, b *recordedSeries) int { return labels.Compare(a.lset, b.lset) })
	s.byName = map[string][]*recordedSeries{}
	for _, one := range s.series {
		name := one.lset.Get(model.MetricNameLabel)
		s.byName[name] = append(s.byName[name], one)
	}
}

// match gives the series that matchers select, in order of labels.
func (s *recordedSource) match(ms []*labels.Matcher) []*recordedSeries {
	candidates := s.series
	for _, m := range ms {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			candidates = s.byName[m.Value]
		}
	}
	var out []*recordedSeries
	for _, one := range candidates {
		if !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches(one.lset.Get(m.Name)) }) {
			out = append(out, one)
		}
	}
	return out
}

// imported says whether the source is a whole that was imported.
func (s *recordedSource) imported() bool {
	return slices.ContainsFunc(s.answered, func(a answered) bool { return len(a.matchers) == 0 })
}

// lacks says what of a range is not in the recording for a selector; "" if all is.
func (s *recordedSource) lacks(ms []*labels.Matcher, from, to int64) string {
	asked := make([]string, len(ms))
	for i, m := range ms {
		asked[i] = m.String()
	}
	var have []span
	for _, a := range s.answered {
		narrower := !slices.ContainsFunc(a.matchers, func(m string) bool { return !slices.Contains(asked, m) })
		if narrower {
			have = append(have, span{a.from, a.to})
		}
	}
	have = mergeSpans(have)
	for _, h := range have {
		if h.from <= from && to <= h.to {
			return ""
		}
	}
	what := fmt.Sprintf("%s from %s to %s", matcherString(ms), showTime(from), showTime(to))
	if len(have) == 0 {
		return what + "; it has nothing of this selector"
	}
	return fmt.Sprintf("%s; it has %s", what, showSpans(have))
}
