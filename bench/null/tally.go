package null

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// nominals are the probabilities that are checked, as surprises in decades.
var nominals = [...]int{2, 3, 4}

// byChannel are counts by deciding channel.
type byChannel [tidewatch.NumChannels]int

// tally is what one detector did in the measured part.
type tally struct {
	points, alarms []int                // by series; alarms within an hour of the series' one before left out
	last           []int64              // alarm of each series, Unix milliseconds
	over           [len(nominals)][]int // by series: points of at most the nominal probability
	episodes       int                  // alarms of any series, those within an hour of the one before left out
	once           int                  // alarms that a single point decided
	alarmBy        byChannel            // of the alarm's first point
	overBy         byChannel            // at the middle nominal
	limit          engine.Limit         // at the end
}

// oneEpisode is how the engine counts what it promises: alarms closer than this are one.
const oneEpisode = time.Hour

// measured runs the k-th detector of a family.
func measured(ctx context.Context, o *Options, f Family, d engine.Detector, k int, points func(n int)) (tally, error) {
	d.Name = fmt.Sprintf("%s-%d", f.Name, k)
	d.Model.Seed = uint64(newRNG(o.Seed, uint64(k)))
	daily := int(24 * time.Hour / d.Model.Step)
	values := make([][]float64, seriesPerDetector)
	for i := range values {
		values[i] = f.Values(o.Seed, uint64(k*seriesPerDetector+i), d.Model.Step, (historyDays+o.Days)*daily)
	}
	t := tally{points: make([]int, seriesPerDetector), alarms: make([]int, seriesPerDetector), last: make([]int64, seriesPerDetector)}
	for i := range t.over {
		t.over[i] = make([]int, seriesPerDetector)
	}
	from := begin + int64(historyDays)*24*time.Hour.Milliseconds()
	changes, limit, err := drive(ctx, d, values, func(series int, j engine.Judged) {
		if j.T >= from && j.Score.Ready {
			t.count(series, j)
		}
	}, points)
	t.limit = limit
	t.tell(changes, from)
	return t, err
}

// count takes in one point.
func (t *tally) count(series int, j engine.Judged) {
	t.points[series]++
	for i, decades := range nominals {
		if j.Score.Surprise < float64(decades) {
			break
		}
		t.over[i][series]++
		if i == len(nominals)/2 {
			t.overBy[j.Score.Channel]++
		}
	}
	if !j.Onset {
		return
	}
	if j.T-t.last[series] >= oneEpisode.Milliseconds() {
		t.alarms[series]++
		t.alarmBy[j.Score.Channel]++
	}
	t.last[series] = j.T
}

// tell takes in the changes from a time on.
func (t *tally) tell(changes []engine.Change, from int64) {
	var starts []int64
	for _, c := range changes {
		if c.Transition.To == alerting.Alarming && c.Transition.T >= from {
			starts = append(starts, c.Transition.T)
			if c.Transition.Rule == alerting.RuleDecisive {
				t.once++
			}
		}
	}
	slices.Sort(starts)
	for i, s := range starts {
		if i == 0 || s-starts[i-1] >= oneEpisode.Milliseconds() {
			t.episodes++
		}
	}
}
