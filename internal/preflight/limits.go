package preflight

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// limitsText is "10 reads at a time, frames of 1 MiB, 50,000,000 samples an answer without streaming"; "" where none are known.
func limitsText(l ingest.ServerLimits) string {
	var parts []string
	if l.Reads > 0 {
		parts = append(parts, count(l.Reads, "read")+" at a time")
	}
	if l.Frame > 0 {
		parts = append(parts, "frames of "+bytesText(float64(l.Frame)))
	}
	if l.Samples > 0 {
		parts = append(parts, thousands(int(l.Samples))+" samples an answer without streaming")
	}
	return strings.Join(parts, ", ")
}

// bounds says where a server's limits are narrower than what a source is configured for.
func bounds(s configs.Source, l ingest.ServerLimits) (out []Problem) {
	add := func(level configs.Level, format string, args ...any) {
		out = append(out, Problem{Level: level, About: "source " + s.Name, Text: fmt.Sprintf(format, args...)})
	}
	if l.Reads > 0 && s.Concurrency > l.Reads {
		add(LevelNote, "concurrency is %d, and the server takes %s at a time, of all its clients: %s sent", s.Concurrency, count(l.Reads, "read"), sent(l.Reads))
	}
	if most := ingest.LargestFrame(s.MaxBytesInFlight, s.Concurrency); l.Frame > most {
		add(configs.LevelWarning, "the server may send frames of %s, and a read may hold %s, so that it may fail; raise max_bytes_in_flight, lower concurrency, or lower the server's --storage.remote.read-max-bytes-in-frame",
			bytesText(float64(l.Frame)), bytesText(float64(most)))
	}
	if l.LookbackDelta > 0 && l.LookbackDelta != ingest.LookbackDelta {
		add(configs.LevelWarning, "the server's --query.lookback-delta is %s, here it is always %s: a plain selector may differ from the server's query_range",
			model.Duration(l.LookbackDelta), model.Duration(ingest.LookbackDelta))
	}
	return out
}

func sent(n int) string {
	if n == 1 {
		return "1 is"
	}
	return thousands(n) + " are"
}
