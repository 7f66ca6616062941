package load

import (
	"strings"
)

// Shares say what the processor did during the ticks, as parts of 1; from a CPU profile, so that they are exact to some percent.
type Shares struct {
	Connection  float64 `json:"connection"`  // HTTP and the system's part of it
	Decode      float64 `json:"decode"`      // frames, labels, chunks
	Evaluate    float64 `json:"evaluate"`    // PromQL, the grid
	Model       float64 `json:"model"`       // predict, score, learn
	Bookkeeping float64 `json:"bookkeeping"` // the engine's series and groups, alarms, journal, store, everything else
	Garbage     float64 `json:"garbage"`     // its collection in the background
}

// whose says by prefixes of functions which share a stack belongs to: the innermost function that one of them fits decides.
var whose = []struct {
	prefix string
	share  func(*Shares) *float64
}{
	{"net/http.", func(s *Shares) *float64 { return &s.Connection }},
	{"net/http/internal", func(s *Shares) *float64 { return &s.Connection }},
	{"net.", func(s *Shares) *float64 { return &s.Connection }},
	{ours + "/ingest/eval.", func(s *Shares) *float64 { return &s.Evaluate }},
	{ours + "/ingest.(*rows)", func(s *Shares) *float64 { return &s.Evaluate }},
	{ours + "/ingest.(*evaluation)", func(s *Shares) *float64 { return &s.Evaluate }},
	{ours + "/ingest.", func(s *Shares) *float64 { return &s.Decode }},
	{"github.com/prometheus/prometheus/promql.", func(s *Shares) *float64 { return &s.Evaluate }},
	{ours + "/models.", func(s *Shares) *float64 { return &s.Model }},
	{ours + "/internal/", func(s *Shares) *float64 { return &s.Bookkeeping }},
	{ours + "/alerting", func(s *Shares) *float64 { return &s.Bookkeeping }},
	{"runtime.gcBgMarkWorker", func(s *Shares) *float64 { return &s.Garbage }},
	{"runtime.bgsweep", func(s *Shares) *float64 { return &s.Garbage }},
	{"runtime.bgscavenge", func(s *Shares) *float64 { return &s.Garbage }},
}

const ours = "github.com/tidewatch/tidewatch"

// sharesOf divides a profile's time.
func sharesOf(stacks []stack) Shares {
	var s Shares
	total := 0.0
	for _, k := range stacks {
		*s.of(k.functions) += float64(k.cpu)
		total += float64(k.cpu)
	}
	if total > 0 {
		for _, p := range []*float64{&s.Connection, &s.Decode, &s.Evaluate, &s.Model, &s.Bookkeeping, &s.Garbage} {
			*p /= total
		}
	}
	return s
}

func (s *Shares) of(functions []string) *float64 {
	for _, f := range functions {
		for _, w := range whose {
			if strings.HasPrefix(f, w.prefix) {
				return w.share(s)
			}
		}
	}
	return &s.Bookkeeping
}
