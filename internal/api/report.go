package api

import (
	"context"
	"fmt"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// Noise is one line of a noise report.
type Noise struct {
	Incidents    int   `json:"incidents" minimum:"0" doc:"Incidents whose first message was in the range."`
	Alarms       int   `json:"alarms" minimum:"0" doc:"Alarms that they told of."`
	Acknowledged int   `json:"acknowledged" minimum:"0" doc:"Of the incidents, those that somebody acknowledged."`
	MarkedFalse  int   `json:"marked_false" minimum:"0" doc:"Of the incidents, those that somebody called no anomaly, unless it was taken back."`
	Open         int   `json:"open" minimum:"0" doc:"Of the incidents, those that are not over."`
	Hidden       int   `json:"hidden" minimum:"0" doc:"Alarms that were over before anybody was told, as they were silenced, muted or inhibited; counted by whole UTC days."`
	HiddenShare  Value `json:"hidden_share" doc:"Share of hidden alarms in all, 0 to 1."`
}

// DetectorNoise is one detector's line.
type DetectorNoise struct {
	Detector string `json:"detector" doc:"Name of the detector."`
	Noise    Noise  `json:"noise" doc:"What it told."`
	Promised Value  `json:"promised_false" doc:"False alarms that its promise allows in the range; NaN where it promises no number."`
}

// NoiseReport is the answer of GET /api/v1/report.
type NoiseReport struct {
	From      Time            `json:"from" doc:"Beginning of the range."`
	To        Time            `json:"to" doc:"End of the range."`
	Total     Noise           `json:"total" doc:"All incidents."`
	Detectors []DetectorNoise `json:"detectors" doc:"Those with incidents or hidden alarms, the one with most incidents first. An incident with alarms of two detectors counts for both."`
	Forgotten int             `json:"forgotten" minimum:"0" doc:"Incidents that there was no room to remember, over all time."`
}

// reportRange is what a report covers where nothing else is asked for.
const reportRange = 7 * 24 * time.Hour

func (s *server) report(ctx context.Context, a *args) (answer, error) {
	from, to := a.timeRange(s.now())
	if _, _, asked := a.value("from"); !asked {
		from = max(to-reportRange.Milliseconds(), minTime)
	}
	if err := a.err(); err != nil {
		return answer{}, err
	}
	if s.opts.Controls == nil {
		return answer{}, errNoControls
	}
	r, err := s.opts.Controls.NoiseReport(ctx, from, to)
	if err != nil {
		return answer{}, fmt.Errorf("counting what was told: %w", err)
	}
	out := NoiseReport{From: Time(r.From), To: Time(r.To), Total: apiNoise(r.Total), Detectors: []DetectorNoise{}, Forgotten: int(r.Forgotten)}
	for _, d := range r.Detectors {
		out.Detectors = append(out.Detectors, DetectorNoise{d.Detector, apiNoise(d.Noise), Value(d.Promised)})
	}
	return answer{data: out}, nil
}

func apiNoise(n alerting.Noise) Noise {
	return Noise{
		Incidents: n.Incidents, Alarms: n.Alarms, Acknowledged: n.Acknowledged, MarkedFalse: n.MarkedFalse, Open: n.Open, Hidden: int(n.Hidden),
		HiddenShare: Value(n.HiddenShare()),
	}
}
