package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
)

// RecorderOptions are the sizes of a recording; the zero value works.
type RecorderOptions struct {
	// MaxBytes bounds the recording's files; beyond it the oldest segments are removed, and counted in Manifest.LeftOut. 0 is
	// no bound. At least two segments stay: the one that is being written, and the one before it.
	MaxBytes int64
	// SegmentBytes is the size at which a segment is closed; 0 is 16 MiB, or an eighth of MaxBytes if that is less.
	SegmentBytes int64
}

func (o RecorderOptions) withDefaults() RecorderOptions {
	setDefault(&o.SegmentBytes, 16<<20)
	if o.MaxBytes > 0 {
		o.SegmentBytes = min(o.SegmentBytes, max(o.MaxBytes/8, 1))
	}
	return o
}

// Recorder writes a recording: the samples that pass a Transport, and decided points. What was added is in memory until
// Flush has returned. A process has a directory to itself; Recorder does not lock it. Safe for concurrent use.
type Recorder struct {
	dir  string
	opts RecorderOptions

	mu       sync.Mutex
	manifest Manifest
	out      *segmentFileWriter
	err      error // the first error of writing; nothing is taken until Flush has reported it

	plain []byte // records of the next frame
	tally tally
	// What the segment that is being written has numbers for.
	sources   map[string]uint64
	lastRef   uint64 // of sources
	seriesRef map[string]uint64
	detectors map[string]*recordingDetector
	known     map[string]*RecordedSource

	tails   map[string]*tail // the newest chunk of each series, which may still grow
	order   []*tail          // in the order of their first chunk in the segment
	held    int64            // bytes in tails
	seen    recentSet
	answers []claim
	decided map[string]int64 // by detector: the grid time after its newest point
	notes   []span
	wire    wireSeries // scratch
}

// RecordedSource names a source in a recording.
type RecordedSource struct {
	Name     string
	URL      string        // it is kept without credentials
	External labels.Labels // the server's external_labels; a Transport that sees the server asked for them learns them itself
}

// claim is a selector that a server has answered for a range.
type claim struct {
	source, selector string
	span
}

// NewRecorder opens a recording for writing; the directory is created if it does not exist. A segment that a crash has left
// open is closed after its last whole frame.
func NewRecorder(dir string, opts RecorderOptions) (*Recorder, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	r := &Recorder{
		dir: dir, opts: opts.withDefaults(), known: map[string]*RecordedSource{}, decided: map[string]int64{}, tails: map[string]*tail{},
	}
	var err error
	if r.manifest, _, err = loadManifest(dir); err != nil {
		return nil, err
	}
	if err := r.recover(); err != nil {
		return nil, err
	}
	r.begin()
	return r, nil
}

// recover closes what was open, takes up segments that the manifest does not know yet, and learns where detectors stopped.
func (r *Recorder) recover() error {
	names, err := segmentNames(r.dir, &r.manifest)
	if err != nil || len(names) == 0 {
		return err
	}
	for i := range r.manifest.Segments {
		for _, d := range r.manifest.Segments[i].Detectors {
			r.decided[d.Detector] = d.To + d.Step
		}
	}
	for _, name := range names[len(r.manifest.Segments):] {
		if err := r.takeUp(name); err != nil {
			return err
		}
	}
	return saveManifest(r.dir, &r.manifest)
}

// takeUp puts a segment that is not in the manifest there; one that is open is closed.
func (r *Recorder) takeUp(name string) error {
	one := newRecording(r.dir)
	err := one.load(name)
	if err := errors.Join(err, one.Close()); err != nil {
		return err
	}
	info := one.Manifest.Segments[0]
	if info.SHA256 == "" {
		if len(one.frames) == 0 { // nothing was written yet
			return os.Remove(name)
		}
		if info.SHA256, err = closeTorn(name, info.Bytes); err != nil {
			return fmt.Errorf("recording: %w", err)
		}
	}
	r.manifest.Segments = append(r.manifest.Segments, info)
	for name, d := range one.detectors {
		if n := len(d.stretches); n > 0 {
			r.decided[name] = d.stretches[n-1].end(d.step)
		}
	}
	return nil
}

// begin makes the next segment's tables empty. The file is created with its first frame.
func (r *Recorder) begin() {
	r.out, r.plain, r.tally, r.lastRef = nil, nil, tally{}, 0
	r.sources, r.seriesRef, r.detectors = map[string]uint64{}, map[string]uint64{}, map[string]*recordingDetector{}
}

// Range says that a replay of the decision times [from, to] will find all that it reads.
func (r *Recorder) Range(from, to int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, span{from, to})
}

// Manifest says what the recording's closed segments hold.
func (r *Recorder) Manifest() Manifest {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.manifest
	m.Segments = slices.Clone(m.Segments)
	return m
}

// Dir is the recording's directory.
func (r *Recorder) Dir() string { return r.dir }

// Flush makes the points that were added durable. Samples stay in memory until their segment is full. After an error, what was
// not durable is lost, and what is added from then on is written by later calls once that is possible again.
func (r *Recorder) Flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.putPoints()
	r.cut()
	if r.err == nil && r.out != nil {
		r.fail(r.out.sync())
	}
	r.full()
	err := r.err
	if err != nil {
		r.resume()
	}
	return err
}

// resume begins a new segment after a failure, as a new Recorder would. What could not be written is lost, and readers find that
// it is missing.
func (r *Recorder) resume() {
	if r.out != nil {
		_ = r.out.f.Close() // the error before matters
	}
	r.begin()
	r.tails, r.order, r.held, r.answers, r.notes = map[string]*tail{}, nil, 0, nil, nil
	r.err = r.recover()
}

// Close writes everything, closes the last segment and ends the recording; the Recorder is not used after it.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.putPoints()
	r.seal()
	return r.err
}

func (r *Recorder) fail(err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("recording: %w", err)
	}
}

// cut writes the records that wait as a frame.
func (r *Recorder) cut() {
	if len(r.plain) == 0 || r.err != nil {
		return
	}
	if r.out == nil {
		var err error
		if r.out, err = createSegment(filepath.Join(r.dir, openFile)); err != nil {
			r.fail(err)
			return
		}
	}
	r.fail(r.out.frame(r.plain))
	r.plain = r.plain[:0]
}

// full closes the frame, and the segment, when they have their size.
func (r *Recorder) full() {
	if len(r.plain) >= frameTarget {
		r.cut()
	}
	written := int64(len(r.plain)) + r.held
	if r.out != nil {
		written += r.out.size
	}
	if written >= r.opts.SegmentBytes {
		r.seal()
	}
}

// seal ends the segment: chunks that were kept back are written, then what they complete.
func (r *Recorder) seal() {
	for _, t := range r.order {
		r.putTail(t)
	}
	r.tails, r.order, r.held = map[string]*tail{}, nil, 0
	for _, a := range r.answers {
		ref := r.source(a.source)
		r.plain = binary.AppendUvarint(append(r.plain, recAnswered), ref)
		r.plain = appendBytes(r.plain, a.selector)
		r.plain = binary.AppendVarint(binary.AppendVarint(r.plain, a.from), a.to)
		r.tally.answered(a.source, a.selector, a.from, a.to)
	}
	for _, n := range r.notes {
		r.plain = binary.AppendVarint(binary.AppendVarint(append(r.plain, recRange), n.from), n.to)
	}
	r.answers, r.notes = nil, nil
	r.cut()
	if r.out == nil || r.err != nil {
		return
	}
	sha, size, err := r.out.seal(r.dir)
	if err != nil {
		r.fail(err)
		return
	}
	r.manifest.Segments = append(r.manifest.Segments, SegmentInfo{SHA256: sha, Bytes: size, SegmentContent: r.tally.content()})
	r.fail(r.retain())
	r.begin()
}

// retain removes the oldest segments beyond the bound. The manifest is written first: a crash leaves a file too many, never
// one too few.
func (r *Recorder) retain() error {
	var gone []string
	for r.opts.MaxBytes > 0 && len(r.manifest.Segments) > 1 && r.manifest.Bytes()+r.opts.SegmentBytes > r.opts.MaxBytes {
		s := r.manifest.Segments[0]
		out := &r.manifest.LeftOut
		out.Segments, out.Bytes, out.Samples, out.Points = out.Segments+1, out.Bytes+s.Bytes, out.Samples+s.Samples, out.Points+s.Points
		out.To = max(out.To, s.To)
		r.manifest.Segments = slices.Delete(r.manifest.Segments, 0, 1)
		gone = append(gone, filepath.Join(r.dir, segmentFile(s.SHA256)))
	}
	if err := saveManifest(r.dir, &r.manifest); err != nil {
		return err
	}
	for _, name := range gone {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// source gives a source's number in the segment.
func (r *Recorder) source(name string) uint64 {
	if ref, ok := r.sources[name]; ok {
		return ref
	}
	r.lastRef++
	ref := r.lastRef
	r.sources[name] = ref
	s := r.known[name]
	if s == nil {
		s = &RecordedSource{Name: name}
	}
	r.plain = binary.AppendUvarint(append(r.plain, recSource), ref)
	r.plain = appendBytes(r.plain, s.Name)
	r.plain = appendBytes(r.plain, s.URL)
	r.plain = appendBytes(r.plain, labelFields(s.External))
	return ref
}

// series gives the number of a series of a source, or of decided points (source ""), in the segment.
func (r *Recorder) series(source string, key []byte) uint64 {
	name := source + "\x00" + string(key)
	if ref, ok := r.seriesRef[name]; ok {
		return ref
	}
	of := uint64(0)
	if source != "" {
		of = r.source(source)
	}
	ref := uint64(len(r.seriesRef) + 1)
	r.seriesRef[name] = ref
	r.tally.series++
	r.plain = binary.AppendUvarint(binary.AppendUvarint(append(r.plain, recSeries), ref), of)
	r.plain = appendBytes(r.plain, key)
	return ref
}

// labelFields gives labels in the form in which remote-read sends them.
func labelFields(ls labels.Labels) []byte {
	var b []byte
	ls.Range(func(l labels.Label) {
		p := prompb.Label{Name: l.Name, Value: l.Value}
		b = binary.AppendUvarint(append(b, 0x0a), uint64(p.Size()))
		b = appendBytes(append(b, 0x0a), l.Name)
		b = appendBytes(append(b, 0x12), l.Value)
	})
	return b
}
