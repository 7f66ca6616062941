package api

import (
	"context"
	"fmt"
)

// AlarmList is the answer of /api/v1/alarms.
type AlarmList struct {
	Alarms     []Alarm `json:"alarms" doc:"Ordered by id."`
	Remaining  int     `json:"remaining" minimum:"-1" doc:"How many follow the last one; -1 if some do but their number is not known."`
	NextCursor string  `json:"next_cursor,omitempty" doc:"Pass it as cursor to get the next page; absent on the last."`
}

func (s *server) alarms(ctx context.Context, a *args) (answer, error) {
	q := AlarmQuery{
		Matchers: a.selectors("match[]"),
		State:    a.text("state"),
		Detector: a.text("detector"),
		Actions:  a.text("actions"),
		Limit:    a.limit(),
	}
	if c := a.cursor(); c != nil {
		q.AfterID = c.id
	}
	if err := a.err(); err != nil {
		return answer{}, err
	}
	page, err := s.backend.Alarms(ctx, q)
	if err != nil {
		return answer{}, fmt.Errorf("reading alarms: %w", err)
	}
	list := AlarmList{Alarms: orEmpty(page.Alarms), Remaining: page.Remaining}
	if n := len(page.Alarms); page.Remaining != 0 && n > 0 {
		list.NextCursor = a.next(0, 0, 0, page.Alarms[n-1].ID)
	}
	return answer{list, followInfo(page.Infos, "alarms", page.Remaining)}, nil
}

func (s *server) alarm(ctx context.Context, a *args) (answer, error) {
	id := a.text("id")
	if err := a.err(); err != nil {
		return answer{}, err
	}
	alarm, err := s.backend.Alarm(ctx, id)
	if err != nil {
		return answer{}, fmt.Errorf("reading the alarm: %w", err)
	}
	return answer{data: alarm}, nil
}

func (s *server) history(ctx context.Context, a *args) (answer, error) {
	id, limit := a.text("id"), a.limit()
	if err := a.err(); err != nil {
		return answer{}, err
	}
	h, err := s.backend.History(ctx, id, limit)
	if err != nil {
		return answer{}, fmt.Errorf("reading the history of the alarm: %w", err)
	}
	h.Transitions = orEmpty(h.Transitions)
	var infos []string
	if h.Omitted > 0 {
		infos = append(infos, fmt.Sprintf("%d older transitions were left out by limit=%d", h.Omitted, limit))
	}
	return answer{h, infos}, nil
}

func (s *server) explain(ctx context.Context, a *args) (answer, error) {
	id := a.text("id")
	if err := a.err(); err != nil {
		return answer{}, err
	}
	e, err := s.backend.Explain(ctx, id)
	if err != nil {
		return answer{}, fmt.Errorf("explaining the alarm: %w", err)
	}
	e.Parts, e.Terms, e.Features, e.Seasons = orEmpty(e.Parts), orEmpty(e.Terms), orEmpty(e.Features), orEmpty(e.Seasons)
	return answer{data: e}, nil
}
