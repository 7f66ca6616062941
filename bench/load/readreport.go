package load

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/tidewatch/tidewatch/ingest"
)

// ReadReport is what reading cost. Processor times are those of the own process.
type ReadReport struct {
	Concurrency int       `json:"concurrency"`
	Processors  int       `json:"processors"`
	Load        [2]string `json:"load_average"` // of the machine, before and after
	Go          string    `json:"go"`
	Rows        []ReadRow `json:"rows"`
}

// ReadForm is how samples are read.
type ReadForm string

// The forms.
const (
	Streamed  ReadForm = "streamed"  // Remote.Stream
	Evaluated ReadForm = "evaluated" // Remote.Read of the sum over the selection, a value a minute
	Sampled   ReadForm = "sampled"   // Remote.Stream in the form of remote-read without streaming
)

// ReadRow is one read.
type ReadRow struct {
	Selector string        `json:"selector"`
	Range    time.Duration `json:"range_ns"`
	Form     ReadForm      `json:"form"`
	ingest.StreamStats
	Cost
	Peak int64 `json:"peak_bytes"` // largest resident set during the read, above that before the first one

	BareSamples int64         `json:"bare_samples"` // iterated over with tsdb/chunkenc
	BareCPU     time.Duration `json:"bare_cpu_ns"`
	BareWall    time.Duration `json:"bare_wall_ns"`
}

// PerSample is processor time in nanoseconds from the wire's bytes to one float sample.
func (r ReadRow) PerSample() float64 { return float64(r.CPU) / float64(max(r.Samples, 1)) }

// BarePerSample is processor time in nanoseconds of bare iteration for one sample; 0 where it was not measured.
func (r ReadRow) BarePerSample() float64 { return float64(r.BareCPU) / float64(max(r.BareSamples, 1)) }

func newReadReport(o ReadOptions) ReadReport {
	return ReadReport{Concurrency: o.Concurrency, Processors: runtime.GOMAXPROCS(0), Go: runtime.Version(), Load: [2]string{machineLoad()}}
}

// Print writes the report as a table.
func (r ReadReport) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "wire bytes to float samples; %s, %d processors, %d requests at a time, load %s to %s\n\n", r.Go, r.Processors, r.Concurrency, r.Load[0], r.Load[1])
	fmt.Fprintln(w, "form\trange\tseries\tsamples\twire\twall\tsamples/s\tCPU a sample\tbare XOR\tspeed of bare\tpeak above start\t")
	for _, row := range r.Rows {
		bare, share, series := "–", "–", "–"
		if row.Series > 0 {
			series = strconv.Itoa(row.Series)
		}
		if b := row.BarePerSample(); b > 0 {
			bare, share = fmt.Sprintf("%.1f ns", b), fmt.Sprintf("%.0f %%", 100*b/row.PerSample())
		}
		fmt.Fprintf(w, "%s\t%.4gd\t%s\t%d\t%s\t%s\t%.1f M\t%.1f ns\t%s\t%s\t%s\t\n",
			row.Form, row.Range.Hours()/24, series, row.Samples, mebibytes(row.StreamStats.Bytes), round(row.Wall),
			float64(row.Samples)/1e6/row.Wall.Seconds(), row.PerSample(), bare, share, mebibytes(row.Peak))
	}
	fmt.Fprintln(w)
	for _, row := range r.Rows {
		if row.Repeated > 0 || row.Histograms > 0 {
			fmt.Fprintf(w, "%s: %d repeated samples and %d of native histograms left out\n", row.Selector, row.Repeated, row.Histograms)
		}
	}
	fmt.Fprintln(w, "Evaluated is the sum over the selection at every minute, as a detector's history is read, from the row above it.")
	fmt.Fprintln(w, "CPU is the client's alone: connection, checksums, decoding, garbage collection. Bare XOR is tsdb/chunkenc's iterator over the same chunks in memory.")
	return w.Flush()
}
