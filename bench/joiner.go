package bench

import (
	"math"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/models"
)

// joiner makes a multivariate baseline fit for the engine's groups. A baseline is made for all channels at once and takes no more
// of them later; the engine's groups grow as channels appear. Those that have not appeared have no value.
type joiner struct {
	models.Model
	x        []float64
	scores   []tidewatch.Score
	verdicts []tidewatch.Verdict
	events   []tidewatch.Event
}

var _ models.Joiner = (*joiner)(nil)

// joined is the kind of a multivariate baseline for so many channels, as the engine takes it.
func joined(spec models.Spec, channels int) models.Spec {
	inner := spec.New
	spec.Joint = true
	spec.New = func(c models.Config) (models.Model, error) {
		c.Rows = channels
		m, err := inner(c)
		if err != nil {
			return nil, err
		}
		return &joiner{
			Model: m, x: make([]float64, channels), scores: make([]tidewatch.Score, channels),
			verdicts: make([]tidewatch.Verdict, channels), events: make([]tidewatch.Event, channels),
		}, nil
	}
	return spec
}

// values copies the group's values and leaves the rest without one.
func (j *joiner) values(x []float64) []float64 {
	for i := range j.x {
		j.x[i] = math.NaN()
		if i < len(x) {
			j.x[i] = x[i]
		}
	}
	return j.x
}

// Score implements models.Model: the baseline's score is the same for all its rows.
func (j *joiner) Score(t int64, x []float64, out []tidewatch.Score) {
	j.Model.Score(t, j.values(x), j.scores)
	clear(out)
	out[0] = j.scores[0]
}

// Advance implements models.Model.
func (j *joiner) Advance(t int64, x []float64, _ []tidewatch.Verdict, ev []tidewatch.Event) {
	j.Model.Advance(t, j.values(x), j.verdicts, j.events)
	clear(ev)
}

// Rows implements models.Joiner.
func (j *joiner) Rows() int { return len(j.x) }

// Resize implements models.Joiner: there is room for all channels from the start.
func (*joiner) Resize(int) {}

// Clear implements models.Joiner: a channel of a file is never replaced by another.
func (*joiner) Clear(int) {}

// Succeed implements models.Joiner: nor is it another that goes on in its place.
func (*joiner) Succeed(int) {}
