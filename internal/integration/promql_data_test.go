//go:build integration

package integration

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// promqlBegin is where the data of the differential test begins, 2025-03-01 00:00 UTC; it is 30 hours long.
const (
	promqlBegin = int64(1740787200_000)
	promqlSpan  = int64(30 * 3600_000)
)

// promqlMetrics are what the expressions of testdata/promql read: labels are written name=value, alternatives as a|b.
var promqlMetrics = []struct {
	name, labels string
	every        time.Duration
	shape        shape
}{
	{"http_requests_total", "job=api|web,handler=/|/cart|/pay,method=get|post,code=200|404|500", 30 * time.Second, whole(12)},
	{"http_requests_in_flight", "job=api|web,instance=a:80|b:80|c:80", 30 * time.Second, wander(20, 3)},
	{"up", "job=api|web|node,instance=a:80|b:80|c:80", 30 * time.Second, flips(0.02)},
	{"process_cpu_seconds_total", "job=api|web,instance=a:80|b:80|c:80", 30 * time.Second, counter(0.7)},
	{"process_resident_memory_bytes", "job=api|web,instance=a:80|b:80|c:80", 30 * time.Second, wander(3e8, 2e6)},
	{"process_start_time_seconds", "job=api|web,instance=a:80|b:80|c:80", 30 * time.Second, fixed(1740700000)},
	{"build_info", "job=api|web,version=1.4|1.5", 30 * time.Second, fixed(1)},
	{"temp", "room=attic|cellar|hall|office,floor=0|1", 15 * time.Second, odd(wander(20, 0.4))},
	{"level", "tank=a|b", time.Minute, exact(wander(5, 1))},
	{"ticks_total", "tank=a|b", time.Minute, exact(whole(3))},
	{"sparse", "job=batch|cron", 7 * time.Minute, wander(100, 10)},
	{"sparse_total", "job=batch|cron", 7 * time.Minute, whole(2)},

	{"node_cpu_seconds_total", "job=node,instance=db:9100|web:9100,cpu=0|1,mode=idle|iowait|system|user", 30 * time.Second, counter(8)},
	{"node_memory_MemTotal_bytes", "job=node,instance=db:9100|web:9100", 30 * time.Second, fixed(8 << 30)},
	{"node_memory_MemAvailable_bytes", "job=node,instance=db:9100|web:9100", 30 * time.Second, wander(3<<30, 5e7)},
	{"node_memory_MemFree_bytes", "job=node,instance=db:9100|web:9100", 30 * time.Second, wander(1<<30, 2e7)},
	{"node_memory_Cached_bytes", "job=node,instance=db:9100|web:9100", 30 * time.Second, wander(1<<30, 1e7)},
	{"node_memory_Buffers_bytes", "job=node,instance=db:9100|web:9100", 30 * time.Second, wander(1<<27, 1e6)},
	{"node_filesystem_size_bytes", "job=node,instance=db:9100|web:9100,device=sda1|tmpfs,fstype=ext4,mountpoint=/", 30 * time.Second, fixed(5e10)},
	{"node_filesystem_avail_bytes", "job=node,instance=db:9100|web:9100,device=sda1|tmpfs,fstype=ext4,mountpoint=/", 30 * time.Second, wander(2e10, 1e8)},
	{"node_filesystem_files", "job=node,instance=db:9100|web:9100,device=sda1,fstype=ext4,mountpoint=/", 30 * time.Second, fixed(3e6)},
	{"node_filesystem_files_free", "job=node,instance=db:9100|web:9100,device=sda1,fstype=ext4,mountpoint=/", 30 * time.Second, wander(2e6, 1e3)},
	{"node_filesystem_readonly", "job=node,instance=db:9100|web:9100,device=sda1|tmpfs,fstype=ext4,mountpoint=/", 30 * time.Second, fixed(0)},
	{"node_disk_io_time_seconds_total", "job=node,instance=db:9100|web:9100,device=sda|sdb", 30 * time.Second, counter(4)},
	{"node_disk_read_time_seconds_total", "job=node,instance=db:9100|web:9100,device=sda|sdb", 30 * time.Second, counter(2)},
	{"node_disk_reads_completed_total", "job=node,instance=db:9100|web:9100,device=sda|sdb", 30 * time.Second, whole(90)},
	{"node_disk_written_bytes_total", "job=node,instance=db:9100|web:9100,device=sda|sdb", 30 * time.Second, whole(4e6)},
	{"node_network_receive_bytes_total", "job=node,instance=db:9100|web:9100,device=eth0|lo", 30 * time.Second, whole(3e6)},
	{"node_network_transmit_bytes_total", "job=node,instance=db:9100|web:9100,device=eth0|lo", 30 * time.Second, whole(2e6)},
	{"node_network_receive_errs_total", "job=node,instance=db:9100|web:9100,device=eth0|lo", 30 * time.Second, whole(0.05)},
	{"node_network_receive_packets_total", "job=node,instance=db:9100|web:9100,device=eth0|lo", 30 * time.Second, whole(3000)},
	{"node_load1", "job=node,instance=db:9100|web:9100", 30 * time.Second, wander(1.5, 0.2)},
	{"node_boot_time_seconds", "job=node,instance=db:9100|web:9100", 30 * time.Second, fixed(1740000000)},
	{"node_filefd_allocated", "job=node,instance=db:9100|web:9100", 30 * time.Second, wander(3000, 20)},
	{"node_filefd_maximum", "job=node,instance=db:9100|web:9100", 30 * time.Second, fixed(65536)},
	{"node_context_switches_total", "job=node,instance=db:9100|web:9100", 30 * time.Second, whole(60000)},
	{"node_vmstat_pgmajfault", "job=node,instance=db:9100|web:9100", 30 * time.Second, whole(3)},
	{"node_uname_info", "job=node,instance=db:9100,nodename=db", 30 * time.Second, fixed(1)},
	{"node_timex_offset_seconds", "job=node,instance=db:9100|web:9100", 30 * time.Second, wander(0, 1e-4)},
	{"node_netstat_Tcp_RetransSegs", "job=node,instance=db:9100|web:9100", 30 * time.Second, whole(4)},
	{"node_netstat_Tcp_OutSegs", "job=node,instance=db:9100|web:9100", 30 * time.Second, whole(5000)},

	{"kube_pod_info", "namespace=shop|infra,pod=p-1|p-2|p-3,node=n1", 30 * time.Second, fixed(1)},
	{"kube_pod_status_phase", "namespace=shop|infra,pod=p-1|p-2|p-3,phase=Pending|Running", 30 * time.Second, flips(0.01)},
	{"kube_pod_status_ready", "namespace=shop|infra,pod=p-1|p-2|p-3,condition=true", 30 * time.Second, flips(0.02)},
	{"kube_pod_container_status_restarts_total", "namespace=shop|infra,pod=p-1|p-2|p-3,container=app", 30 * time.Second, whole(0.01)},
	{"kube_pod_container_resource_requests", "namespace=shop|infra,pod=p-1|p-2|p-3,container=app,resource=cpu|memory", 30 * time.Second, fixed(0.25)},
	{"kube_deployment_spec_replicas", "namespace=shop|infra,deployment=front|back", 30 * time.Second, fixed(3)},
	{"kube_deployment_status_replicas_available", "namespace=shop|infra,deployment=front|back", 30 * time.Second, steps(3)},
	{"kube_deployment_metadata_generation", "namespace=shop|infra,deployment=front|back", 30 * time.Second, whole(0.005)},
	{"kube_node_status_condition", "node=n1|n2,condition=Ready|DiskPressure,status=true", 30 * time.Second, flips(0.01)},
	{"kube_node_status_allocatable", "node=n1|n2,resource=cpu|memory", 30 * time.Second, fixed(16)},
	{"kube_job_status_failed", "namespace=shop,job_name=a|b", 30 * time.Second, steps(2)},
	{"container_cpu_usage_seconds_total", "namespace=shop|infra,pod=p-1|p-2|p-3,container=app|proxy", 30 * time.Second, counter(3)},
	{"container_memory_working_set_bytes", "namespace=shop|infra,pod=p-1|p-2|p-3,container=app|proxy", 30 * time.Second, wander(2e8, 2e6)},
	{"container_cpu_cfs_periods_total", "namespace=shop|infra,pod=p-1|p-2|p-3,container=app", 30 * time.Second, whole(300)},
	{"container_cpu_cfs_throttled_periods_total", "namespace=shop|infra,pod=p-1|p-2|p-3,container=app", 30 * time.Second, whole(20)},
	{"kubelet_volume_stats_available_bytes", "namespace=shop,persistentvolumeclaim=data-0|data-1", time.Minute, wander(1e10, 1e8)},
	{"kubelet_volume_stats_capacity_bytes", "namespace=shop,persistentvolumeclaim=data-0|data-1", time.Minute, fixed(2e10)},
}

// promqlData are the series of promqlMetrics and the histograms, with what happens to series: jitter, counter resets, gaps,
// staleness markers, a late begin and an early end.
func promqlData(newer bool) []series {
	var out []series
	for _, m := range promqlMetrics {
		for _, pairs := range combinations(m.labels) {
			s := newSeries(m.name, pairs...)
			rng := seeded(s.labels)
			jitter := 1 + rng.Int64N(m.every.Milliseconds()-1)
			if m.every == time.Minute {
				jitter = 0 // on the grid, where the ends of ranges matter
			}
			fate, v := len(out), math.NaN()
			for at := jitter; at < promqlSpan; at += m.every.Milliseconds() {
				v = m.shape(rng, v)
				s.addFated(fate, at+rng.Int64N(5)*min(jitter, 1), v)
			}
			out = append(out, s)
		}
	}
	out = append(out, classicHistograms()...)
	out = append(out, nativeHistograms(newer)...)
	// A sum's last bits depend on the order of the series: on the server that in which they first came until they are in a
	// block, and then that of their labels, which is ours.
	slices.SortFunc(out, func(a, b series) int { return labels.Compare(a.labels, b.labels) })
	return out
}

// addFated adds a sample, unless the series' fate at that time is a gap.
func (s *series) addFated(fate int, at int64, v float64) {
	const minute = 60_000
	switch {
	case fate%7 == 3 && at > 1000*minute && at < 1040*minute: // no scrapes
		return
	case fate%7 == 5 && at > 1010*minute && at < 1025*minute: // the target was away
		s.addStale(promqlBegin + at)
		return
	case fate%11 == 4 && at > 1060*minute: // the target is gone
		s.addStale(promqlBegin + at)
		return
	case fate%11 == 8 && at < 1030*minute && len(s.samples) > 0: // it is new, but for a first sample that gives it its place on the server
		return
	}
	s.add(promqlBegin+at, v)
}

// addStale marks the series as stale, once.
func (s *series) addStale(at int64) {
	if n := len(s.samples); n > 0 && !value.IsStaleNaN(s.samples[n-1].Value) {
		s.add(at, math.Float64frombits(value.StaleNaN))
	}
}

// shape gives the next value from the one before, NaN for the first.
type shape func(rng *rand.Rand, before float64) float64

func counter(mean float64) shape {
	return func(rng *rand.Rand, v float64) float64 {
		if math.IsNaN(v) || rng.IntN(300) == 0 { // the process began
			v = 0
		}
		return v + mean*rng.ExpFloat64()
	}
}

func whole(mean float64) shape {
	up := counter(mean)
	return func(rng *rand.Rand, v float64) float64 { return math.Round(up(rng, v)) }
}

func wander(level, spread float64) shape {
	return func(rng *rand.Rand, v float64) float64 {
		if math.IsNaN(v) {
			v = level
		}
		return v + 0.05*(level-v) + spread*rng.NormFloat64()
	}
}

func steps(top int) shape {
	return func(rng *rand.Rand, v float64) float64 {
		if math.IsNaN(v) || rng.IntN(60) == 0 {
			return float64(rng.IntN(top + 1))
		}
		return v
	}
}

func flips(p float64) shape {
	return func(rng *rand.Rand, v float64) float64 {
		if math.IsNaN(v) {
			return 1
		}
		if rng.Float64() < p {
			return 1 - v
		}
		return v
	}
}

func fixed(v float64) shape { return func(*rand.Rand, float64) float64 { return v } }

// odd puts a NaN or an infinity among the values, and repeats some.
func odd(of shape) shape {
	last := math.NaN()
	return func(rng *rand.Rand, v float64) float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			v = last
		}
		switch rng.IntN(400) {
		case 0:
			return math.NaN()
		case 1:
			return math.Inf(1)
		case 2:
			return math.Inf(-1)
		case 3, 4, 5, 6, 7, 8, 9:
			return v
		}
		last = of(rng, v)
		return last
	}
}

// exact rounds to eighths, so that sums are exact in any order.
func exact(of shape) shape {
	return func(rng *rand.Rand, v float64) float64 { return math.Round(8*of(rng, v)) / 8 }
}

// combinations gives the label pairs of every combination of alternatives.
func combinations(spec string) [][]string {
	out := [][]string{nil}
	for _, l := range strings.Split(spec, ",") {
		name, values, _ := strings.Cut(l, "=")
		var next [][]string
		for _, before := range out {
			for _, v := range strings.Split(values, "|") {
				next = append(next, append(slices.Clone(before), name, v))
			}
		}
		out = next
	}
	return out
}

func seeded(ls labels.Labels) *rand.Rand {
	return rand.New(rand.NewPCG(ls.Hash(), uint64(len(ls.Get(model.MetricNameLabel)))))
}
