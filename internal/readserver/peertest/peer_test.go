package peertest

import (
	"context"
	"fmt"
	"math"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	config_util "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/tidewatch/tidewatch/internal/readserver"
)

type point struct {
	t    int64
	bits uint64 // so that staleness markers compare
}

const (
	hosts  = 12
	points = 2500
)

// fill appends series of two metrics with staleness markers and gaps, and returns what it appended, by label set.
func fill(t *testing.T, db *tsdb.DB) map[string][]point {
	t.Helper()
	want := map[string][]point{}
	app := db.AppenderV2(context.Background())
	for i := range hosts {
		ls := labels.FromStrings("__name__", "load", "instance", fmt.Sprintf("host-%02d", i), "job", "node")
		for k := range points {
			if k%97 < 5 && i%2 == 0 {
				continue
			}
			v := 100 * math.Sin(float64(k*(i+1)))
			if k%211 == 3 {
				v = math.Float64frombits(value.StaleNaN)
			}
			at := int64(k)*15_000 + int64(i)
			if _, err := app.Append(0, ls, 0, at, v, nil, nil, storage.AppendV2Options{}); err != nil {
				t.Fatal(err)
			}
			want[ls.String()] = append(want[ls.String()], point{at, math.Float64bits(v)})
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	return want
}

func openStore(t *testing.T) (*tsdb.DB, map[string][]point) {
	t.Helper()
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = 0
	opts.MinBlockDuration = 24 * time.Hour.Milliseconds()
	opts.MaxBlockDuration = opts.MinBlockDuration
	db, err := tsdb.Open(t.TempDir(), nil, nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, fill(t, db)
}

func client(t *testing.T, base string, accept ...prompb.ReadRequest_ResponseType) remote.ReadClient {
	t.Helper()
	u, err := url.Parse(base + "/api/v1/read")
	if err != nil {
		t.Fatal(err)
	}
	c, err := remote.NewReadClient("peer", &remote.ClientConfig{
		URL: &config_util.URL{URL: u}, Timeout: model.Duration(time.Minute), ChunkedReadLimit: 50e6, AcceptedResponseTypes: accept,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// read collects a query's samples by label set; the client gives a series once per frame.
func read(t *testing.T, c remote.ReadClient, from, to int64, ms ...*labels.Matcher) (got map[string][]point, entries int) {
	t.Helper()
	q, err := remote.ToQuery(from, to, ms, nil)
	if err != nil {
		t.Fatal(err)
	}
	set, err := c.Read(context.Background(), q, false)
	if err != nil {
		t.Fatal(err)
	}
	got = map[string][]point{}
	var it chunkenc.Iterator
	for set.Next() {
		entries++
		name := set.At().Labels().String()
		for it = set.At().Iterator(it); it.Next() == chunkenc.ValFloat; {
			at, v := it.At()
			got[name] = append(got[name], point{at, math.Float64bits(v)})
		}
		if err := it.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	return got, entries
}

func within(all map[string][]point, from, to int64) map[string][]point {
	out := map[string][]point{}
	for name, ps := range all {
		for _, p := range ps {
			if p.t >= from && p.t <= to {
				out[name] = append(out[name], p)
			}
		}
	}
	return out
}

func compare(t *testing.T, want, got map[string][]point) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d series, want %d", len(got), len(want))
	}
	for name, w := range want {
		g := got[name]
		if len(g) != len(w) {
			t.Fatalf("%s: %d points, want %d", name, len(g), len(w))
		}
		for i := range w {
			if g[i] != w[i] {
				t.Fatalf("%s: point %d is %v, want %v", name, i, g[i], w[i])
			}
		}
	}
}

var job = labels.MustNewMatcher(labels.MatchEqual, "job", "node")

func TestPrometheusClientReadsWhatIsStored(t *testing.T) {
	db, want := openStore(t)
	end := int64(points * 15_000)
	for _, accept := range []prompb.ReadRequest_ResponseType{prompb.ReadRequest_STREAMED_XOR_CHUNKS, prompb.ReadRequest_SAMPLES} {
		for _, frame := range []int{1, 500, 2000, 1 << 20} {
			for _, span := range [][2]int64{{0, end}, {7_777_777, 20_000_001}} {
				t.Run(fmt.Sprintf("%s/frame %d/%d to %d", accept, frame, span[0], span[1]), func(t *testing.T) {
					srv := httptest.NewServer(readserver.Handler(db, readserver.Options{MaxBytesInFrame: frame}))
					defer srv.Close()
					got, entries := read(t, client(t, srv.URL, accept), span[0], span[1], job)
					compare(t, within(want, span[0], span[1]), got)
					if streamed := accept == prompb.ReadRequest_STREAMED_XOR_CHUNKS; streamed && frame == 1 && entries <= hosts {
						t.Errorf("%d entries: tiny frames were not cut", entries)
					}
				})
			}
		}
	}
}

func TestPrometheusClientSeesExternalLabels(t *testing.T) {
	db, _ := openStore(t)
	srv := httptest.NewServer(readserver.Handler(db, readserver.Options{ExternalLabels: labels.FromStrings("cluster", "eu1")}))
	defer srv.Close()
	for value, n := range map[string]int{"eu1": hosts, "us1": 0} {
		got, _ := read(t, client(t, srv.URL), 0, 1<<40, job, labels.MustNewMatcher(labels.MatchEqual, "cluster", value))
		if len(got) != n {
			t.Errorf("cluster=%q: %d series, want %d", value, len(got), n)
		}
		for name := range got {
			if !strings.Contains(name, `cluster="eu1"`) {
				t.Errorf("%s lacks the external label", name)
			}
		}
	}
}

func TestPrometheusClientShowsTheSampleLimit(t *testing.T) {
	db, _ := openStore(t)
	srv := httptest.NewServer(readserver.Handler(db, readserver.Options{SampleLimit: 1000}))
	defer srv.Close()
	q, err := remote.ToQuery(0, 1<<40, []*labels.Matcher{job}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client(t, srv.URL, prompb.ReadRequest_SAMPLES).Read(context.Background(), q, false)
	if err == nil || !strings.Contains(err.Error(), "exceeded sample limit (1000)") {
		t.Errorf("got %v, want the sample limit", err)
	}
}

// TestBothServersAnswerTheSame puts the same requests to Prometheus's own handler.
func TestBothServersAnswerTheSame(t *testing.T) {
	db, _ := openStore(t)
	theirs := httptest.NewServer(prometheusHandler(db))
	defer theirs.Close()
	ours := httptest.NewServer(readserver.Handler(db, readserver.Options{ExternalLabels: labels.FromStrings(externalName, externalValue)}))
	defer ours.Close()
	name := labels.MetricName
	for i, ms := range [][]*labels.Matcher{
		{labels.MustNewMatcher(labels.MatchEqual, name, "load")},
		{job, labels.MustNewMatcher(labels.MatchRegexp, "instance", "host-0[1-4]")},
		{job, labels.MustNewMatcher(labels.MatchEqual, externalName, externalValue)},
		{job, labels.MustNewMatcher(labels.MatchNotEqual, externalName, externalValue)},
		{job, labels.MustNewMatcher(labels.MatchRegexp, externalName, ".+")},
		{labels.MustNewMatcher(labels.MatchEqual, "job", "")},
	} {
		for _, accept := range []prompb.ReadRequest_ResponseType{prompb.ReadRequest_STREAMED_XOR_CHUNKS, prompb.ReadRequest_SAMPLES} {
			want, _ := read(t, client(t, theirs.URL, accept), 1_000_000, 30_000_000, ms...)
			got, _ := read(t, client(t, ours.URL, accept), 1_000_000, 30_000_000, ms...)
			t.Logf("query %d, %s: %d series", i, accept, len(want))
			compare(t, want, got)
		}
	}
}
