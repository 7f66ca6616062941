package engine

import (
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// Judged is one decided point of one series, as Options.Watch is told of it.
type Judged struct {
	Detector     string
	Series       uint64 // tidewatch.Series.ID
	T            int64  // grid time, Unix milliseconds
	X            float64
	Score        tidewatch.Score // before policy
	Surprise     float64         // after direction and min_deviation: what counts
	AnomalyScore float64         // Surprise ÷ Limit; on the way back to normal that of the evidence, at most 1
	Limit        float64         // surprise at which the anomaly score is 1
	Band         tidewatch.Band  // at the limit
	State        alerting.State  // of the alarm after the point
	Onset        bool            // the alarm began with this point
}

// judged is row i of the group as its observer is told of it.
func (st *stepper) judged(t int64, g *group, i int, x float64, s tidewatch.Score, surprise, score, limit float64) Judged {
	r := &g.rows[i]
	b := st.bands[i]
	b.Mid = s.Mid
	return Judged{
		Detector: st.d.Name, Series: r.series.ID, T: t, X: x, Score: s, Surprise: surprise, AnomalyScore: score,
		Limit: limit, Band: b, State: r.alarm.State(),
	}
}
