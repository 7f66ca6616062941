package app

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// qualityScript is a file of testdata/quality: samples as a server would have them, a detector over them, and what must come of it.
// Fields, one a line, `#` begins a comment:
//
//	step 5m · history 3d   the detector's; what comes after the history is decided
//	detector KEY: VALUE    a line of the detector's configuration; expr is needed
//	noise 0.03             of every value, or of every increase of a counter (a metric whose name ends in _total), as a share; 0.03
//	day 0.6                a daily rhythm of that size, each series' at another hour
//	load 1m 8 SERIES       so many series (label instance, the k-th k times as much) in promqltest's notation, a sample a minute;
//	                       (10 _)x3 repeats what is in brackets
//	workers 3 from 2880    from the sample on, each is of one of so many processes with counters of their own, by lot
//	stuck 864 60           so many samples from there repeat the one before
//	shift 864 -4h          the samples from there are those of another time
//	want REASON            the verdict that there must be, and no other; none
//	else alarm             without the check there is an alarm, which with it there is not
type qualityScript struct {
	step, history time.Duration
	detector      []string
	noise, day    float64
	loads         []qualityLoad
	workers, from int
	stuck, still  int
	shifted       int
	shift         time.Duration
	want          string
	alarm         bool
}

type qualityLoad struct {
	every  time.Duration
	n      int
	labels labels.Labels
	values []parser.SequenceValue
}

var repeated = regexp.MustCompile(`\(([^()]*)\)x(\d+)`)

func readQualityScript(t *testing.T, file string) *qualityScript {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &qualityScript{noise: 0.03}
	for i, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		field, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		f := strings.Fields(rest)
		number := func(k int) float64 {
			v, err := strconv.ParseFloat(f[k], 64)
			if err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
			return v
		}
		span := func(k int) time.Duration {
			v, err := time.ParseDuration(strings.ReplaceAll(f[k], "3d", "72h"))
			if err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
			return v
		}
		switch field {
		case "":
		case "step":
			s.step = span(0)
		case "history":
			s.history = span(0)
		case "detector":
			s.detector = append(s.detector, rest)
		case "noise":
			s.noise = number(0)
		case "day":
			s.day = number(0)
		case "load":
			s.loads = append(s.loads, qualityLoad{every: span(0), n: int(number(1))})
			l := &s.loads[len(s.loads)-1]
			series := repeated.ReplaceAllStringFunc(strings.Join(f[2:], " "), func(m string) string {
				p := repeated.FindStringSubmatch(m)
				n, _ := strconv.Atoi(p[2])
				return strings.Repeat(p[1]+" ", n)
			})
			if l.labels, l.values, err = parser.NewParser(parser.Options{}).ParseSeriesDesc(series); err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
		case "workers":
			s.workers, s.from = int(number(0)), int(number(2))
		case "stuck":
			s.stuck, s.still = int(number(0)), int(number(1))
		case "shift":
			s.shifted, s.shift = int(number(0)), span(1)
		case "want":
			s.want = f[0]
		case "else":
			s.alarm = true
		default:
			t.Fatalf("%s:%d: no field %q", file, i+1, field)
		}
	}
	return s
}

// lot is a number in [0, 1) that depends on its arguments alone.
func lot(k, i int) float64 {
	h := uint64(k+1)*0x9e3779b97f4a7c15 ^ uint64(i+1)*0xbf58476d1ce4e5b9
	h = (h ^ h>>30) * 0x94d049bb133111eb
	return float64((h^h>>31)>>11) / (1 << 53)
}

func bell(k, i int) float64 {
	return math.Sqrt(-2*math.Log(1-lot(2*k, i))) * math.Cos(2*math.Pi*lot(2*k+1, i))
}

// openMetrics is the samples as text, which promtool takes, too, and the time of the last.
func (s *qualityScript) openMetrics() (text string, last int64) {
	var b strings.Builder
	seed := 0
	for _, l := range s.loads {
		name := l.labels.Get("__name__")
		counter := strings.HasSuffix(name, "_total")
		if head := fmt.Sprintf("# TYPE %s %s\n", strings.TrimSuffix(name, "_total"), map[bool]string{true: "counter", false: "gauge"}[counter]); !strings.Contains(b.String(), head) {
			b.WriteString(head)
		}
		for k := range l.n {
			lb := labels.NewBuilder(l.labels).Del("__name__")
			if l.n > 1 {
				lb.Set("instance", strconv.Itoa(k))
			}
			seed++
			values := s.values(l, seed, k, counter)
			for i, v := range values {
				if !math.IsNaN(v) {
					t := origin + int64(i)*l.every.Milliseconds()
					fmt.Fprintf(&b, "%s%s %v %d\n", name, strings.ReplaceAll(lb.Labels().String(), ", ", ","), v, t/1000)
					last = max(last, t)
				}
			}
		}
	}
	return b.String() + "# EOF\n", last
}

// values are those of the k-th series of a load; NaN where there is no sample.
func (s *qualityScript) values(l qualityLoad, seed, k int, counter bool) []float64 {
	out := make([]float64, len(l.values))
	total, before := 0.0, 0.0
	at := func(i int) float64 {
		v := l.values[i]
		if v.Omitted {
			return math.NaN()
		}
		x := v.Value * float64(k+1)
		if s.day > 0 {
			x *= 1 + s.day*math.Sin(2*math.Pi*(float64(int64(i)*l.every.Milliseconds())/float64(day)+float64(k)/float64(l.n)))
		}
		return x
	}
	for i := range out {
		noise := 1 + s.noise*bell(seed, i)
		switch {
		case counter:
			x := at(i)
			if x < before {
				total = 0
			} else if !math.IsNaN(x) {
				total += math.Round(math.Max(0, x-before) * math.Max(0, noise))
			}
			before = x
			out[i] = total
			if s.workers > 0 && i >= s.from {
				out[i] = total * (0.4 + 0.5*float64(int(float64(s.workers)*lot(7*seed, i)))/float64(s.workers))
			}
		case s.still > 0 && i >= s.stuck && i < s.stuck+s.still:
			out[i] = out[i-1]
		case s.shift != 0 && i >= s.shifted:
			out[i] = at(i+int(s.shift/l.every)) * noise
		default:
			out[i] = at(i) * noise
		}
	}
	return out
}

// TestQualityScripts runs every script from samples to messages: import, PromQL, checks, models, alarms.
func TestQualityScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/quality/*.txt")
	if err != nil || len(files) < 14 {
		t.Fatalf("%d scripts, want at least 14; %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			s := readQualityScript(t, file)
			if testing.Short() && !s.behind() {
				t.Skip("the engine's tests have these from points on; make test-full runs them from samples on")
			}
			text, last := s.openMetrics()
			if dir := os.Getenv("TIDEWATCH_SCRIPTS"); dir != "" { // to try them on a server
				name := filepath.Join(dir, strings.TrimSuffix(filepath.Base(file), ".txt"))
				if err := errors.Join(os.WriteFile(name+".om", []byte(text), 0o600), os.WriteFile(name+".yml", []byte(s.config(true)), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			rec := importScript(t, text)
			verdicts, alarms := s.replay(t, rec, last, true)
			want := []string{s.want}
			if s.want == "none" {
				want = nil
			}
			if !slices.Equal(verdicts, want) || len(alarms) > 0 {
				t.Errorf("verdicts %q and alarms %q, want %q and none", verdicts, alarms, want)
			}
			if s.alarm && !testing.Short() {
				if _, alarms := s.replay(t, rec, last, false); len(alarms) == 0 {
					t.Error("without the check there is no alarm either")
				}
			}
		})
	}
}

// behind reports whether it is about what only the samples tell.
func (s *qualityScript) behind() bool {
	return s.workers > 0 || slices.ContainsFunc(s.detector, func(line string) bool { return strings.HasPrefix(line, "expect_interval") })
}

func importScript(t *testing.T, text string) *ingest.Recording {
	t.Helper()
	dir := t.TempDir()
	w, err := ingest.NewRecorder(dir, ingest.RecorderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.Declare(ingest.RecordedSource{Name: "main"})
	if err := errors.Join(w.ImportOpenMetrics("main", strings.NewReader(text)), w.Close()); err != nil {
		t.Fatal(err)
	}
	rec, err := ingest.OpenRecording(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rec.Close() }) // it was only read
	return rec
}

func (s *qualityScript) config(checked bool) string {
	return fmt.Sprintf(`sources: [{name: main, url: "http://127.0.0.1:9090/api/v1/read"}]
detectors:
  - name: D
    step: %s
    history: %s
    data_quality: %t
    %s
route: {receiver: oncall}
receivers: [{name: oncall, webhook_configs: [{url: "http://127.0.0.1:1/"}]}]
`, s.step, s.history, checked, strings.Join(s.detector, "\n    "))
}

// replay gives the verdicts and the alarms after the history.
func (s *qualityScript) replay(t *testing.T, rec *ingest.Recording, last int64, checked bool) (verdicts, alarms []string) {
	t.Helper()
	cfg, err := configs.Parse("script.yml", []byte(s.config(checked)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Replay(t.Context(), ReplayOptions{
		Config: cfg, Source: RecordingSources(cfg, rec, nil), From: origin + s.history.Milliseconds() + minute, To: last + minute,
		Failed: func(_ string, err error) { t.Error(err) },
		Each: func(res engine.Result) error {
			for _, q := range res.Quality {
				if !q.Over {
					t.Logf("%s: %s", time.UnixMilli(q.T).UTC(), q.Text)
					verdicts = append(verdicts, q.Reason.String())
				}
			}
			for _, c := range res.Changes {
				if c.Transition.To == alerting.Alarming {
					alarms = append(alarms, fmt.Sprint(time.UnixMilli(c.Transition.T).UTC(), " ", c.Series.Labels, " ", c.View.Reason))
				}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return verdicts, alarms
}
