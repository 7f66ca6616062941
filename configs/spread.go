package configs

import (
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/tidewatch/tidewatch/ingest"
)

// phase is by how much later than its delay a detector is read: whole seconds of at most spread and less than the step, the same at
// every start and on every machine. Detectors with the same selectors, joined ones included, have the same, and share their read.
func phase(d Detector, spread time.Duration) time.Duration {
	spread = min(spread, d.Step-time.Second)
	a, err := ingest.Analyze(d.Expr)
	if err != nil || spread < time.Second {
		return 0
	}
	set := xxhash.Sum64String(strings.Join(a.Selectors, "\n"))
	return time.Duration(set%uint64(spread/time.Second+1)) * time.Second
}
