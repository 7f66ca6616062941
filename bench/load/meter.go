package load

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime/metrics"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Cost is what something used: processor time of the whole process (garbage collection included), time on the clock, and heap
// allocations.
type Cost struct {
	CPU     time.Duration `json:"cpu_ns"`
	Wall    time.Duration `json:"wall_ns"`
	Objects uint64        `json:"allocated_objects"`
	Bytes   uint64        `json:"allocated_bytes"`
}

func (c Cost) sub(d Cost) Cost {
	return Cost{c.CPU - d.CPU, c.Wall - d.Wall, c.Objects - d.Objects, c.Bytes - d.Bytes}
}

func (c Cost) add(d Cost) Cost {
	return Cost{c.CPU + d.CPU, c.Wall + d.Wall, c.Objects + d.Objects, c.Bytes + d.Bytes}
}

func (c Cost) over(n int) Cost {
	k := max(n, 1)
	return Cost{c.CPU / time.Duration(k), c.Wall / time.Duration(k), c.Objects / uint64(k), c.Bytes / uint64(k)}
}

// meter reads the process's counters since it was made.
type meter struct{ began time.Time }

func newMeter() *meter { return &meter{time.Now()} }

func (m *meter) now() Cost {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return Cost{CPU: cpuTime(), Wall: time.Since(m.began), Objects: s[0].Value.Uint64(), Bytes: s[1].Value.Uint64()}
}

// cpuTime is the user and system time that the process has used; 0 where the system does not say.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Memory is the process's memory in bytes.
type Memory struct {
	Peak int64 `json:"peak_rss_bytes"` // largest resident set since the last reset, where the system can reset it
	RSS  int64 `json:"rss_bytes"`
	// Anonymous is the largest part of it that no file stands behind, which the kernel cannot take back: sampled, and 0 where nobody did.
	Anonymous int64 `json:"peak_anonymous_bytes"`
	Live      int64 `json:"live_heap_bytes"` // heap that the last garbage collection found in use
}

// memory reads /proc, and is zero but for the heap where there is none. It starts a new peak.
func memory() Memory {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	m := Memory{Live: int64(s[0].Value.Uint64())}
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		m.Peak, m.RSS = statusBytes(status, "VmHWM"), statusBytes(status, "VmRSS")
	}
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // without it the peak is that of the whole run
	return m
}

// sampler looks ten times a second how much anonymous memory is resident: of it the system keeps no peak.
type sampler struct {
	peak atomic.Int64
	stop context.CancelFunc
}

func newSampler() *sampler {
	ctx, cancel := context.WithCancel(context.Background())
	s := &sampler{stop: cancel}
	go func() {
		for t := time.NewTicker(100 * time.Millisecond); ; {
			s.sample()
			select {
			case <-ctx.Done():
				t.Stop()
				return
			case <-t.C:
			}
		}
	}()
	return s
}

func (s *sampler) sample() {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	v := statusBytes(status, "RssAnon")
	for old := s.peak.Load(); v > old && !s.peak.CompareAndSwap(old, v); old = s.peak.Load() {
	}
}

// memory is the process's, with the peak of what is anonymous since the last time, and starts new peaks.
func (s *sampler) memory() Memory {
	s.sample()
	m := memory()
	m.Anonymous = s.peak.Swap(0)
	return m
}

// statusBytes is a field of /proc/self/status, which counts in KiB.
func statusBytes(status []byte, field string) int64 {
	for line := range bytes.Lines(status) {
		f := bytes.Fields(line)
		if len(f) == 3 && string(f[0]) == field+":" {
			n, err := strconv.ParseInt(string(f[1]), 10, 64)
			if err == nil {
				return n * 1024
			}
		}
	}
	return 0
}

// machineLoad is the system's load average over a minute, "unknown" where it has none.
func machineLoad() string {
	b, err := os.ReadFile("/proc/loadavg")
	if f := bytes.Fields(b); err == nil && len(f) > 0 {
		return string(f[0])
	}
	return "unknown"
}

func mebibytes(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }
