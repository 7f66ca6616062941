package load

import (
	"bytes"
	"io"
	"math"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/ingest"
)

func testOptions(t *testing.T) Options {
	t.Helper()
	o := Defaults()
	o.World = World{Series: 40, Detectors: 2, Scrape: time.Minute}
	o.Ticks, o.Dir = 3, t.TempDir()
	h, err := Handler(o.World)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	o.URL = srv.URL
	return o
}

func TestRunReportsEveryStage(t *testing.T) {
	rep, err := Run(t.Context(), testOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	for what, ok := range map[string]bool{
		"training has cost":        rep.Training.CPU > 0 && rep.Training.Objects > 0,
		"history is learnt":        rep.Training.Points >= 40*360,
		"reading has cost":         rep.Ticks.Read.Objects > 0,
		"deciding has cost":        rep.Ticks.Decide.Wall > 0,
		"stages make up the tick":  rep.Ticks.Read.Wall+rep.Ticks.Decide.Wall+rep.Ticks.Store.Wall-rep.Ticks.Total.Wall < time.Microsecond,
		"the journal is written":   rep.Ticks.JournalBytes > 40*17,
		"the snapshot has a size":  rep.Snapshot.Bytes > 40*1000,
		"the snapshot has a pause": rep.Snapshot.Pause > 0,
		"the restart has cost":     rep.Restart.Wall > 0,
		"files are not anonymous":  runtime.GOOS != "linux" || rep.Ticks.Memory.Anonymous > 0 && rep.Ticks.Memory.Anonymous < rep.Ticks.Memory.Peak,
	} {
		if !ok {
			t.Errorf("not so: %s; the report is %+v", what, rep)
		}
	}
	sh := rep.Ticks.Shares
	if sum := sh.Connection + sh.Decode + sh.Evaluate + sh.Model + sh.Bookkeeping + sh.Garbage; sum != 0 && math.Abs(sum-1) > 1e-9 {
		t.Errorf("the shares %+v make up %v", sh, sum) // 0: too short for a profile
	}
	var out bytes.Buffer
	if err := rep.Print(&out); err != nil || !strings.Contains(out.String(), "read, decode, PromQL") {
		t.Error(err, out.String())
	}
}

// TestSharesOfAProfile profiles a known function and some stacks by hand.
func TestSharesOfAProfile(t *testing.T) {
	stop, err := (&profiles{}).cpu("")
	if err != nil {
		t.Fatal(err)
	}
	x := uint64(0)
	for began := cpuTime(); cpuTime()-began < 100*time.Millisecond; {
		x += spin(1e6)
	}
	t.Logf("made %x", x)
	raw, err := stop()
	if err != nil {
		t.Fatal(err)
	}
	stacks, err := parseProfile(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(stacks, func(s stack) bool {
		return s.cpu > 0 && slices.ContainsFunc(s.functions, func(f string) bool { return strings.HasSuffix(f, "load.spin") })
	}) {
		t.Errorf("the profile's %d stacks do not tell of the function that ran", len(stacks))
	}
	for _, cut := range [][]byte{nil, raw[:len(raw)/2], []byte("text")} {
		if _, err := parseProfile(cut); err == nil {
			t.Errorf("%d bytes were taken for a profile", len(cut))
		}
	}
	got := sharesOf([]stack{
		{[]string{"runtime.memmove", ours + "/ingest.(*frameReader).next", "net/http.(*Client).Do"}, 1},
		{[]string{"syscall.Syscall", "net.(*conn).Read", ours + "/ingest.(*frameReader).next"}, 2},
		{[]string{ours + ".SeriesID", ours + "/ingest.(*rows).add", ours + "/internal/app.(*runner).read"}, 4},
		{[]string{"runtime.scanobject", "runtime.gcBgMarkWorker"}, 8},
		{[]string{"math.Exp", ours + "/models.(*row).learn", ours + "/internal/engine.(*detector).run"}, 16},
		{[]string{"runtime.mcall"}, 32},
		{[]string{ours + "/internal/store.(*Store).write"}, 1},
	})
	if want := (Shares{Connection: 2. / 64, Decode: 1. / 64, Evaluate: 4. / 64, Model: 16. / 64, Bookkeeping: 33. / 64, Garbage: 8. / 64}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

//go:noinline
func spin(n int) (x uint64) {
	for i := range n {
		x = mix(x + uint64(i))
	}
	return x
}

func TestReadIsMeasuredBesideItsPeers(t *testing.T) {
	h, err := Handler(World{Series: 40, Detectors: 4, Scrape: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	o := ReadDefaults()
	o.URL, o.Selectors = srv.URL+"/api/v1/read", []string{`{part="001"}`, `{part=~".+"}`}
	o.Ranges = []time.Duration{3 * time.Hour, 30 * time.Hour}
	rep, err := MeasureRead(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	got := [][2]int64{}
	for _, r := range rep.Rows {
		if r.Form == Evaluated && r.Samples > 0 && r.StreamStats.Bytes > 0 {
			continue
		}
		got = append(got, [2]int64{int64(r.Series), r.Samples})
		if bare := r.BareSamples >= r.Samples; bare != (r.Form == Streamed) || r.StreamStats.Bytes == 0 || r.CPU == 0 || r.Repeated > 0 {
			t.Errorf("%+v", r)
		}
	}
	if want := [][2]int64{{10, 1800}, {10, 1800}, {10, 18000}, {40, 7200}}; !slices.Equal(got, want) {
		t.Errorf("series and samples %v, want %v", got, want)
	}
	var out bytes.Buffer
	if err := rep.Print(&out); err != nil || strings.Count(out.String(), "streamed") != 3 || strings.Count(out.String(), "evaluated") != 3 || strings.Count(out.String(), "sampled ") != 1 {
		t.Error(err, out.String())
	}
	for name, change := range map[string]func(*ReadOptions){
		"no range":    func(o *ReadOptions) { o.Ranges = nil },
		"no selector": func(o *ReadOptions) { o.Selectors = nil },
		"no series":   func(o *ReadOptions) { o.Selectors = []string{`{part="x"}`} },
		"no server":   func(o *ReadOptions) { o.URL = "http://127.0.0.1:1" },
		"odd fleet":   func(o *ReadOptions) { o.URL, o.Series = "", 3 },
	} {
		broken := o
		change(&broken)
		if _, err := MeasureRead(t.Context(), broken); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestRunFailsWhereNothingIsRead(t *testing.T) {
	o := testOptions(t)
	o.URL = "http://127.0.0.1:1"
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "points of history were learnt") {
		t.Errorf("the error is %v", err)
	}
}

func TestWrongOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"uneven parts": func(o *Options) { o.Series = 41 },
		"no detector":  func(o *Options) { o.Detectors = 0 },
		"no tick":      func(o *Options) { o.Ticks = 0 },
		"no step":      func(o *Options) { o.Step = 0 },
		"no history":   func(o *Options) { o.History = 0 },
		"no scrape":    func(o *Options) { o.Scrape = 0 },
	} {
		o := testOptions(t)
		change(&o)
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestGeneratorServesItsValues reads both kinds of series as a detector does and holds them against the formula.
func TestGeneratorServesItsValues(t *testing.T) {
	o := testOptions(t)
	r, err := ingest.NewRemote(ingest.RemoteConfig{Name: "g", URL: o.URL + "/api/v1/read"})
	if err != nil {
		t.Fatal(err)
	}
	parts := o.parts()
	for part, expr := range []string{`load_memory_bytes{part="000"}`, `load_requests_total{part="001"}`} {
		b, err := r.Read(t.Context(), ingest.Query{Detector: "d", Expr: expr, From: begin - 3*3600_000, To: begin, Step: 60_000})
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Rows) != 20 {
			t.Fatalf("%s gives %d series, want 20", expr, len(b.Rows))
		}
		it := &chunkIterator{c: &chunkSeries{&querier{fleet: newFleet(o.World)}, nil}}
		for _, row := range b.Rows {
			for i := range parts[part] {
				if labels.Equal(parts[part][i].labels, row.Series.Labels) {
					it.c.s = &parts[part][i]
				}
			}
			for k, got := range row.V {
				if want := it.newest(b.Time(k)); got != want {
					t.Fatalf("%s at %d: %g, want %g", row.Series.Labels, b.Time(k), got, want)
				}
			}
		}
	}
}

// newest is the value of the newest sample at t.
func (it *chunkIterator) newest(t int64) float64 {
	i := (t - it.c.s.offset) / it.c.q.fleet.scrape
	if it.time(i) > t {
		i--
	}
	return it.c.s.value(it.time(i))
}

func TestCountersNeverFall(t *testing.T) {
	for _, s := range (World{Series: 50, Detectors: 2, Scrape: time.Minute}).parts()[1] {
		last := math.Inf(-1)
		for ts := begin; ts < begin+2*86_400_000; ts += 60_000 {
			v := s.value(ts)
			if v < last {
				t.Fatalf("%s falls from %g to %g at %d", s.labels, last, v, ts)
			}
			last = v
		}
	}
}

func TestGenerateEndsWithItsInput(t *testing.T) {
	from, held := io.Pipe()
	ctx, stop := UntilEOF(t.Context(), from), func() { _ = held.Close() }
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- Generate(ctx, World{Series: 2, Detectors: 2, Scrape: time.Minute}, in) }()
	line := make([]byte, 7)
	if _, err := io.ReadFull(out, line); err != nil || string(line) != "http://" {
		t.Error(string(line), err)
	}
	stop()
	go func() { _, _ = io.Copy(io.Discard, out) }() // the rest of the line
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A storm of series that are a group each is counted to the last alarm in few messages, also where the service is reloaded in it; and
// where each group has a message of its own, so that the queue grows and a message tells of many, while Slack refuses some.
func TestStormIsTold(t *testing.T) {
	o := StormDefaults()
	o.World = World{Series: 120, Detectors: 2, Scrape: time.Minute, Broken: 100, BreakAt: begin + stormQuiet*60_000}
	o.Ticks, o.Reload = 3, true
	h, err := Handler(o.World)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	o.URL = srv.URL
	rep, err := RunStorm(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Alarms < 50 || rep.Told != rep.Alarms || rep.Messages+rep.Replies > 20 || rep.Wait > 5*time.Second || rep.Digested > 0 {
		t.Errorf("%+v, want all of the alarms told in few messages, the first soon", rep)
	}
	var out bytes.Buffer
	if err := rep.Print(&out); err != nil || !strings.Contains(out.String(), "100 of 120 series") || !strings.Contains(out.String(), "goal met: messages and replies") {
		t.Error(err, out.String())
	}
	if testing.Short() {
		return // what follows sends one message a second
	}
	o.Groups, o.Refusals, o.Ticks = 0, 2, 1
	rep, err = RunStorm(t.Context(), o)
	if err != nil || rep.Alarms < 50 || rep.Told != rep.Alarms || rep.Messages+rep.Replies > 20 || rep.Digested < 20 {
		t.Errorf("a queue that grows: %+v, %v", rep, err)
	}
}
