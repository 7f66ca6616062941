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
	shownSilent    = 20 // of those without data, which may be all of them after the first start
	shownAnomalies = 30
	lookBack       = 24 * time.Hour
)

// statusPage is the data of the page at /.
type statusPage struct {
	Detectors []api.Detector
	Alarms    []api.Alarm
	Beyond    []beyond // how many alarms are not shown
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
	for _, part := range []struct {
		state string
		limit int
	}{{"ALARM", shownAlarms}, {"INSUFFICIENT_DATA", shownSilent}} {
		if err := s.addAlarms(ctx, &p, part.state, part.limit); err != nil {
			return nil, err
		}
	}
	now := s.Now()
	found, err := s.Backend.Anomalies(ctx, api.AnomalyQuery{From: now.Add(-lookBack).UnixMilli(), To: now.UnixMilli(), Limit: shownAnomalies})
	if err != nil {
		return nil, fmt.Errorf("reading the anomalies: %w", err)
	}
	p.Anomalies, p.MoreFound = found.Anomalies, found.Remaining
	p.Infos = append(p.Infos, found.Infos...)
	return p, nil
}

// beyond says how many alarms in a state are not shown; Count is -1 if there are more but their number is not known.
type beyond struct {
	State string
	Count int
}

func (s *site) addAlarms(ctx context.Context, p *statusPage, state string, limit int) error {
	page, err := s.Backend.Alarms(ctx, api.AlarmQuery{State: state, Limit: limit})
	if err != nil {
		return fmt.Errorf("reading the alarms in state %s: %w", state, err)
	}
	p.Alarms = append(p.Alarms, page.Alarms...)
	p.Infos = append(p.Infos, page.Infos...)
	if page.Remaining != 0 {
		p.Beyond = append(p.Beyond, beyond{state, page.Remaining})
	}
	return nil
}
