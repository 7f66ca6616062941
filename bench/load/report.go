package load

import (
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
	"time"
)

// Report is what a run cost. Times are processor times of the service's process, without the generator's, unless they are
// called wall.
type Report struct {
	Series     int           `json:"series"`
	Detectors  int           `json:"detectors"`
	History    time.Duration `json:"history_ns"`
	Step       time.Duration `json:"step_ns"`
	Processors int           `json:"processors"`
	Load       [2]string     `json:"load_average"` // of the machine, before and after
	Go         string        `json:"go"`

	Training    Training `json:"training"`
	Ticks       Ticks    `json:"tick"` // means of one tick
	Snapshot    Snapshot `json:"snapshot"`
	Restart     Phase    `json:"restart"`
	Transitions int      `json:"transitions"`
	Notices     int      `json:"notices"`
}

// Phase is a part of a run.
type Phase struct {
	Cost
	Memory
}

// Training is the back-fill with the snapshot that ends it.
type Training struct {
	Phase
	Points int64 `json:"points"`
}

// Ticks are means over the ticks, but for Slowest.
type Ticks struct {
	Stages
	Memory       Memory        `json:"memory"`
	Count        int           `json:"count"`
	Slowest      time.Duration `json:"slowest_wall_ns"`
	Shares       Shares        `json:"shares"`
	DecideWall   time.Duration `json:"decide_wall_ns"`  // the engine alone
	JournalWall  time.Duration `json:"journal_wall_ns"` // until the record is on disk
	JournalBytes int64         `json:"journal_bytes"`
}

func (t *Ticks) counted(before, after counters, n int) {
	t.Count = n
	t.DecideWall = perTick(after.decideSeconds-before.decideSeconds, n)
	t.JournalWall = perTick(after.journalSeconds-before.journalSeconds, n)
	t.JournalBytes = int64(after.journalBytes-before.journalBytes) / int64(n)
}

func perTick(seconds float64, n int) time.Duration {
	return time.Duration(seconds / float64(n) * float64(time.Second))
}

// Snapshot is the one at shutdown. Ticks wait during the Pause.
type Snapshot struct {
	Phase
	Bytes int64         `json:"bytes"`
	Pause time.Duration `json:"pause_ns"`
}

func newReport(o Options) Report {
	return Report{
		Series: o.Series, Detectors: o.Detectors, History: o.History, Step: o.Step,
		Processors: runtime.GOMAXPROCS(0), Go: runtime.Version(), Load: [2]string{machineLoad()},
	}
}

// Print writes the report as a table.
func (r Report) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%d series in %d detectors, step %s, history %s; %s, %d processors, load %s to %s\n\n",
		r.Series, r.Detectors, r.Step, r.History, r.Go, r.Processors, r.Load[0], r.Load[1])
	fmt.Fprintln(w, "phase\tCPU\twall\tallocations\tallocated\tpeak RSS\twithout files\tRSS after\tlive heap\t")
	phase := func(name string, c Cost, m Memory) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t\n", name, round(c.CPU), round(c.Wall), c.Objects, mebibytes(int64(c.Bytes)),
			mebibytes(m.Peak), mebibytes(m.Anonymous), mebibytes(m.RSS), mebibytes(m.Live))
	}
	t := r.Ticks
	phase("training", r.Training.Cost, r.Training.Memory)
	phase("a tick", t.Total, t.Memory)
	phase("snapshot", r.Snapshot.Cost, r.Snapshot.Memory)
	phase("restart", r.Restart.Cost, r.Restart.Memory)
	fmt.Fprintln(w, "\na tick's stage\tCPU\twall\tallocations\tallocated\tCPU per series\t")
	for _, s := range []struct {
		name string
		Cost
	}{{"read, decode, PromQL", t.Read}, {"decide, journal", t.Decide}, {"store", t.Store}, {"all", t.Total}} {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t\n", s.name, round(s.CPU), round(s.Wall), s.Objects, mebibytes(int64(s.Bytes)), s.CPU/time.Duration(r.Series))
	}
	sh := t.Shares
	fmt.Fprintf(w, "\na tick's CPU by what it does: connection %.0f %%, decoding %.0f %%, evaluation %.0f %%, models %.0f %%, bookkeeping %.0f %%, garbage collection %.0f %%\n",
		100*sh.Connection, 100*sh.Decode, 100*sh.Evaluate, 100*sh.Model, 100*sh.Bookkeeping, 100*sh.Garbage)
	n := time.Duration(max(r.Training.Points, 1))
	fmt.Fprintf(w, "\ntraining: %d points, %s CPU a point\n", r.Training.Points, r.Training.CPU/n)
	fmt.Fprintf(w, "ticks: %d, slowest %s wall; engine %s, journal %s wall, %d bytes of journal a tick\n", t.Count, round(t.Slowest), round(t.DecideWall), round(t.JournalWall), t.JournalBytes)
	fmt.Fprintf(w, "snapshot: %s (%d bytes a series), decisions paused for %s\n", mebibytes(r.Snapshot.Bytes), r.Snapshot.Bytes/int64(r.Series), round(r.Snapshot.Pause))
	fmt.Fprintf(w, "%d transitions, %d versions of messages\n", r.Transitions, r.Notices)
	return w.Flush()
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}
