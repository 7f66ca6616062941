package engine

import (
	"math"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
)

// Anomaly is a run of points beyond the limit, with gaps of at most N steps. It is reported when it alarms and when it
// ends; the same (Series.ID, StartsAt) is the same anomaly.
type Anomaly struct {
	Detector         string
	Series           tidewatch.Series
	StartsAt, EndsAt int64 // EndsAt 0 while it goes on
	Breaches         int
	PeakScore        float64
	PeakT            int64
	Surprise         float64 // of the point at PeakT, with its value and band
	Value            float64
	Band             tidewatch.Band
	Channel          tidewatch.Channel
	Alarmed          bool

	at int64
}

// worthKeeping is the score from which an anomaly too short to alarm is reported all the same.
const worthKeeping = 2

func (r *row) anomaly(t int64, detector string, endsAt int64) Anomaly {
	e := r.few().ep
	a := Anomaly{
		Detector: detector, Series: r.series, StartsAt: e.start, EndsAt: endsAt, Breaches: e.breaches,
		PeakScore: e.peakScore, PeakT: e.peakT, Surprise: e.peakSurprise, Value: e.peakValue, Band: e.peakBand, Channel: e.channel, Alarmed: e.alarmed, at: t,
	}
	if e.breaches == 0 {
		a.Value, a.Band = math.NaN(), tidewatch.Band{Lower: math.NaN(), Mid: math.NaN(), Upper: math.NaN()}
	}
	return a
}

// closeEpisode ends the run once no point has breached for N steps and the alarm is not in ALARM.
func (st *stepper) closeEpisode(t int64, r *row) {
	e := r.few().ep
	if e == nil || r.alarm.State() == alerting.Alarming || t-e.lastBreach <= int64(st.d.Alarm.Of)*st.d.step() {
		return
	}
	if e.alarmed || e.breaches >= st.d.Alarm.Datapoints || e.peakScore >= worthKeeping {
		st.out.anomalies = append(st.out.anomalies, r.anomaly(t, st.d.Name, e.lastBreach+st.d.step()))
	}
	r.seldom.ep = nil
	r.tidy()
}
