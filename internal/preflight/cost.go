package preflight

import (
	"time"

	"github.com/tidewatch/tidewatch/configs"
)

// replayPoint is what one point of one series takes, read, evaluated, learnt and decided.
const replayPoint = 4 * time.Microsecond

// replayTime is how long a replay of a span takes, with the history before it.
func replayTime(series int, d configs.Detector, span time.Duration) time.Duration {
	points := float64(series) * float64((d.History+span)/d.Step)
	return time.Duration(points * float64(replayPoint))
}
