package ingest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// allOf streams a selection and writes down every sample by series; it fails where a run breaks its promises.
func allOf(t *testing.T, r *Remote, sel Selection) (map[string][]sample, StreamStats) {
	t.Helper()
	got := map[string][]sample{}
	names := map[int]string{}
	stats, err := r.Stream(t.Context(), sel, func(s Samples) error {
		name := s.Labels.String()
		if known, ok := names[s.Series]; ok && known != name {
			t.Errorf("series %d is %s, was %s", s.Series, name, known)
		}
		names[s.Series] = name
		for i := range s.T {
			if n := len(got[name]); n > 0 && got[name][n-1].t >= s.T[i] {
				t.Errorf("%s: time %d after %d", name, s.T[i], got[name][n-1].t)
			}
			got[name] = append(got[name], sample{t: s.T[i], v: s.V[i]})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if stats.Series < len(names) {
		t.Errorf("%d series, the statistics say %d", len(names), stats.Series)
	}
	return got, stats
}

func selected(t *testing.T, selector string, from, to int64) Selection {
	t.Helper()
	sel, err := ParseSelection(selector, from, to)
	if err != nil {
		t.Fatal(err)
	}
	return sel
}

// TestStreamGivesEverySampleOnce reads six hours of 30 jittered series in windows that cut chunks, in both forms of answers.
func TestStreamGivesEverySampleOnce(t *testing.T) {
	ss := benchSeries(30, 6)
	from, to := t0+17*60000, t0+5*3600000+1
	want := map[string][]sample{}
	samples := int64(0)
	for _, s := range ss {
		for _, p := range s.samples {
			if p.t >= from && p.t <= to {
				want[s.lset.String()] = append(want[s.lset.String()], p)
				samples++
			}
		}
	}
	for name, tc := range map[string]struct {
		change   func(*fakeServer)
		window   time.Duration
		requests int
	}{
		"one window":        {func(*fakeServer) {}, 24 * time.Hour, 1},
		"seven windows":     {func(*fakeServer) {}, 41 * time.Minute, 7},
		"a chunk a frame":   {func(f *fakeServer) { f.perFrame = 1 }, 2 * time.Hour, 3},
		"another encoding":  {func(f *fakeServer) { f.enc = chunkenc.EncXOR2 }, 2 * time.Hour, 3},
		"sampled":           {func(f *fakeServer) { f.sampled = true }, 2 * time.Hour, 3},
		"external labels":   {func(f *fakeServer) { f.external = labels.FromStrings("cluster", "eu") }, 2 * time.Hour, 3},
		"limit of a server": {func(f *fakeServer) { f.sampled, f.limit = true, 10_000 }, 4 * time.Hour, 7},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer(t, ss...)
			tc.change(f)
			reg := prometheus.NewRegistry()
			r := newTestRemote(t, RemoteConfig{URL: f.URL, Window: tc.window, ExternalLabels: f.external, Registerer: reg})
			got, stats := allOf(t, r, selected(t, `reqs_total`, from, to))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%d series, want %d; or other samples", len(got), len(want))
			}
			if stats.Samples != samples || stats.Repeated != 0 || stats.Requests != tc.requests || stats.Bytes == 0 {
				t.Errorf("%+v, want %d samples in %d requests", stats, samples, tc.requests)
			}
			if n := testutil.ToFloat64(r.inFlight()) + testutil.ToFloat64(r.slots.inUse); n != 0 {
				t.Errorf("%v bytes or reads are left in flight", n)
			}
			split := testutil.ToFloat64(r.metrics.splits.WithLabelValues(r.name, "server"))
			if (split > 0) != strings.HasPrefix(name, "limit") {
				t.Errorf("%v splits", split)
			}
		})
	}
}

// TestStreamOfDisorder sends what well-behaved servers do not: chunks that overlap, and a series that comes back.
func TestStreamOfDisorder(t *testing.T) {
	a, b := labels.FromStrings("__name__", "m", "i", "a"), labels.FromStrings("__name__", "m", "i", "b")
	early, late := every(10, 1, 2, 3, 4, 5, 6), every(10, 1, 2, 3, 4, 5, 6)[3:]
	for i := range late {
		late[i].v *= 10
		if i > 0 {
			late[i].t += 5000
		}
	}
	f := newFakeServer(t, memSeries{a, early}, memSeries{a, late}, memSeries{b, every(10, 7)}, memSeries{a, every(10, 0, 0, 0, 0, 0, 0, 0, 0)})
	got, stats := allOf(t, newTestRemote(t, RemoteConfig{URL: f.URL}), selected(t, "m", t0, t0+3600000))
	want := map[string][]sample{
		b.String(): every(10, 7),
		a.String(): slices.Concat(early[:5], []sample{late[1], early[5], late[2]}, []sample{{t: t0 + 60000}, {t: t0 + 70000}}),
	}
	if d := fmt.Sprint(got); d != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	if want := int64(1 + 6); stats.Repeated != want || stats.Series != 2 {
		t.Errorf("%+v, want %d repeated", stats, want)
	}
}

func TestStreamLeavesHistogramsOut(t *testing.T) {
	hs := histogramSamples(5)
	f := newFakeServer(t, memSeries{labels.FromStrings("__name__", "h"), hs}, memSeries{labels.FromStrings("__name__", "m"), every(10, 1, math.NaN())})
	r := newTestRemote(t, RemoteConfig{URL: f.URL})
	sel := selected(t, `{__name__=~"h|m"}`, t0-1e9, t0+1e9)
	got, stats := allOf(t, r, sel)
	if len(got) != 1 || stats.Series != 2 || stats.Samples != 2 || stats.Histograms != 5 {
		t.Errorf("%v, %+v", got, stats)
	}
	encodings := map[chunkenc.Encoding]int{}
	stats, err := r.StreamChunks(t.Context(), sel, func(c RawChunk) error {
		encodings[c.Encoding]++
		return nil
	})
	if err != nil || !maps.Equal(encodings, map[chunkenc.Encoding]int{chunkenc.EncHistogram: 5, chunkenc.EncXOR: 1}) || stats.Samples != 7 {
		t.Errorf("%v, %+v, %v", encodings, stats, err)
	}
}

// TestStreamEnds ends streams in every way but the regular one.
func TestStreamEnds(t *testing.T) {
	mine := errors.New("enough")
	for name, tc := range map[string]struct {
		intercept func(w http.ResponseWriter, req *http.Request) bool
		each      error
		kind      Kind
	}{
		"the consumer's error": {nil, mine, KindNone},
		"cut in a frame": {func(w http.ResponseWriter, req *http.Request) bool {
			streamed(goodFrame(nil)[:200])(w, req)
			return true
		}, nil, KindProtocol},
		"nothing comes": {func(_ http.ResponseWriter, req *http.Request) bool { hang(req); return true }, nil, KindTimeout},
		"half a frame comes": {func(w http.ResponseWriter, req *http.Request) bool {
			streamed(goodFrame(nil)[:50])(w, req)
			_ = http.NewResponseController(w).Flush()
			hang(req)
			return true
		}, nil, KindTimeout},
		"refused":      {func(w http.ResponseWriter, req *http.Request) bool { status(401, "")(w, req); return true }, nil, KindUnauthorized},
		"server fails": {func(w http.ResponseWriter, req *http.Request) bool { status(500, "")(w, req); return true }, nil, KindServer},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer(t, benchSeries(3, 6)...)
			f.intercept = tc.intercept
			r := newTestRemote(t, RemoteConfig{URL: f.URL, Window: time.Hour, Timeout: 100 * time.Millisecond})
			_, err := r.Stream(t.Context(), selected(t, "reqs_total", t0, t0+6*3600000), func(Samples) error { return tc.each })
			if err == nil || ErrorKind(err) != tc.kind || tc.each != nil && !errors.Is(err, mine) {
				t.Errorf("error %v of kind %q, want %q", err, ErrorKind(err), tc.kind)
			}
			if len(r.slots.taken) != 0 || testutil.ToFloat64(r.inFlight()) != 0 {
				t.Error("a slot or bytes are left")
			}
		})
	}
}

// TestSlowConsumerIsNotATimeout takes longer than the time-out, while the answers of the next windows wait.
func TestSlowConsumerIsNotATimeout(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, benchSeries(3, 6)...)
	r := newTestRemote(t, RemoteConfig{URL: f.URL, Window: time.Hour, Timeout: time.Second, Concurrency: 4})
	runs := 0
	stats, err := r.Stream(t.Context(), selected(t, "reqs_total", t0, t0+6*3600000), func(Samples) error {
		if runs++; runs == 4 {
			time.Sleep(1500 * time.Millisecond)
		}
		return nil
	})
	if err != nil || stats.Samples != 3*6*240 {
		t.Errorf("%+v, %v", stats, err)
	}
}

// TestStreamHoldsTheServerBack lets a server send without end: what waits here is bounded.
func TestStreamHoldsTheServerBack(t *testing.T) {
	one := goodFrame(nil)
	f := newFakeServer(t)
	f.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", streamedType+"; proto="+streamedBody)
		many := slices.Repeat(one, 1000)
		for err := error(nil); err == nil; {
			_, err = w.Write(many)
		}
		return true
	}
	r := newTestRemote(t, RemoteConfig{URL: f.URL, Concurrency: 2})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	most := float64(2 * aheadBytes)
	n := 0
	_, err := r.StreamChunks(ctx, selected(t, "up", t0-200000, t0+3*86400000), func(RawChunk) error {
		time.Sleep(time.Millisecond)
		if held := testutil.ToFloat64(r.inFlight()); held > most {
			t.Errorf("%v bytes wait, at most %v may", held, most)
		}
		if n++; n == 50 {
			cancel()
		}
		return nil
	})
	if ErrorKind(err) != KindCanceled {
		t.Errorf("the error is %v", err)
	}
}

// FuzzStream holds the stream against the collector: the same samples from the same answer, whatever its chunks are.
func FuzzStream(f *testing.F) {
	f.Add(uint64(1), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, parts uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		c := newCollector(t0, t0+100000, &budget{}, newInterner(nil))
		s := newStream(nil, Selection{From: t0, To: t0 + 100000})
		got := []sample(nil)
		fs := &floatStream{sel: s.sel, stats: &s.stats, each: func(r Samples) error {
			for i := range r.T {
				got = append(got, sample{t: r.T[i], v: r.V[i]})
			}
			return nil
		}}
		for range parts % 6 {
			var ss []sample
			at := t0 + rng.Int64N(100000) - 5000
			for range 1 + rng.IntN(20) {
				ss = append(ss, sample{t: at, v: float64(rng.IntN(9))})
				at += 1 + rng.Int64N(3000)
			}
			raw := encodeChunk(ss, chunkenc.EncXOR)
			w := wireChunk{mint: raw.MinTimeMs, maxt: raw.MaxTimeMs, enc: chunkenc.EncXOR, data: raw.Data}
			if err := c.addWire(&wireSeries{chunks: []wireChunk{w}}); err != nil {
				t.Fatal(err)
			}
			k := chunk{mint: w.mint, maxt: w.maxt, enc: w.enc, size: len(w.data), padded: append(w.data, make([]byte, slack)...)}
			if err := fs.chunk(0, &identity{}, &k); err != nil {
				t.Fatal(err)
			}
		}
		if err := fs.flush(); err != nil {
			t.Fatal(err)
		}
		list, err := c.finish()
		if err != nil {
			t.Fatal(err)
		}
		if s.stats.Samples != int64(len(got)) {
			t.Fatalf("%d samples, the statistics say %d", len(got), s.stats.Samples)
		}
		var want []sample
		for _, one := range list {
			ts, vs, err := one.decode()
			if err != nil {
				t.Fatal(err)
			}
			for i := range ts {
				want = append(want, sample{t: ts[i], v: vs[i]})
			}
		}
		in := map[int64]bool{}
		for _, p := range want {
			in[p.t] = true
		}
		for i, p := range got {
			if !in[p.t] || i > 0 && got[i-1].t >= p.t {
				t.Fatalf("time %d is not in %v, or out of order in %v", p.t, want, got)
			}
		}
		if s.stats.Repeated == 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%v, the collector has %v", got, want)
		}
	})
}
