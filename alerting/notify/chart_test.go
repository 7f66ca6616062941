package notify

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

var (
	update    = flag.Bool("update", false, "rewrite the golden files")
	chartsDir = flag.String("charts", "", "also write the charts of the scenarios into this directory, to look at")
)

// day is a chart of n points, step apart, with a daily rhythm around level, noise and an anomalous stretch [from, to) that is
// multiplied by factor.
func day(n int, step time.Duration, level, noise float64, from, to int, factor float64) *alerting.Chart {
	rng := rand.New(rand.NewPCG(7, 11))
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	c := &alerting.Chart{Timezone: "Europe/Berlin"}
	for i := range n {
		t := start.Add(time.Duration(i) * step)
		phase := float64(t.Unix()%86400) / 86400 * 2 * math.Pi
		mid := level * (1 + 0.5*math.Sin(phase))
		v := mid + noise*rng.NormFloat64()
		bad := i >= from && i < to
		if bad {
			v *= factor
		}
		c.T = append(c.T, t.UnixMilli())
		c.Y = append(c.Y, v)
		c.Mid = append(c.Mid, mid)
		c.Lower = append(c.Lower, mid-3*noise)
		c.Upper = append(c.Upper, mid+3*noise)
		c.Anomalous = append(c.Anomalous, bad)
	}
	return c
}

// scenarios are charts with what may go wrong in one.
func scenarios() map[string]*alerting.Chart {
	all := map[string]*alerting.Chart{}
	add := func(name, title, sub, unit string, c *alerting.Chart) *alerting.Chart {
		c.Title, c.Subtitle, c.Unit = title, sub, unit
		all[name] = c
		return c
	}
	ratio := add("ratio", "checkout · 5xx ratio", "Threshold Crossed: 3 out of the last 5 datapoints were above the band · score 2.4", alerting.UnitPercent,
		day(360, time.Minute, 0.004, 0.0006, 340, 360, 14))
	ratio.Marks = []alerting.Mark{{T: ratio.T[338], Text: "build 1.8.2 → 1.8.3"}, {T: ratio.T[120], Text: "config reload"}}
	add("cpu", "CPU utilisation · host-0042", "score 9.3 · 78 min above expected range · sum by (instance) (rate(node_cpu_seconds_total[5m]))", alerting.UnitPercent100,
		day(720, 2*time.Minute, 45, 3.2, 560, 640, 2.6))
	bytesChart := add("bytes", "db-1 · disk written", "below the band", "bytes", day(300, 5*time.Minute, 3.2e9, 2e8, 200, 260, 0.1))
	for i := 100; i < 130; i++ {
		bytesChart.Y[i] = math.NaN()
	}
	shift := add("shift", "api · latency p99", "Decided by shift: CUSUM 8.2 over its limit of 5", "seconds", day(360, time.Minute, 0.28, 0.02, 250, 360, 1.12))
	sum := 0.0
	for i := range shift.T {
		sum = math.Max(0, sum+(shift.Y[i]-shift.Mid[i])/0.02-0.8)
		shift.Statistic = append(shift.Statistic, sum)
	}
	shift.StatisticName, shift.Limit = "CUSUM, standard deviations", 25
	flat := add("flat", "queue · consumers", "Decided by flat: a metric that always moved stands still", "", day(120, time.Minute, 12, 0, 80, 120, 1))
	for i := range flat.Mid {
		flat.Y[i], flat.Mid[i], flat.Lower[i], flat.Upper[i] = 12, 12, 12, 12
	}
	nan := add("nothing", "payments · rate", "Decided by missing", "req/s", day(60, time.Minute, 100, 5, 40, 60, 1))
	for i := range nan.Y {
		nan.Y[i] = math.NaN()
	}
	add("empty", "nothing at all", "", "", &alerting.Chart{})
	add("one", "one point", "just born", "", day(1, time.Minute, 5, 0, 0, 1, 1))
	extreme := add("extreme", strings.Repeat("a very long title of a series that nobody shortened ", 5), strings.Repeat("and a reason to match ", 20), "", day(200, time.Minute, 10, 1, 150, 153, 1))
	extreme.Y[150], extreme.Y[151], extreme.Y[152] = math.MaxFloat64, math.Inf(1), 9e15
	add("unicode", "Kühlhaus Ω · Température №5 · Датчик", "größer als erwartet — ≥ 3 σ", "°C", day(96, 15*time.Minute, -18, 0.4, 90, 96, 0.6))
	add("fortnight", "orders", "weekly pattern", "req/s", day(14*288, 5*time.Minute, 1800, 90, 3900, 3950, 0.3))
	quiet := add("quiet", "checkout · 5xx ratio", "Threshold Crossed: 3 out of the last 5 datapoints were above the band · score 2.4", alerting.UnitPercent,
		day(360, time.Minute, 0.02, 0.0012, 320, 360, 1.6))
	quiet.Marks = []alerting.Mark{{T: quiet.T[316], Text: "build 1.8.2 → 1.8.3"}}
	quiet.Stretches = []alerting.Stretch{
		{From: quiet.T[60], To: quiet.T[119], Text: alerting.StretchExcluded},
		{From: quiet.T[100], To: quiet.T[160], Text: "muted by nightly-batch"},
		{From: quiet.T[330], To: quiet.T[359], Text: "silenced by anna"},
	}
	crowded := add("crowded", "checkout · 5xx ratio", "a rolling restart, and a batch that mutes every two hours", alerting.UnitPercent,
		day(1440, time.Minute, 0.02, 0.0012, 1400, 1440, 1.6))
	for i := range 9 {
		crowded.Marks = append(crowded.Marks, alerting.Mark{T: crowded.T[1340+8*i], Text: fmt.Sprintf("checkout-%d restarted by the rollout of build 1.8.3", i)})
	}
	for i := range 11 {
		at := crowded.T[120*i+60]
		crowded.Stretches = append(crowded.Stretches, alerting.Stretch{From: at, To: at + 30*60_000, Text: fmt.Sprintf("muted by batch-window-of-team-%d", i)})
	}
	gaps := add("islands", "sparse", "every third sample missing", "", day(60, time.Minute, 3, 0.2, 30, 40, 2))
	for i := range gaps.Y {
		if i%3 == 1 {
			gaps.Y[i], gaps.Lower[i], gaps.Upper[i], gaps.Mid[i] = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		}
	}
	return all
}

// pictured are the scenarios whose pictures are kept, to look at what a change does: a page with a deploy, muted and excluded stretches
// with a silence, a second panel, no data, and more words than there is room for.
var pictured = []string{"ratio", "quiet", "shift", "nothing", "crowded"}

// TestChartGolden compares the bytes of every scenario by their hash, and some with pictures. Between architectures floating-point code may differ in
// the last bit (see the architecture notes on determinism), so the hashes hold for amd64 only.
func TestChartGolden(t *testing.T) {
	if testing.Short() {
		t.Skip("every chart, pixel by pixel")
	}
	golden := filepath.Join("testdata", "charts.sha256")
	var got strings.Builder
	all := scenarios()
	for _, name := range sorted(all) {
		data, err := RenderChart(all[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: not a PNG: %v", name, err)
		}
		if b := img.Bounds(); b.Dx() != ChartWidth || b.Dy() != ChartHeight {
			t.Errorf("%s: size %v", name, b)
		}
		if *chartsDir != "" {
			if err := os.WriteFile(filepath.Join(*chartsDir, name+".png"), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprintf(&got, "%x  %s\n", sha256.Sum256(data), name)
		if slices.Contains(pictured, name) && runtime.GOARCH == "amd64" {
			checkPicture(t, filepath.Join("testdata", "charts", name+".png"), data)
		}
	}
	if runtime.GOARCH != "amd64" {
		t.Skipf("the hashes were made on amd64, this is %s", runtime.GOARCH)
	}
	checkGolden(t, golden, []byte(got.String()))
}

// checkPicture compares a picture with the one that is kept, byte by byte, and says where they look different.
func checkPicture(t *testing.T, path string, got []byte) {
	t.Helper()
	want, err := os.ReadFile(path)
	if *update || err == nil && bytes.Equal(got, want) {
		if *update {
			checkGolden(t, path, got)
		}
		return
	}
	if err != nil {
		t.Fatalf("%v (make it with go test -update)", err)
	}
	a, err := png.Decode(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	b, err := png.Decode(bytes.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	differ := image.Rectangle{}
	for y := range ChartHeight {
		for x := range ChartWidth {
			if a.At(x, y) != b.At(x, y) {
				differ = differ.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	t.Errorf("%s differs within %v; look at both (-charts DIR writes the new ones), and if the change is meant, go test -update", path, differ)
}

func TestChartRefusesUnequalSlices(t *testing.T) {
	good := func() *alerting.Chart { return day(5, time.Minute, 1, 0.1, 0, 0, 1) }
	for name, spoil := range map[string]func(c *alerting.Chart){
		"Y":         func(c *alerting.Chart) { c.Y = c.Y[:4] },
		"Mid":       func(c *alerting.Chart) { c.Mid = nil },
		"Lower":     func(c *alerting.Chart) { c.Lower = nil },
		"Upper":     func(c *alerting.Chart) { c.Upper = nil },
		"Anomalous": func(c *alerting.Chart) { c.Anomalous = append(c.Anomalous, true) },
		"Statistic": func(c *alerting.Chart) { c.Statistic = []float64{1} },
		"T[3]":      func(c *alerting.Chart) { c.T[3] = c.T[2] },
	} {
		c := good()
		spoil(c)
		if _, err := RenderChart(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v does not name it", name, err)
		}
		if AltText(c) == "" {
			t.Errorf("%s: no alt text", name)
		}
	}
}

// The text for those who do not see the chart is sentences, with one full stop each.
func TestAltTextSentences(t *testing.T) {
	c := day(60, time.Minute, 10, 1, 30, 31, 4)
	c.Title, c.Subtitle = "queue · depth", "Threshold no longer crossed: 2 out of the last 5 datapoints breached, it takes 3."
	want := "Chart of queue · depth. Threshold no longer crossed: 2 out of the last 5 datapoints breached, it takes 3. 23 Nov 09:00 to 23 Nov 09:59 CET. "
	if got := AltText(c); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ". 1 anomalous point at 23 Nov 09:30.") {
		t.Errorf("alt text %q", got)
	}
}

// TestChartLooks checks on the pixels what a reader needs to see.
func TestChartLooks(t *testing.T) {
	c := scenarios()["ratio"]
	data, err := RenderChart(c)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, a := img.At(0, 0).RGBA(); a != 0 {
		t.Error("the corner is not transparent")
	}
	if _, _, _, a := img.At(ChartWidth/2, ChartHeight/2).RGBA(); a != 0xffff {
		t.Error("the middle is not opaque: the chart would look different on a dark theme")
	}
	reds, blacks := 0, 0
	for y := int(plotTop); y < int(plotBottom); y++ {
		for x := 100; x < int(plotRight); x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			switch {
			case r>>8 > 0xb0 && g>>8 < 0x50 && b>>8 < 0x80:
				reds++
			case r>>8 < 0x40 && g>>8 < 0x40 && b>>8 < 0x40:
				blacks++
			}
		}
	}
	if reds < 500 || blacks < 2000 {
		t.Errorf("%d red and %d black pixels: the anomalous or the calm line is missing", reds, blacks)
	}
}

func TestValueTicks(t *testing.T) {
	for _, tc := range []struct {
		lo, hi float64
		unit   string
		want   string
	}{
		{0, 0.07, alerting.UnitPercent, "0 2 % 4 % 6 %"},
		{20, 70, alerting.UnitPercent100, "20 % 30 % 40 % 50 % 60 % 70 %"},
		{0, 4 * (1 << 30), "bytes", "0 1 GiB 2 GiB 3 GiB 4 GiB"},
		{0, 0.35, "seconds", "0 100 ms 200 ms 300 ms"},
		{-0.5, 0.5, "", "-0.4 -0.2 0 0.2 0.4"},
		{0, 1800, "req/s", "0 500 req/s 1000 req/s 1500 req/s"},
	} {
		var got []string
		for _, tk := range valueTicks(tc.lo, tc.hi, tc.unit, 5) {
			got = append(got, tk.text)
		}
		if g := strings.Join(got, " "); g != tc.want {
			t.Errorf("valueTicks(%v, %v, %q) = %s, want %s", tc.lo, tc.hi, tc.unit, g, tc.want)
		}
	}
}

func TestTimeTicksStayOnTheHourAcrossDST(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zone data: ", err)
	}
	from := time.Date(2026, 10, 24, 18, 0, 0, 0, berlin)
	var got []string
	for _, tk := range timeTicks(float64(from.UnixMilli()), float64(from.Add(18*time.Hour).UnixMilli()), berlin) {
		got = append(got, tk.text)
	}
	if g, want := strings.Join(got, " "), "18:00 20:00 22:00 Sun 25 Oct 02:00 04:00 06:00 08:00 10:00"; g != want {
		t.Errorf("got %s, want %s", g, want)
	}
}

// renderAll is measured by the benchmark; it is a function of its own so that the compiler optimises it.
func renderAll(c *alerting.Chart) int {
	data, err := RenderChart(c)
	if err != nil {
		panic(err) // a benchmark has no one to return it to
	}
	return len(data)
}

func BenchmarkChart(b *testing.B) {
	for _, name := range []string{"ratio", "cpu", "shift", "fortnight"} {
		c := scenarios()[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = renderAll(c)
			}
			b.ReportMetric(float64(n), "PNG-bytes")
		})
	}
}
