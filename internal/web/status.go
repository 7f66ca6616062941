package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/tidewatch/tidewatch/internal/api"
)

// The sizes of the lists on the status page, and the time that it looks back.
const (
	shownAlarms    = 100
	shownAnomalies = 30
	lookBack       = 24 * time.Hour
)

// statusPage is the data of the page at /.
type statusPage struct {
	Detectors []api.Detector
	Series    int // of all detectors
	Alarms    []api.Alarm
	MoreFire  int // alarms in ALARM beyond those shown; -1 if unknown
	Anomalies []api.Anomaly
	MoreFound int // anomalies beyond those shown; -1 if unknown
	Infos     []string
}

func (s *site) status(ctx context.Context, _ *http.Request) (any, error) {
	var p statusPage
	var err error
	if p.Detectors, err = s.Backend.Detectors(ctx); err != nil {
		return nil, fmt.Errorf("reading the detectors: %w", err)
	}
	for _, d := range p.Detectors {
		p.Series += d.Series
	}
	alarms, err := s.Backend.Alarms(ctx, api.AlarmQuery{State: "ALARM", Limit: shownAlarms})
	if err != nil {
		return nil, fmt.Errorf("reading the alarms: %w", err)
	}
	p.Alarms, p.MoreFire = alarms.Alarms, alarms.Remaining
	silent, err := s.Backend.Alarms(ctx, api.AlarmQuery{State: "INSUFFICIENT_DATA", Limit: shownAlarms})
	if err != nil {
		return nil, fmt.Errorf("reading the alarms without data: %w", err)
	}
	p.Alarms = append(p.Alarms, silent.Alarms...)
	if p.MoreFire >= 0 && silent.Remaining >= 0 {
		p.MoreFire += silent.Remaining
	} else {
		p.MoreFire = -1
	}
	now := s.Now()
	found, err := s.Backend.Anomalies(ctx, api.AnomalyQuery{From: now.Add(-lookBack).UnixMilli(), To: now.UnixMilli(), Limit: shownAnomalies})
	if err != nil {
		return nil, fmt.Errorf("reading the anomalies: %w", err)
	}
	p.Anomalies, p.MoreFound = found.Anomalies, found.Remaining
	p.Infos = append(append(alarms.Infos, silent.Infos...), found.Infos...)
	return p, nil
}
