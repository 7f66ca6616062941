package api

import (
	"context"
	"fmt"
)

// AnomalyList is the answer of /api/v1/anomalies.
type AnomalyList struct {
	From       Time      `json:"from" doc:"Start of the time range."`
	To         Time      `json:"to" doc:"End of the time range."`
	Anomalies  []Anomaly `json:"anomalies" doc:"Newest first."`
	Remaining  int       `json:"remaining" minimum:"-1" doc:"How many follow the last one; -1 if some do but their number is not known."`
	NextCursor string    `json:"next_cursor,omitempty" doc:"Pass it as cursor to get the next page; absent on the last."`
}

func (s *server) anomalies(ctx context.Context, a *args) (answer, error) {
	q, err := s.anomalyQuery(a)
	if err != nil {
		return answer{}, err
	}
	page, err := s.backend.Anomalies(ctx, q)
	if err != nil {
		return answer{}, fmt.Errorf("reading anomalies: %w", err)
	}
	list := AnomalyList{From: Time(q.From), To: Time(q.To), Anomalies: orEmpty(page.Anomalies), Remaining: page.Remaining}
	if n := len(page.Anomalies); page.Remaining != 0 && n > 0 {
		last := page.Anomalies[n-1]
		list.NextCursor = a.next(q.From, q.To, last.Start, last.ID)
	}
	return answer{list, followInfo(page.Infos, "anomalies", page.Remaining)}, nil
}

func (s *server) anomalyQuery(a *args) (AnomalyQuery, error) {
	var q AnomalyQuery
	q.From, q.To = a.timeRange(s.now())
	q.MinScore = a.number("min_score")
	q.Matchers = a.selectors("match[]")
	q.State = a.text("state")
	q.Limit = a.limit()
	if c := a.cursor(); c != nil {
		q.From, q.To = c.from, c.to
		q.After = &AnomalyKey{Start: c.start, ID: c.id}
	}
	return q, a.err()
}

// followInfo says how many rows are not on this page.
func followInfo(infos []string, what string, remaining int) []string {
	switch {
	case remaining < 0:
		return append(infos, "there are more "+what+"; pass next_cursor as cursor")
	case remaining > 0:
		return append(infos, fmt.Sprintf("remaining %s: %d; pass next_cursor as cursor", what, remaining))
	}
	return infos
}

// orEmpty makes nil an empty list, so that JSON shows [] and not null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
