package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
)

// Backend is what the API asks of the service. All methods are called from many goroutines at once, must return when the
// context ends, and hand over ownership of what they return. An unknown series or alarm is an error that wraps
// ErrNotFound; a part that is not loaded yet is one that wraps ErrUnavailable; any other error is answered with status 500
// and its text, which must therefore hold no secret.
type Backend interface {
	// Anomalies returns one page, newest first. PageAnomalies does the work for a backend that holds them in memory.
	Anomalies(ctx context.Context, q AnomalyQuery) (AnomalyPage, error)
	// Alarms returns one page, ordered by ID. PageAlarms does the work for a backend that holds them in memory.
	Alarms(ctx context.Context, q AlarmQuery) (AlarmPage, error)
	// Alarm returns one alarm.
	Alarm(ctx context.Context, id string) (Alarm, error)
	// History returns the alarm's transitions, newest first, at most limit of them.
	History(ctx context.Context, alarmID string, limit int) (History, error)
	// Explain says why the alarm is in its state: the newest point that decided it, or the newest point.
	Explain(ctx context.Context, alarmID string) (Explanation, error)
	// Band returns the points of a series with from <= T <= to (Unix milliseconds), oldest first, and the range that is held.
	Band(ctx context.Context, seriesID uint64, from, to int64) (BandSeries, error)
	// Detectors returns the status of every detector, ordered by name.
	Detectors(ctx context.Context) ([]Detector, error)
	// Sources returns how every source does that a detector reads, ordered by name.
	Sources(ctx context.Context) ([]Source, error)
	// Events returns one page, newest first. PageEvents does the work for a backend that holds them in memory.
	Events(ctx context.Context, q EventQuery) (EventPage, error)
	// Causes parts the alarms that fire by what they go back to.
	Causes(ctx context.Context) (CauseList, error)
	// PostEvent keeps an event, which has been checked, and returns it with its identity. It is on disk then.
	PostEvent(ctx context.Context, e Event) (Event, error)
	// ExportSeries calls yield with the newest point of each series that the export selector chooses, until yield returns
	// false. It returns the number of series that the selector chose but that were left out by a limit.
	ExportSeries(ctx context.Context, yield func(ExportedSeries) bool) (omitted int, err error)
}

// ErrNotFound marks an error about a series or alarm that is not known.
var ErrNotFound = errors.New("not found")

// ErrUnavailable marks an error about something that is not loaded yet or has been shut down.
var ErrUnavailable = errors.New("unavailable")

// NotFoundf returns an error that wraps ErrNotFound and reads as the formatted text.
func NotFoundf(format string, args ...any) error {
	return &kindError{kind: ErrNotFound, err: fmt.Errorf(format, args...)}
}

// Unavailablef returns an error that wraps ErrUnavailable and reads as the formatted text.
func Unavailablef(format string, args ...any) error {
	return &kindError{kind: ErrUnavailable, err: fmt.Errorf(format, args...)}
}

// kindError gives err's text and belongs to kind.
type kindError struct{ kind, err error }

// Error returns the text without the kind's own.
func (e *kindError) Error() string { return e.err.Error() }

// Unwrap returns both the kind and the cause.
func (e *kindError) Unwrap() []error { return []error{e.kind, e.err} }

// AnomalyQuery selects anomalies. The zero value of a field other than From, To and Limit does not restrict.
type AnomalyQuery struct {
	From, To int64               // Unix ms, From <= To: those that overlap [From, To]
	MinScore float64             // those whose Score is at least this; 0 takes all
	Matchers [][]*labels.Matcher // those that match any of the selectors; "detector" is matched as a label too
	State    string              // "active" or "ended"; "" takes both
	Limit    int                 // 1 to MaxLimit
	After    *AnomalyKey         // only those that come after this one in the order
}

// AnomalyKey is an anomaly's place in the order of a list: Start descending, then ID ascending. A key need not exist (any
// more), so a page stays where it was while anomalies come and go.
type AnomalyKey struct {
	Start Time
	ID    string
}

// AnomalyPage is one page of anomalies.
type AnomalyPage struct {
	Anomalies []Anomaly
	Remaining int      // how many follow the last one; -1 if some do but their number is not known
	Infos     []string // what was left out, other than by paging: for example the time before the range that is held
}

// AlarmQuery selects alarms. The zero value of a field other than Limit does not restrict.
type AlarmQuery struct {
	Matchers [][]*labels.Matcher // those that match any of the selectors; "detector" is matched as a label too
	State    string              // OK, ALARM or INSUFFICIENT_DATA
	Detector string              // exact name
	Actions  string              // enabled or disabled: Alarm.ActionsEnabled
	Limit    int                 // 1 to MaxLimit
	AfterID  string              // only those with a greater ID
}

// AlarmPage is one page of alarms.
type AlarmPage struct {
	Alarms    []Alarm
	Remaining int      // how many follow the last one; -1 if some do but their number is not known
	Infos     []string // what was left out, other than by paging
}

// ExportedSeries is one series as /metrics shows it.
type ExportedSeries struct {
	Detector string // becomes the label "for", as vmanomaly names it
	Labels   labels.Labels
	Point    BandPoint
}

// The limits of a page.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
)
