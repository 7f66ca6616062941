package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Event is something that happened beside the watched series: a deploy, a restart.
type Event struct {
	ID     string        `json:"id" doc:"Identity, of the content: the same event is kept once."`
	Time   Time          `json:"time" doc:"When it happened."`
	Known  Time          `json:"known" doc:"When Tidewatch came to know of it."`
	Kind   string        `json:"kind" doc:"deploy, restart or rollout, or what was posted."`
	Text   string        `json:"text" doc:"What happened."`
	Labels labels.Labels `json:"labels" doc:"What it is about."`
	Origin string        `json:"origin" doc:"The source whose metrics told of it, or api."`
}

// NewEvent is an event as it is posted.
type NewEvent struct {
	Time   string            `json:"time,omitempty" doc:"When it happened, RFC 3339 or Unix seconds; default now. At most 90 days ago and an hour ahead."`
	Kind   string            `json:"kind,omitempty" doc:"One word in lower case, for example deploy; default event."`
	Text   string            `json:"text" doc:"What happened, in one line of at most 200 characters, as it stands after 40 s after: api was deployed."`
	Labels map[string]string `json:"labels,omitempty" doc:"What it is about, at most 20 labels; alarms that share job, service or another name of what runs show it. Without labels all do."`
}

// EventQuery selects events. The zero value of a field other than From, To and Limit does not restrict.
type EventQuery struct {
	From, To int64               // Unix ms, From <= To
	Kind     string              //
	Matchers [][]*labels.Matcher // those whose labels match any of the selectors
	Limit    int                 // 1 to MaxLimit
	After    *AnomalyKey         // only those that come after this one, by time descending, then ID
}

// EventPage is one page of events, newest first.
type EventPage struct {
	Events    []Event
	Remaining int // how many follow the last one; -1 if some do but their number is not known
}

// EventList is the answer of /api/v1/events.
type EventList struct {
	From       Time    `json:"from" doc:"Start of the time range."`
	To         Time    `json:"to" doc:"End of the time range."`
	Events     []Event `json:"events" doc:"Newest first."`
	Remaining  int     `json:"remaining" minimum:"-1" doc:"How many follow the last one; -1 if some do but their number is not known."`
	NextCursor string  `json:"next_cursor,omitempty" doc:"Pass it as cursor to get the next page; absent on the last."`
}

func (s *server) events(ctx context.Context, a *args) (answer, error) {
	var q EventQuery
	q.From, q.To = a.timeRange(s.now())
	q.Kind = a.text("kind")
	q.Matchers = a.selectors("match[]")
	q.Limit = a.limit()
	if c := a.cursor(); c != nil {
		q.From, q.To = c.from, c.to
		q.After = &AnomalyKey{Start: c.start, ID: c.id}
	}
	if err := a.err(); err != nil {
		return answer{}, err
	}
	page, err := s.backend.Events(ctx, q)
	if err != nil {
		return answer{}, fmt.Errorf("reading events: %w", err)
	}
	list := EventList{From: Time(q.From), To: Time(q.To), Events: orEmpty(page.Events), Remaining: page.Remaining}
	if n := len(page.Events); page.Remaining != 0 && n > 0 {
		last := page.Events[n-1]
		list.NextCursor = a.next(q.From, q.To, last.Time, last.ID)
	}
	return answer{list, followInfo(nil, "events", page.Remaining)}, nil
}

func (s *server) postEvent(w http.ResponseWriter, r *http.Request, a *args) error {
	if err := s.crossOrigin.Check(r); err != nil {
		return &httpError{http.StatusForbidden, typeBadData, fmt.Errorf("refused: %w", err)}
	}
	if err := a.err(); err != nil {
		return err
	}
	var n NewEvent
	if err := body(r, &n); err != nil {
		return err
	}
	e, err := n.check(s.now())
	if err != nil {
		return badData(err)
	}
	if e, err = s.backend.PostEvent(r.Context(), e); err != nil {
		return fmt.Errorf("keeping the event: %w", err)
	}
	s.writeJSON(w, http.StatusOK, success{Status: "success", Data: e})
	return nil
}

// The limits of an event.
const (
	maxEventText   = 200 // characters
	maxEventLabels = 20
	eventPast      = 90 * 24 * time.Hour
	eventAhead     = time.Hour
)

var eventKind = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// check makes an event of what was posted, or says all that is wrong with it.
func (n NewEvent) check(now time.Time) (Event, error) {
	e := Event{Time: Time(now.UnixMilli()), Kind: "event", Text: strings.TrimSpace(n.Text), Labels: labels.FromMap(n.Labels)}
	var errs []string
	wrong := func(format string, more ...any) { errs = append(errs, fmt.Sprintf(format, more...)) }
	if n.Kind != "" {
		e.Kind = n.Kind
	}
	if !eventKind.MatchString(e.Kind) {
		wrong("kind: %s is not one word in lower case of at most 40 characters, for example deploy", shown(n.Kind))
	}
	switch {
	case e.Text == "":
		wrong("text: is missing; say what happened")
	case utf8.RuneCountInString(e.Text) > maxEventText:
		wrong("text: has %d characters, at most %d fit beside an alarm", utf8.RuneCountInString(e.Text), maxEventText)
	case !utf8.ValidString(e.Text) || strings.ContainsFunc(e.Text, unicode.IsControl):
		wrong("text: holds a line break or another control character; write one line")
	}
	if n.Time != "" {
		t, ok := parseTime(n.Time)
		switch at := time.UnixMilli(t); {
		case !ok:
			wrong("time: %s is neither RFC 3339 nor Unix seconds", shown(n.Time))
		case at.Before(now.Add(-eventPast)) || at.After(now.Add(eventAhead)):
			wrong("time: %s is not within the last 90 days, or more than an hour ahead", shown(n.Time))
		}
		e.Time = Time(t)
	}
	if len(n.Labels) > maxEventLabels {
		wrong("labels: there are %d, at most %d", len(n.Labels), maxEventLabels)
	}
	names := make([]string, 0, len(n.Labels))
	for name, v := range n.Labels {
		if !model.UTF8Validation.IsValidLabelName(name) || !utf8.ValidString(v) || len(name) > maxEventText || len(v) > maxEventText {
			names = append(names, shown(name))
		}
	}
	if len(names) > 0 {
		slices.Sort(names)
		wrong("labels: %s: a name or value is not valid or longer than %d bytes", strings.Join(names, ", "), maxEventText)
	}
	if len(errs) > 0 {
		return Event{}, errors.New(strings.Join(errs, "; "))
	}
	return e, nil
}

// PageEvents filters, orders and cuts events as q asks. It leaves all as it is.
func PageEvents(all []Event, q EventQuery) EventPage {
	var picked []Event
	for _, e := range all {
		k := AnomalyKey{Start: e.Time, ID: e.ID}
		if int64(e.Time) < q.From || int64(e.Time) > q.To || q.Kind != "" && e.Kind != q.Kind || q.After != nil && k.compare(*q.After) <= 0 {
			continue
		}
		if len(q.Matchers) == 0 || slices.ContainsFunc(q.Matchers, func(ms []*labels.Matcher) bool {
			return !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches(e.Labels.Get(m.Name)) })
		}) {
			picked = append(picked, e)
		}
	}
	slices.SortFunc(picked, func(a, b Event) int {
		return AnomalyKey{Start: a.Time, ID: a.ID}.compare(AnomalyKey{Start: b.Time, ID: b.ID})
	})
	n := min(q.Limit, len(picked))
	return EventPage{Events: picked[:n], Remaining: len(picked) - n}
}
