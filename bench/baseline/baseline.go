package baseline

import (
	"fmt"
	"time"

	"github.com/tidewatch/tidewatch/models"
)

// Spec describes one baseline. Name is also Model.Kind; no name is one of the production models'.
type Spec struct {
	Name         string
	Doc          string // one sentence for a report
	Model        models.Spec
	Multivariate bool // judges all rows together and needs at least two
}

// All lists the baselines in the order of the bench's tables.
func All() []Spec {
	return []Spec{
		randomSpec, lastValueSpec, seasonalNaiveSpec, threeSigmaSpec, ewmaSpec, madSpec, forestSpec, adaptiveSpec, robustSpec,
		kmeansSpec, pcaSpec, channelMaxSpec, channelSumSpec,
	}
}

const (
	hour = time.Hour
	day  = 24 * time.Hour
	week = 7 * day
)

// univariate makes the Spec of a baseline whose rows know nothing of each other. newJudge gives the judge of a row and how
// many points it has to see before it is ready.
func univariate(name, doc string, newJudge func(c models.Config, row int) (j judge, warm int)) Spec {
	return Spec{Name: name, Doc: doc, Model: models.Spec{Kind: name, Doc: doc, New: func(c models.Config) (models.Model, error) {
		if err := check(name, c, 1); err != nil {
			return nil, err
		}
		m := &rows{rows: make([]row, c.Rows)}
		for i := range m.rows {
			j, warm := newJudge(c, i)
			m.rows[i] = row{judge: j, warm: warm}
		}
		return m, nil
	}}}
}

// multivariate makes the Spec of a baseline that judges all rows together.
func multivariate(name, doc string, newJoint func(c models.Config) (j jointJudge, warm int)) Spec {
	return Spec{Name: name, Doc: doc, Multivariate: true, Model: models.Spec{Kind: name, Doc: doc, New: func(c models.Config) (models.Model, error) {
		if err := check(name, c, 2); err != nil {
			return nil, err
		}
		j, warm := newJoint(c)
		return &joint{judge: j, warm: warm, x: make([]float64, c.Rows)}, nil
	}}}
}

func check(name string, c models.Config, least int) error {
	switch {
	case c.Rows < least:
		return fmt.Errorf("make baseline %s: rows is %d, want at least %d", name, c.Rows, least)
	case c.Step < time.Second:
		return fmt.Errorf("make baseline %s: step is %v, want at least 1s", name, c.Step)
	}
	return nil
}

// points is how many grid points a span holds: rounded, at least 1.
func points(c models.Config, span time.Duration) int {
	return max(1, int((span+c.Step/2)/c.Step))
}

// warmUp is the usual warm-up: a day, but enough points for a spread to mean something.
func warmUp(c models.Config) int { return max(32, points(c, day)) }
