package app

import (
	"cmp"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/configs"
)

// A grid point t of a detector is decided at t + delay, its due time. Service and Replay both walk the due times; the
// decision time that the core gets is the due time, not the moment at which a read has come back, so both decide alike.

// newestDue is the newest grid point of d that is due at now, Unix milliseconds.
func newestDue(d configs.Detector, now int64) int64 {
	step := d.Step.Milliseconds()
	t := now - d.Delay.Milliseconds()
	return t - mod(t, step)
}

// nextDue is the first due time of d after now, Unix milliseconds.
func nextDue(d configs.Detector, now int64) int64 {
	return newestDue(d, now) + d.Step.Milliseconds() + d.Delay.Milliseconds()
}

func mod(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

// chunk is how much of a range is read at once: a day, or 2,880 points where the step is short.
func chunk(step time.Duration) time.Duration {
	return min(24*time.Hour, 2880*step)
}

// spans cuts the grid points from, …, to into stretches of at most chunk.
func spans(from, to int64, step time.Duration) [][2]int64 {
	return stretches(from, to, step, chunk(step).Milliseconds()/step.Milliseconds())
}

const (
	recordPoints  = 4 << 20  // points that one record of the journal may hold: 32 MiB
	historyPoints = 16 << 20 // points of history that are read to be learnt at once: 128 MiB, a day of 11,000 series at a minute
)

// piecesOf cuts the grid points from, …, to of so many series into stretches of a chunk and of most points (recordPoints or
// historyPoints), at most.
func piecesOf(most int, from, to int64, step time.Duration, series int) [][2]int64 {
	return stretches(from, to, step, min(chunk(step).Milliseconds()/step.Milliseconds(), int64(most/max(series, 1))))
}

func stretches(from, to int64, step time.Duration, n int64) [][2]int64 {
	var out [][2]int64
	s := step.Milliseconds()
	n = max(n, 1)
	for t := from; t <= to; t += n * s {
		out = append(out, [2]int64{t, min(t+(n-1)*s, to)})
	}
	return out
}

// bySource groups detectors by their source, in order of name.
func bySource(cfg *configs.Config) map[string][]configs.Detector {
	m := map[string][]configs.Detector{}
	for _, d := range cfg.Detectors {
		m[d.Source] = append(m[d.Source], d)
	}
	for _, ds := range m {
		slices.SortFunc(ds, func(a, b configs.Detector) int { return cmp.Compare(a.Name, b.Name) })
	}
	return m
}

const (
	againEvery  = 30 // columns between two looks at what was decided before
	againPoints = 5  // that are read again
)

// again is how far back of what is decided is read once more together with the column to, in milliseconds: every now and then a few
// points, to see whether samples come late. What was decided stays decided.
func again(d configs.Detector, to int64) int64 {
	step := d.Step.Milliseconds()
	if !d.DataQuality || mod(to/step+int64(len(d.Name)), againEvery) != 0 {
		return 0
	}
	return againPoints * step
}
