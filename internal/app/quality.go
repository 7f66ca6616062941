package app

import (
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/quality"
)

// noteQuality tells log and metrics of verdicts on data. People are told by notices, where a route asks for them.
func (s *Service) noteQuality(res engine.Result) {
	for _, ch := range res.Quality {
		if ch.Over {
			s.log.Info("data is good again", "detector", ch.Detector, "state", engine.DataQuality, "reason", ch.Reason.String())
			continue
		}
		s.m.verdicts.WithLabelValues(ch.Detector, ch.Reason.String()).Inc()
		s.log.Warn("data cannot be trusted", "detector", ch.Detector, "state", engine.DataQuality, "reason", ch.Reason.String(),
			"series", ch.Series, "of", ch.Of, "withheld", ch.Reason.Withholds(), "detail", ch.Text)
	}
}

// gaugeQuality sets the gauges of a detector's verdicts that are under way: the number of series, 1 where it is the whole detector.
func (s *Service) gaugeQuality(detector string) {
	var n [quality.NumReasons]float64
	for _, v := range s.core.Quality(detector) {
		n[v.Reason] = float64(max(v.Series, 1))
	}
	for _, r := range quality.Reasons() {
		if n[r] > 0 {
			s.m.dataQuality.WithLabelValues(detector, r.String()).Set(n[r])
		} else {
			s.m.dataQuality.DeleteLabelValues(detector, r.String())
		}
	}
}
