package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tidewatch/tidewatch/internal/api"
)

// shownTransitions is the length of the history on an alarm's page.
const shownTransitions = 20

// The chart shows the time around the breach: this much before the state began, and at least this much in all.
const (
	chartBefore = 3 * time.Hour
	chartLeast  = 6 * time.Hour
	chartMost   = 7 * 24 * time.Hour
)

// alarmPage is the data of the page at /alarms/{id}.
type alarmPage struct {
	Alarm       api.Alarm
	Explanation api.Explanation
	History     api.History
	ChartURL    string // "" if there are no charts
	ChartFrom   api.Time
	ChartTo     api.Time
}

func (s *site) alarm(ctx context.Context, r *http.Request) (any, error) {
	id := r.PathValue("id")
	var p alarmPage
	var err error
	if p.Alarm, err = s.Backend.Alarm(ctx, id); err != nil {
		return nil, fmt.Errorf("reading the alarm: %w", err)
	}
	if p.Explanation, err = s.Backend.Explain(ctx, id); err != nil {
		return nil, fmt.Errorf("explaining the alarm: %w", err)
	}
	if p.History, err = s.Backend.History(ctx, id, shownTransitions); err != nil {
		return nil, fmt.Errorf("reading the history of the alarm: %w", err)
	}
	from, to := chartRange(p.Alarm, s.Now())
	p.ChartFrom, p.ChartTo = api.Time(from.UnixMilli()), api.Time(to.UnixMilli())
	if s.Chart && p.Alarm.Time != 0 {
		p.ChartURL = s.chartURL(p.Alarm.SeriesID, from, to)
	}
	return p, nil
}

// chartRange is the time that explains the alarm's state best: it ends with the newest point and begins somewhat before the
// state did.
func chartRange(a api.Alarm, now time.Time) (from, to time.Time) {
	to = now
	if a.Time != 0 {
		to = a.Time.Std()
	}
	from = to.Add(-chartLeast)
	if a.Since != 0 {
		if early := a.Since.Std().Add(-chartBefore); early.Before(from) {
			from = early
		}
	}
	if earliest := to.Add(-chartMost); from.Before(earliest) {
		from = earliest
	}
	return from, to
}

func (s *site) chartURL(id api.SeriesID, from, to time.Time) string {
	q := url.Values{"from": {strconv.FormatInt(from.Unix(), 10)}, "to": {strconv.FormatInt(to.Unix(), 10)}}
	return s.prefix + "/api/v1/series/" + id.String() + "/chart.png?" + q.Encode()
}
