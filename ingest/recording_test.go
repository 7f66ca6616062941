package ingest

import (
	"bytes"
	"context"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/tidewatch/tidewatch"
)

// record reads queries of a server through a Recorder and closes it.
func record(t *testing.T, dir string, cfg RemoteConfig, opts RecorderOptions, qs ...Query) []tidewatch.Block {
	t.Helper()
	rec, err := NewRecorder(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Name = "test"
	cfg.Transport = func(next http.RoundTripper) http.RoundTripper {
		return rec.Transport(RecordedSource{Name: "test", URL: "http://me:secret@host:9090/api/v1/read"}, next)
	}
	r := newTestRemote(t, cfg)
	var out []tidewatch.Block
	for _, q := range qs {
		b, err := r.Read(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

func openRecording(t *testing.T, dir string) *Recording {
	t.Helper()
	r, err := OpenRecording(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func recordedSourceOf(t *testing.T, dir string, cfg RemoteConfig) Source {
	t.Helper()
	cfg.Name = "test"
	s, err := openRecording(t, dir).Source(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRecordingEqualsServer reads every expression from a server and, when the server is gone, from the recording: the same bits,
// also in other windows than those that were recorded, and no request.
func TestRecordingEqualsServer(t *testing.T) {
	ss := world(0.1)
	for name, set := range map[string]func(*fakeServer){
		"streamed":            func(*fakeServer) {},
		"one chunk per frame": func(f *fakeServer) { f.perFrame, f.perChunk = 1, 7 },
		"xor2":                func(f *fakeServer) { f.enc = chunkenc.EncXOR2 },
		"sampled":             func(f *fakeServer) { f.sampled = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeServer(t, ss...)
			f.external = labels.FromStrings("cluster", "eu1")
			set(f)
			var qs []Query
			for _, expr := range expressions {
				q := Query{Detector: "d", Expr: expr, From: t0, To: t0 + 2*3600000, Step: 60000}
				if b, err := reference(t, ss, q); err == nil && len(b.Rows) > 0 {
					qs = append(qs, q)
				}
			}
			dir := t.TempDir()
			cfg := RemoteConfig{URL: f.URL, ExternalLabels: f.external, Window: 70 * time.Minute}
			want := record(t, dir, cfg, RecorderOptions{SegmentBytes: 64 << 10}, qs...)
			before := f.requests
			f.Close()
			cfg.Window = 30 * time.Minute
			src := recordedSourceOf(t, dir, cfg)
			for i, q := range qs {
				if diff := blockDiff(read(t, src, q), want[i]); diff != "" {
					t.Errorf("%s: %s", q.Expr, diff)
				}
			}
			if f.requests != before || before == 0 {
				t.Errorf("%d requests to record, %d more to read the recording", before, f.requests-before)
			}
		})
	}
}

// TestRecordingIsDeterministic: the same answers make the same files.
func TestRecordingIsDeterministic(t *testing.T) {
	f := newFakeServer(t, world(0.1)...)
	q := Query{Detector: "d", Expr: "sum(rate(reqs_total[5m]))", From: t0, To: t0 + 3600000, Step: 60000}
	var names [2][]SegmentInfo
	for i := range names {
		dir := t.TempDir()
		record(t, dir, RemoteConfig{URL: f.URL}, RecorderOptions{SegmentBytes: 2 << 10}, q)
		m, _, err := loadManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		names[i] = m.Segments
		text, err := os.ReadFile(filepath.Join(dir, manifestFile))
		if err != nil || strings.Contains(string(text), "secret") {
			t.Errorf("manifest: %v\n%s", err, text)
		}
	}
	if diff := cmp.Diff(names[0], names[1]); diff != "" || len(names[0]) < 2 {
		t.Errorf("%d segments: %s", len(names[0]), diff)
	}
}

// TestRecordingSaysWhatItLacks: what was not recorded is never an empty answer.
func TestRecordingSaysWhatItLacks(t *testing.T) {
	f := newFakeServer(t, world(0.1)...)
	dir := t.TempDir()
	q := Query{Detector: "d", Expr: `temp{job="api"}`, From: t0 + 600000, To: t0 + 3600000, Step: 60000}
	record(t, dir, RemoteConfig{URL: f.URL}, RecorderOptions{}, q)
	rec := openRecording(t, dir)
	src, err := rec.Source(RemoteConfig{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(*Query)
		want   string // "" where it can be read
	}{
		"the same":            {func(*Query) {}, ""},
		"narrower":            {func(q *Query) { q.Expr = `temp{job="api",instance=~"h[02].*"}` }, ""},
		"another selector":    {func(q *Query) { q.Expr = "reqs_total" }, `it does not hold {__name__="reqs_total"} from 2024-02-14T00:05:00.001Z to 2024-02-14T01:00:00Z; it has nothing of this selector`},
		"wider":               {func(q *Query) { q.Expr = "temp" }, "it has nothing of this selector"},
		"earlier":             {func(q *Query) { q.From = t0 }, "; it has 2024-02-14T00:05:00.001Z to 2024-02-14T01:00:00Z"},
		"later":               {func(q *Query) { q.To += 60000 }, "; it has 2024-02-14T00:05:00.001Z to 2024-02-14T01:00:00Z"},
		"with a longer range": {func(q *Query) { q.Expr = `avg_over_time(temp{job="api"}[1h])` }, "from 2024-02-13T23:10:00.001Z"},
	} {
		ask := q
		tc.change(&ask)
		_, err := src.Read(context.Background(), ask)
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tc.want != "" && (err == nil || ErrorKind(err) != KindQuery || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), dir)):
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	if _, err := rec.Source(RemoteConfig{Name: "other"}); err == nil || !strings.Contains(err.Error(), `nothing of the source "other"`) {
		t.Errorf("another source: %v", err)
	}
}

// TestBrokenAnswerIsNotRecorded: an answer that was cut is read again, and only a whole one counts as an answer.
func TestBrokenAnswerIsNotRecorded(t *testing.T) {
	f := newFakeServer(t, world(0.1)...)
	dir := t.TempDir()
	rec, err := NewRecorder(dir, RecorderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := newTestRemote(t, RemoteConfig{URL: f.URL, Transport: func(next http.RoundTripper) http.RoundTripper {
		return rec.Transport(RecordedSource{Name: "test"}, next)
	}})
	q := Query{Detector: "d", Expr: "temp", From: t0, To: t0 + 3600000, Step: 60000}
	n := 0
	f.mangle = func(b []byte) []byte {
		if n++; n == 3 {
			return b[:len(b)-7]
		}
		return b
	}
	if _, err := r.Read(context.Background(), q); ErrorKind(err) != KindProtocol {
		t.Fatalf("damaged answer: %v", err)
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	src, err := openRecording(t, dir).Source(RemoteConfig{Name: "test"})
	if err == nil {
		_, err = src.Read(context.Background(), q)
	}
	if err == nil || !strings.Contains(err.Error(), "nothing of") {
		t.Errorf("the recording claims what it has not got: %v", err)
	}
}

// pointsBlock is a block of two series, one of which begins with the second column.
func pointsBlock(from int64, n int) tidewatch.Block {
	b := tidewatch.Block{Detector: "d", From: from, Step: 60000, N: n}
	for i, host := range []string{"a", "b"} {
		ls := labels.FromStrings("__name__", "x", "host", host)
		row := tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID("d", ls), Labels: ls}}
		for k := range n {
			v := float64(from/60000%1000) + float64(k*(i+1))/3
			if i == 1 && k == 0 {
				v = math.NaN()
			}
			row.V = append(row.V, v)
		}
		b.Rows = append(b.Rows, row)
	}
	slices.SortFunc(b.Rows, func(a, b tidewatch.Row) int {
		if a.Series.ID < b.Series.ID {
			return -1
		}
		return 1
	})
	return b
}

// TestRecordedPoints: what was decided on comes back bit for bit, over restarts, repetitions and a new training.
func TestRecordedPoints(t *testing.T) {
	dir := t.TempDir()
	const step = 60000
	q := Query{Detector: "d", Expr: "x", From: t0, To: t0 + 19*step, Step: step}
	open := func() *Recorder {
		rec, err := NewRecorder(dir, RecorderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return rec
	}
	whole := pointsBlock(t0, 20)
	rec := open()
	rec.Points("test", "x", 0, true, whole.Cut(0, 10))
	for i := 10; i < 14; i++ {
		rec.Points("test", "x", whole.Time(i)+30000, false, whole.Cut(i, i+1))
	}
	if err := rec.Flush(); err != nil {
		t.Fatal(err)
	}
	rec.Points("test", "x", whole.Time(14)+30000, false, whole.Cut(14, 15)) // lost in a crash
	rec = open()
	rec.Points("test", "x", whole.Time(16)+30000, false, whole.Cut(12, 17)) // the journal repeats more than was lost
	rec.Points("test", "x", whole.Time(19)+30000, false, whole.Cut(17, 20))
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := blockDiff(read(t, recordedSourceOf(t, dir, RemoteConfig{}), q), whole); diff != "" {
		t.Error(diff)
	}
	m := openRecording(t, dir).Manifest
	var points int64
	for _, s := range m.Segments {
		points += s.Points
	}
	if points != 39 || len(m.Segments) != 2 {
		t.Errorf("%d points in %d segments, want 39 in 2", points, len(m.Segments))
	}
	src := recordedSourceOf(t, dir, RemoteConfig{})
	for name, change := range map[string]func(*Query){
		"another expression": func(q *Query) { q.Expr = "y" }, "another step": func(q *Query) { q.Step = 20000 },
		"earlier": func(q *Query) { q.From -= step }, "later": func(q *Query) { q.To += step },
	} {
		ask := q
		change(&ask)
		if b, err := src.Read(context.Background(), ask); err == nil || !strings.Contains(err.Error(), "does not hold") {
			t.Errorf("%s: %v, %d rows", name, err, len(b.Rows))
		}
	}
	rec = open() // the model was changed: it learns from other history
	again := pointsBlock(t0+2*step, 18)
	rec.Points("test", "x", 0, true, again.Cut(0, 15))
	rec.Points("test", "x", again.End(), false, again.Cut(15, 18))
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	q.From = again.From
	if diff := blockDiff(read(t, recordedSourceOf(t, dir, RemoteConfig{}), q), again); diff != "" {
		t.Errorf("trained anew: %s", diff)
	}
}

// TestRecordingIsBounded: the oldest segments go, and what went is counted to the point.
func TestRecordingIsBounded(t *testing.T) {
	dir := t.TempDir()
	rec, err := NewRecorder(dir, RecorderOptions{MaxBytes: 20 << 10, SegmentBytes: 2 << 10})
	if err != nil {
		t.Fatal(err)
	}
	whole := pointsBlock(t0, 12000)
	total := int64(2*whole.N - 1)
	for i := 0; i < whole.N; i += 500 {
		rec.Points("test", "x", whole.Time(i+499), false, whole.Cut(i, i+500))
		if err := rec.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	r := openRecording(t, dir)
	m, _, err := loadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	var kept, size int64
	for _, s := range r.Manifest.Segments {
		kept += s.Points
		size += s.Bytes
	}
	out := m.LeftOut
	if out.Segments == 0 || kept+out.Points != total || size > 20<<10 || out.To >= r.Manifest.Segments[0].From {
		t.Errorf("%d points and %d bytes kept, left out %+v; %d points were recorded", kept, size, out, total)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(m.Segments)+1 {
		t.Errorf("%d files for %d segments and a manifest (%v)", len(entries), len(m.Segments), err)
	}
}

// TestDamagedRecording: a torn end of the open segment is cut; any other damage is named with its file and place.
func TestDamagedRecording(t *testing.T) {
	dir := t.TempDir()
	rec, err := NewRecorder(dir, RecorderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	whole := pointsBlock(t0, 200)
	for i := 0; i < whole.N; i += 50 {
		rec.Points("test", "x", whole.Time(i+49), false, whole.Cut(i, i+50))
		if err := rec.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	open := filepath.Join(dir, openFile)
	good, err := os.ReadFile(open)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, b []byte) {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for cut := 0; cut <= len(good); cut += 1 + len(good)/97 {
		put(open, good[:cut])
		r, err := OpenRecording(dir)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		var points int64
		for _, s := range r.Manifest.Segments {
			points += s.Points
		}
		if points > 399 || cut == len(good) && (points != 399 || r.Torn != 0) || cut < len(good) && r.Torn == 0 && points%100 != 99 && points != 0 {
			t.Errorf("cut at %d of %d: %d points, %d bytes torn", cut, len(good), points, r.Torn)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	put(open, good[:len(good)-3])
	if rec, err = NewRecorder(dir, RecorderOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	r := openRecording(t, dir)
	if got := r.Manifest.Segments; len(got) != 1 || got[0].Points != 299 || got[0].SHA256 == "" || r.Torn != 0 {
		t.Errorf("after a restart: %+v, %d torn", got, r.Torn)
	}
	sealed := filepath.Join(dir, segmentFile(r.Manifest.Segments[0].SHA256))
	intact, err := os.ReadFile(sealed)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]struct {
		content []byte
		want    string
	}{
		"cut":        {intact[:len(intact)-1], ", offset "},
		"flipped":    {flipped(intact, len(intact)/2), ", offset "},
		"no segment": {[]byte("timestamp,value\n1,2\n"), ", offset 0: it begins with"},
		"another":    {[]byte(segmentMagic), ": the SHA-256 of its content is "},
		"empty":      {nil, ", offset 0: the file ends"},
	} {
		put(sealed, b.content)
		if _, err := OpenRecording(dir); err == nil || !strings.Contains(err.Error(), sealed+b.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(sealed); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRecording(dir); err == nil || !strings.Contains(err.Error(), sealed) {
		t.Errorf("missing segment: %v", err)
	}
	if _, err := OpenRecording(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no recording") {
		t.Errorf("empty directory: %v", err)
	}
}

func flipped(b []byte, at int) []byte {
	out := bytes.Clone(b)
	out[at] ^= 0x10
	return out
}

// TestGrowingChunkIsWrittenOnce: a live detector reads the head's chunk at every tick, longer each time.
func TestGrowingChunkIsWrittenOnce(t *testing.T) {
	f := newFakeServer(t, memSeries{labels.FromStrings("__name__", "x"), nil})
	dir := t.TempDir()
	rec, err := NewRecorder(dir, RecorderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := newTestRemote(t, RemoteConfig{URL: f.URL, Transport: func(next http.RoundTripper) http.RoundTripper {
		return rec.Transport(RecordedSource{Name: "test"}, next)
	}})
	const ticks = 300
	var want []tidewatch.Block
	ask := func(i int64) Query {
		return Query{Detector: "d", Expr: "avg_over_time(x[5m])", From: t0 + i*60000, To: t0 + i*60000, Step: 60000}
	}
	for i := range int64(ticks) {
		f.series[0].samples = append(f.series[0].samples, sample{t: t0 + i*60000 - 20000, v: float64(i * i % 37)})
		want = append(want, read(t, r, ask(i)))
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	seg := openRecording(t, dir).Manifest.Segments
	if len(seg) != 1 || seg[0].Samples != ticks || seg[0].Chunks != 3 {
		t.Errorf("%+v, want %d samples in 3 chunks", seg, ticks)
	}
	src := recordedSourceOf(t, dir, RemoteConfig{})
	for i := range int64(ticks) {
		if diff := blockDiff(read(t, src, ask(i)), want[i]); diff != "" {
			t.Fatalf("tick %d: %s", i, diff)
		}
	}
}
