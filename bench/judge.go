package bench

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/bench/corpus"
	"github.com/tidewatch/tidewatch/bench/measure"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// judgement is what one detector said of one file.
type judgement struct {
	measure.Series
	point    []point // for --scores, else nil
	together bool    // no one channel decided
}

// point is what --scores tells of a point besides its score.
type point struct {
	channel int // that decided
	value   float64
	band    tidewatch.Band
}

// columnsPerRun is how many grid points are run between two looks at the context.
const columnsPerRun = 4096

// judge runs a detector over a series and collects what its observer sees. Channels that are judged one by one make one series: the
// highest score, and any alarm, of a point counts.
func judge(ctx context.Context, cfg configs.Detector, d Detector, s *corpus.Series, keep bool) (*judgement, error) {
	b := block(cfg.Name, s)
	w := newWatcher(d, s, b, keep)
	eng, err := d.engine(cfg, s, w.watch)
	if err != nil {
		return nil, fmt.Errorf("judging %s with %s: %w", s.Name, d.Name, err)
	}
	for from := 0; from < b.N; from += columnsPerRun {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		part := b.Cut(from, min(from+columnsPerRun, b.N))
		if _, _, _, err := eng.Run(part); err != nil {
			return nil, fmt.Errorf("judging %s with %s: %w", s.Name, d.Name, err)
		}
	}
	return &w.judgement, nil
}

// engine is a new engine for a series, with the detector.
func (d Detector) engine(cfg configs.Detector, s *corpus.Series, watch func(engine.Judged)) (*engine.Engine, error) {
	spec, together := d.model(s)
	eng := engine.New(engine.Options{Workers: 1, Watch: watch, Models: only(spec)})
	return eng, eng.Configure([]engine.Detector{engineDetector(cfg, spec.Kind, len(s.Channels), together)})
}

// block is the whole series as the engine takes it, a row for each channel in order of identity.
func block(detector string, s *corpus.Series) tidewatch.Block {
	b := tidewatch.Block{Detector: detector, From: s.Start, Step: s.Step, N: s.Points()}
	for c, v := range s.Values {
		ls := labels.FromStrings(model.MetricNameLabel, s.Channels[c])
		b.Rows = append(b.Rows, tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID(detector, ls), Labels: ls}, V: v})
	}
	slices.SortFunc(b.Rows, func(x, y tidewatch.Row) int { return cmp.Compare(x.Series.ID, y.Series.ID) })
	return b
}

// watcher makes a judgement of what the engine's observer is told.
type watcher struct {
	judgement
	channel map[uint64]int // by series
	claims  bool           // the surprise is a probability's
	raw     bool           // the score is the surprise itself
}

func newWatcher(d Detector, s *corpus.Series, b tidewatch.Block, keep bool) *watcher {
	n := s.Points()
	_, together := d.model(s)
	w := &watcher{channel: map[uint64]int{}, claims: !d.Baseline && (together || len(s.Channels) == 1), raw: d.Baseline}
	w.together = together
	w.Series = measure.Series{
		Name: s.Name, Start: s.Start, Step: s.Step, From: s.From, Missing: s.Missing, Label: s.Label,
		Score: make([]float64, n), Alarm: make([]bool, n), Page: make([]float64, n),
	}
	if w.claims {
		w.P = slices.Repeat([]float64{1}, n)
	}
	if keep {
		nan := math.NaN()
		w.point = slices.Repeat([]point{{value: nan, band: tidewatch.Band{Lower: nan, Mid: nan, Upper: nan}}}, n)
	}
	for _, r := range b.Rows {
		w.channel[r.Series.ID] = slices.Index(s.Channels, r.Series.Labels.Get(model.MetricNameLabel))
	}
	return w
}

// leastP keeps probabilities above 0.
const leastP = 1e-300

// watch takes one decided point of one channel. The score of a baseline is what its model says: its limit moves with what it has
// learnt, which would spoil the one threshold for all that it is given.
func (w *watcher) watch(j engine.Judged) {
	i := int((j.T - w.Start) / w.Step)
	score := j.AnomalyScore
	if w.raw {
		score = j.Surprise
	}
	if len(w.point) > 0 && (math.IsNaN(w.point[i].value) || score > w.Score[i]) {
		w.point[i] = point{channel: w.channel[j.Series], value: j.X, band: j.Band}
	}
	w.Score[i] = max(w.Score[i], score)
	w.Alarm[i] = w.Alarm[i] || j.State == alerting.Alarming
	if j.Onset {
		w.Page[i] = max(w.Page[i], score)
	}
	if w.claims {
		w.P[i] = max(math.Pow(10, -j.Score.Surprise), leastP)
	}
}
