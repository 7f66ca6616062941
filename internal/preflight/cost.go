package preflight

import (
	"runtime"
	"time"

	"github.com/tidewatch/tidewatch/configs"
)

// The costs behind every estimate: CPU time of one core of a server of 2026, as measured against the simulated fleet and a
// synthetic block of 60 series over 15 days at a step of a minute. They are rounded up, for series of a larger server.
const (
	sampleCost = 30 * time.Nanosecond  // one raw sample transferred and decoded
	evalCost   = 150 * time.Nanosecond // one raw series at one step in the PromQL engine
	learnCost  = 4 * time.Microsecond  // one point of one output series scored and learnt; spread over all cores
	wireBytes  = 7                     // one raw sample in streamed XOR chunks
	baseMemory = 1 << 20               // a detector's shared models
	seriesSize = 16 << 10              // an output series' models and newest points
	pointBytes = 8                     // a point of the block that is being learnt, a day at a time
	maxWindow  = 256 << 20             // bound on raw data in memory: ingest.RemoteConfig.MaxBytesInFlight
	readAtOnce = 24 * time.Hour        // the stretch that is read in one piece
	rawInMem   = 2 * wireBytes         // a raw sample of that stretch, with the overhead of its chunk
)

// learnTime is how long so many points take to learn on this machine.
func learnTime(points float64) time.Duration {
	return time.Duration(points*float64(learnCost)) / time.Duration(max(1, runtime.GOMAXPROCS(0)))
}

// readTime is how long raw data takes to read and evaluate.
func readTime(samples, rawSeries, steps float64) time.Duration {
	return time.Duration(samples*float64(sampleCost) + rawSeries*steps*float64(evalCost))
}

// replayTime is how long a replay of a span takes, with the history before it. Where the raw series are not known, five for
// each output series are assumed.
func replayTime(series int, d configs.Detector, span time.Duration) time.Duration {
	const rawPerSeries = 5
	steps := float64((d.History + span) / d.Step)
	raw := rawPerSeries * float64(series)
	return learnTime(float64(series)*steps) + readTime(raw*steps, raw, steps)
}
