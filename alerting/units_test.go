package alerting

import (
	"math"
	"testing"
)

func TestFormatValue(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{
		{0.0623, UnitPercent, "6.2 %"},
		{0.004, UnitPercent, "0.4 %"},
		{0.00004, UnitPercent, "0.004 %"},
		{1, UnitPercent, "100 %"},
		{0, UnitPercent, "0 %"},
		{6.23, UnitPercent100, "6.2 %"},
		{212.4, "req/s", "212 req/s"},
		{0, "", "0"},
		{-3.14159, "", "−3.1"},
		{9999, "", "9999"},
		{12345, "", "12.3 k"},
		{1.5e6, UnitPerSecond, "1.5 M/s"},
		{3e15, "", "3000 T"},
		{0.5, UnitBytes, "0.5 B"},
		{0, UnitBytes, "0 B"},
		{1.5 * (1 << 30), UnitBytes, "1.5 GiB"},
		{2048, UnitBytesPerSecond, "2 KiB/s"},
		{0, UnitSeconds, "0 s"},
		{0.0123, UnitSeconds, "12.3 ms"},
		{90, UnitSeconds, "1.5 min"},
		{7200, UnitSeconds, "2 h"},
		{3e-10, UnitSeconds, "0.3 ns"},
		{1.5e300, "", "1.5e+288 T"},
		{-2.5e-300, UnitPercent, "−2.5e−298 %"},
		{math.NaN(), UnitSeconds, "no data"},
		{math.Inf(1), UnitPercent, "∞"},
		{math.Inf(-1), "", "−∞"},
	} {
		if got := FormatValue(c.v, c.unit); got != c.want {
			t.Errorf("FormatValue(%v, %q) = %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

func TestFormatRange(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		unit   string
		want   string
	}{
		{0.001, 0.009, UnitPercent, "0.1–0.9 %"},
		{180.2, 240.4, "req/s", "180–240 req/s"},
		{0.08, 0.12, UnitSeconds, "80–120 ms"},
		{1000.1, 1000.9, "", "1000.1–1000.9"},
		{-2, 3, "", "−2 to 3"},
		{-0.01, 5, "", "0 to 5"},
		{5, 5, "", "5–5"},
		{-1e300, 1e300, "", "−1.0e+288 T to 1.0e+288 T"},
		{1 << 20, 1 << 30, UnitBytes, "0–1 GiB"},
		{math.NaN(), 1, "", "no data–1"},
	} {
		if got := FormatRange(c.lo, c.hi, c.unit); got != c.want {
			t.Errorf("FormatRange(%v, %v, %q) = %q, want %q", c.lo, c.hi, c.unit, got, c.want)
		}
	}
}

func TestFormatSpan(t *testing.T) {
	for ms, want := range map[int64]string{
		-5: "0 s", 0: "0 s", 59_999: "59 s", 27 * 60_000: "27 min", 3_600_000: "1 h", 200 * 60_000: "3 h 20 min", 47 * 3_600_000: "47 h",
		15 * 86_400_000: "15 d", 50 * 3_600_000: "2 d 2 h",
	} {
		if got := FormatSpan(ms); got != want {
			t.Errorf("FormatSpan(%d) = %q, want %q", ms, got, want)
		}
	}
}

func TestInferUnit(t *testing.T) {
	for _, c := range []struct{ detector, expr, want string }{
		{"RequestDrop", `sum by (job) (rate(http_requests_total[5m]))`, UnitPerSecond},
		{"ErrorRatio", `sum(rate(a_total[5m])) / sum(rate(b_total[5m]))`, UnitPercent},
		{"ErrorRatio", `100 * sum(rate(a_total[5m])) / sum(rate(b_total[5m]))`, UnitPercent100},
		{"DiskUsedPercent", `disk_used_percent`, UnitPercent100},
		{"CPUPercent", `a / b`, UnitPercent},
		{"LatencyP99", `histogram_quantile(0.99, sum by (job, le) (rate(http_request_duration_seconds_bucket[5m])))`, UnitSeconds},
		{"SizeP99", `histogram_quantile(0.99, rate(http_response_size_bytes_bucket[5m]))`, UnitBytes},
		{"LatencyMean", `rate(x_seconds_sum[5m]) / rate(x_seconds_count[5m])`, UnitSeconds},
		{"Disk", `node_filesystem_avail_bytes / node_filesystem_size_bytes`, UnitPercent},
		{"Disk", `100 * node_filesystem_avail_bytes / node_filesystem_size_bytes`, UnitPercent100},
		{"PerCore", `sum(rate(a_total[5m])) / count(b)`, ""},
		{"Net", `rate(node_network_receive_bytes_total[5m])`, UnitBytesPerSecond},
		{"CPU", `rate(node_cpu_seconds_total[5m])`, ""},
		{"Heap", `go_memstats_heap_inuse_bytes`, UnitBytes},
		{"Age", `job_duration_seconds`, UnitSeconds},
		{"BatchDuration", `max by (batch) (batch_last_duration_seconds)`, UnitSeconds},
		{"LastRun", `last_run_timestamp_seconds`, ""},
		{"Queue", `queue_length`, ""},
		{"Hits", `cache_hit_ratio`, UnitPercent},
	} {
		if got := InferUnit(c.detector, c.expr); got != c.want {
			t.Errorf("InferUnit(%s, %s) = %q, want %q", c.detector, c.expr, got, c.want)
		}
	}
}

func TestCanonicalUnit(t *testing.T) {
	for unit, want := range map[string]string{
		"ratio": "6.2 %", "percentunit": "6.2 %", "percent": "6.2 %", "%": "0.062 %", "percent100": "0.062 %", "s": "62.3 ms", "B": "0.062 B",
		"B/s": "0.062 B/s", "Bps": "0.062 B/s", "widgets": "0.062 widgets", "": "0.062",
	} {
		if got := FormatValue(0.0623, CanonicalUnit(unit)); got != want {
			t.Errorf("%q: %q, want %q", unit, got, want)
		}
	}
}
