package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

func (s *server) band(ctx context.Context, a *args) (answer, error) {
	id := a.seriesID("id")
	from, to := a.timeRange(s.now())
	if err := a.err(); err != nil {
		return answer{}, err
	}
	b, err := s.backend.Band(ctx, id, from, to)
	if err != nil {
		return answer{}, fmt.Errorf("reading the band of the series: %w", err)
	}
	b.Points = orEmpty(b.Points)
	return answer{b, heldInfos(b, from, to)}, nil
}

// heldInfos says which part of the time range asked for is not held.
func heldInfos(b BandSeries, from, to int64) []string {
	switch {
	case b.HeldFrom == 0 && b.HeldTo == 0:
		return []string{"no points of this series are held yet"}
	case int64(b.HeldFrom) > from:
		return []string{fmt.Sprintf("points before %s are not held (asked from %s)", b.HeldFrom, Time(from))}
	case int64(b.HeldTo) < from || int64(b.HeldFrom) > to:
		return []string{fmt.Sprintf("held are %s to %s", b.HeldFrom, b.HeldTo)}
	}
	return nil
}

func (s *server) chart(w http.ResponseWriter, r *http.Request, a *args) error {
	id := a.seriesID("id")
	from, to := a.timeRange(s.now())
	if err := a.err(); err != nil {
		return err
	}
	if s.opts.Chart == nil {
		return &httpError{http.StatusNotImplemented, typeUnavailable, errors.New("charts are switched off")}
	}
	png, err := s.opts.Chart(r.Context(), id, from, to)
	if err != nil {
		return fmt.Errorf("drawing the chart: %w", err)
	}
	w.Header().Set("Content-Type", "image/png")
	s.write(w, png)
	return nil
}
