package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// Matcher is one condition on a label, as Alertmanager writes it.
type Matcher struct {
	Name    string `json:"name" doc:"Name of the label; alertname is the detector."`
	Value   string `json:"value" doc:"Value, or regular expression that must match all of it."`
	IsRegex bool   `json:"isRegex" doc:"Whether value is a regular expression."`
	IsEqual bool   `json:"isEqual" doc:"Whether the label must match; false: must not."`
}

// SilenceStatus is a silence's state.
type SilenceStatus struct {
	State string `json:"state" enum:"pending,active,expired" doc:"Alertmanager's name of the state."`
}

// SilenceEdit is one change of a silence.
type SilenceEdit struct {
	Time     Time      `json:"at" doc:"When."`
	By       string    `json:"by" doc:"Who, and where in parentheses."`
	What     string    `json:"what" enum:"created,edited,expired" doc:"What was done."`
	Comment  string    `json:"comment,omitempty" doc:"Why."`
	Matchers []Matcher `json:"matchers" doc:"From then on."`
	StartsAt Time      `json:"startsAt" doc:"From then on."`
	EndsAt   Time      `json:"endsAt" doc:"From then on."`
}

// Silence is a silence as Alertmanager's API gives it, with its history.
type Silence struct {
	ID        string        `json:"id" doc:"Identity."`
	Status    SilenceStatus `json:"status" doc:"Whether it silences."`
	UpdatedAt Time          `json:"updatedAt" doc:"Newest edit."`
	Matchers  []Matcher     `json:"matchers" doc:"All must hold for an alarm to be silenced."`
	StartsAt  Time          `json:"startsAt" doc:"Beginning."`
	EndsAt    Time          `json:"endsAt" doc:"End; it does not silence at this time any more."`
	CreatedBy string        `json:"createdBy" doc:"Who made the newest edit."`
	Comment   string        `json:"comment" doc:"Why."`
	History   []SilenceEdit `json:"history" doc:"Every edit, oldest first."`
}

// SilenceList is the answer of GET /api/v1/silences.
type SilenceList struct {
	Silences []Silence `json:"silences" doc:"Active ones first, then pending, then expired; by their end."`
}

// PostMatcher is a Matcher of a request: isEqual is true where left out.
type PostMatcher struct {
	Name    string `json:"name" doc:"Name of the label; alertname is the detector."`
	Value   string `json:"value" doc:"Value, or regular expression that must match all of it."`
	IsRegex bool   `json:"isRegex,omitempty" doc:"Whether value is a regular expression."`
	IsEqual *bool  `json:"isEqual,omitempty" doc:"Whether the label must match; default true."`
}

// PostSilence is the body of POST /api/v1/silences, as Alertmanager's.
type PostSilence struct {
	ID        string        `json:"id,omitempty" doc:"Of the silence to edit; left out: a new one."`
	Matchers  []PostMatcher `json:"matchers" doc:"All must hold; at least one must not match the empty string."`
	StartsAt  Time          `json:"startsAt,omitempty" doc:"Default, and where it lies in the past: now."`
	EndsAt    Time          `json:"endsAt" doc:"In the future."`
	CreatedBy string        `json:"createdBy" doc:"Who asks."`
	Comment   string        `json:"comment,omitempty" doc:"Why."`
}

// SilenceID is the answer of POST /api/v1/silences.
type SilenceID struct {
	ID string `json:"silenceID" doc:"Identity; another one than was edited where matchers or start of a running silence changed."`
}

func (s *server) silences(ctx context.Context, a *args) (answer, error) {
	state := a.text("state")
	if err := a.err(); err != nil {
		return answer{}, err
	}
	all, err := s.allSilences(ctx)
	if err != nil {
		return answer{}, err
	}
	if state != "" {
		all = slices.DeleteFunc(all, func(x Silence) bool { return x.Status.State != state })
	}
	rank := map[string]int{"active": 0, "pending": 1, "expired": 2}
	slices.SortFunc(all, func(x, y Silence) int {
		return cmp.Or(cmp.Compare(rank[x.Status.State], rank[y.Status.State]), cmp.Compare(x.EndsAt, y.EndsAt), cmp.Compare(x.ID, y.ID))
	})
	return answer{data: SilenceList{all}}, nil
}

func (s *server) silence(ctx context.Context, a *args) (answer, error) {
	id := a.text("id")
	if err := a.err(); err != nil {
		return answer{}, err
	}
	all, err := s.allSilences(ctx)
	if err != nil {
		return answer{}, err
	}
	for _, x := range all {
		if x.ID == id {
			return answer{data: x}, nil
		}
	}
	return answer{}, NotFoundf("no silence %s; /api/v1/silences lists them", shown(id))
}

func (s *server) allSilences(ctx context.Context) ([]Silence, error) {
	if s.opts.Controls == nil {
		return nil, errNoControls
	}
	all, err := s.opts.Controls.Silences(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading silences: %w", err)
	}
	out, now := make([]Silence, len(all)), s.now().UnixMilli()
	for i := range all {
		x := &all[i]
		out[i] = Silence{
			ID: x.ID, Status: SilenceStatus{string(x.State(now))}, UpdatedAt: Time(x.UpdatedAt), Matchers: apiMatchers(x.Matchers),
			StartsAt: Time(x.StartsAt), EndsAt: Time(x.EndsAt), CreatedBy: x.Author.Name, Comment: x.Comment, History: []SilenceEdit{},
		}
		for _, e := range x.Edits {
			out[i].History = append(out[i].History, SilenceEdit{
				Time: Time(e.At), By: e.Author.String(), What: e.What, Comment: e.Comment, Matchers: apiMatchers(e.Matchers),
				StartsAt: Time(e.StartsAt), EndsAt: Time(e.EndsAt),
			})
		}
	}
	return out, nil
}

func apiMatchers(ms alerting.Matchers) []Matcher {
	out := make([]Matcher, len(ms))
	for i, m := range ms {
		regex := m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp
		out[i] = Matcher{m.Name, m.Value, regex, m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp}
	}
	return out
}

// matchersOf reads the matchers of a request.
func matchersOf(in []PostMatcher) (alerting.Matchers, error) {
	out := make(alerting.Matchers, len(in))
	for i, m := range in {
		equal := m.IsEqual == nil || *m.IsEqual
		typ := map[[2]bool]labels.MatchType{
			{true, false}: labels.MatchEqual, {true, true}: labels.MatchRegexp,
			{false, false}: labels.MatchNotEqual, {false, true}: labels.MatchNotRegexp,
		}[[2]bool{equal, m.IsRegex}]
		if m.Name == "" {
			return nil, badData(fmt.Errorf("matchers[%d]: name is missing", i))
		}
		var err error
		if out[i], err = labels.NewMatcher(typ, m.Name, m.Value); err != nil {
			return nil, badData(fmt.Errorf("matchers[%d]: %s is not a regular expression: %w", i, shown(m.Value), err))
		}
	}
	return out, nil
}

func (s *server) postSilence(r *http.Request, _ *args) (answer, error) {
	var p PostSilence
	if err := body(r, &p); err != nil {
		return answer{}, err
	}
	ms, err := matchersOf(p.Matchers)
	if err != nil {
		return answer{}, err
	}
	id, err := s.control(r, asked{p.CreatedBy, p.Comment}, alerting.Control{
		Kind:    alerting.ControlSilence,
		Silence: &alerting.SilenceSpec{ID: p.ID, Matchers: ms, StartsAt: int64(p.StartsAt), EndsAt: int64(p.EndsAt)},
	})
	return answer{data: SilenceID{id}}, err
}

func (s *server) deleteSilence(r *http.Request, a *args) (answer, error) {
	id, err := s.control(r, asked{a.text("by"), a.text("comment")}, alerting.Control{Kind: alerting.ControlExpireSilence, Target: a.text("id")})
	return answer{data: SilenceID{id}}, err
}
