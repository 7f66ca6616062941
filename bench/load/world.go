package load

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// World is what the generator's fleet looks like: Series series in Detectors equal parts, one part a detector. Even parts are
// gauges, odd ones counters. Every value is a function of (series, time), so that nothing has to be kept.
type World struct {
	Series    int
	Detectors int
	Scrape    time.Duration // between two samples of a series

	Broken  int   // series that go wrong, spread over all parts: their values are four times as large
	BreakAt int64 // Unix milliseconds: from when on, each at its own moment within a minute
}

// The metrics of the fleet.
const (
	gaugeName   = "load_memory_bytes"
	counterName = "load_requests_total"
	partLabel   = "part"
)

func (w World) check() error {
	if w.Detectors < 1 || w.Series < w.Detectors || w.Series%w.Detectors != 0 {
		return fmt.Errorf("%d series in %d detectors, want the same number of series in each, at least one", w.Series, w.Detectors)
	}
	if w.Broken < 0 || w.Broken > w.Series {
		return fmt.Errorf("%d of %d series go wrong", w.Broken, w.Series)
	}
	if w.Scrape < time.Second {
		return fmt.Errorf("scrape interval is %s, want at least 1s", w.Scrape)
	}
	return nil
}

func (w World) partSize() int { return w.Series / w.Detectors }

func partName(part int) string { return fmt.Sprintf("%03d", part) }

func metricName(part int) string {
	if part%2 == 0 {
		return gaugeName
	}
	return counterName
}

// series is one series of the fleet.
type series struct {
	labels  labels.Labels
	seed    uint64
	counter bool
	offset  int64 // of its scrapes within the interval, milliseconds
	breaks  int64 // when it goes wrong, Unix milliseconds; MaxInt64: never
}

// parts makes all series, those of a part sorted by their labels.
func (w World) parts() [][]series {
	out := make([][]series, w.Detectors)
	k := 0
	for part := range out {
		out[part] = make([]series, w.partSize())
		for i := range out[part] {
			h := mix(uint64(k) + 1)
			out[part][i] = series{
				labels: labels.FromStrings("__name__", metricName(part), "instance", fmt.Sprintf("10.%d.%d.%d:9100", k>>16, k>>8&255, k&255),
					"job", fmt.Sprintf("service-%d", k%40), partLabel, partName(part), "region", fmt.Sprintf("eu-%d", k%3)),
				seed: h, counter: part%2 == 1, offset: int64(h % uint64(w.Scrape.Milliseconds())), breaks: math.MaxInt64,
			}
			if i < (part+1)*w.Broken/w.Detectors-part*w.Broken/w.Detectors {
				out[part][i].breaks = w.BreakAt + int64(mix(h)%60_000)
			}
			k++
		}
		slices.SortFunc(out[part], func(a, b series) int { return labels.Compare(a.labels, b.labels) })
	}
	return out
}

// mix is the finaliser of splitmix64 (Steele, Lea & Flood 2014).
func mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// unit is a number in [0, 1) of the hash's upper bits.
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// stormFactor is by how much a series that has gone wrong is larger.
const stormFactor = 4

const daily = 2 * math.Pi / 86_400_000 // per millisecond

// value is the sample at t, Unix milliseconds: a gauge with a daily rhythm and noise, or a counter whose rate has them.
func (s *series) value(t int64) float64 {
	size, shift := 10+990*unit(s.seed), 2*math.Pi*unit(mix(s.seed))
	noise := unit(mix(s.seed^uint64(t))) - 0.5
	phase := daily*float64(t) + shift
	factor, since := 1.0, 0.0 // seconds since it went wrong
	if t >= s.breaks {
		factor, since = stormFactor, float64(t-s.breaks)/1000
	}
	if !s.counter {
		size *= factor
		return math.Round(100*size*(1+0.3*math.Sin(phase)+0.1*noise)) / 100
	}
	// size per second, by ±30 % over the day; the integral over time, with less noise than a scrape interval adds
	seconds := float64(t) / 1000
	return math.Floor(size * (seconds + (stormFactor-1)*since - 0.3/daily/1000*math.Cos(phase) + noise))
}
