package store

import (
	"encoding/json"

	"github.com/prometheus/prometheus/model/labels"
)

// TransitionRow is one change of an alarm's state as it is remembered. Times are Unix milliseconds. A NaN Score is kept.
type TransitionRow struct {
	ID                           string // the decision's id; inserting it twice changes nothing
	AlarmID, Detector            string
	SeriesID                     uint64
	Labels                       labels.Labels
	T, DecidedAt                 int64 // grid time of the newest point; scheduled evaluation time
	From, To, Rule, Note, Reason string
	Score                        float64
	Data                         json.RawMessage // what else explain needs; nil is allowed
}

// AnomalyRow is one episode of a series outside of what was expected. Writing an ID again replaces the row, so an open
// episode (EndsAt 0) is updated as it evolves. Figures may be NaN.
type AnomalyRow struct {
	ID                       string
	Detector                 string
	SeriesID                 uint64
	Labels                   labels.Labels
	StartsAt, EndsAt         int64   // Unix milliseconds; EndsAt is 0 while open
	Peak                     float64 // highest anomaly_score so far
	PeakT                    int64
	Value, Mid, Lower, Upper float64 // at PeakT
	Surprise                 float64 // of the newest breaching point, in decades, before policy
	Channel, State           string
	Points                   int  // that breached
	Alarmed                  bool // it brought the alarm into ALARM
}

// EventRow is something that happened beside the watched series. Times are Unix milliseconds.
type EventRow struct {
	ID               string // of its content; inserting it twice changes nothing
	T, KnownAt       int64  // when it happened, and when that became known
	Kind, Text, Mark string
	Labels           labels.Labels
	Origin           string
}

// EventQuery selects events with From <= T <= To, newest first. A zero field does not restrict; To 0 is the end of time.
type EventQuery struct {
	From, To  int64
	Kind      string
	Selectors []Selector
	Limit     int
	Cursor    string
}

// NoticeRow is one version of a message on its way to one integration. Package outbox encodes the notice into Payload.
// Versions of one (Integration, Key) are queued in ascending order of At; one that is neither higher nor later than the newest is
// taken for a repetition and ignored, and one that is only later is queued under the next number.
type NoticeRow struct {
	Integration string
	Key         string
	Version     int
	HasReply    bool  // carries a thread reply, so a later version must not replace it
	At          int64 // decided at, Unix milliseconds
	Payload     []byte
}

// ControlRow is one thing that a person asked for. The rows are what is left of silences and feedback when a snapshot cannot be
// read, and who did what.
type ControlRow struct {
	ID, Kind, Actor string // inserting an ID twice changes nothing
	At, Until       int64  // when it took effect, and from when on it does not matter any more; Unix milliseconds
	Data            json.RawMessage
}

// Batch is written by Commit in one transaction: all of it or nothing.
type Batch struct {
	Transitions []TransitionRow   // inserted once by ID
	Anomalies   []AnomalyRow      // inserted or replaced by ID
	Events      []EventRow        // inserted once by ID
	Notices     []NoticeRow       // queued; package outbox's Rows makes them
	Controls    []ControlRow      // inserted once by ID
	Meta        map[string]string // key/values set together with the rest, for example the journal position applied
}

// Empty reports whether there is nothing to write.
func (b Batch) Empty() bool {
	return len(b.Transitions)+len(b.Anomalies)+len(b.Events)+len(b.Notices)+len(b.Controls)+len(b.Meta) == 0
}

// Selector is a conjunction of matchers, as one match[] parameter is; a row matches a list of selectors if it matches any of
// them or the list is empty.
type Selector = []*labels.Matcher

// AnomalyQuery selects episodes that overlap [From, To], newest first. A zero field does not restrict; To 0 is the end of time.
type AnomalyQuery struct {
	From, To  int64
	MinScore  float64 // rows whose Peak is at least this; 0 keeps NaN peaks too
	State     string
	Detector  string
	SeriesID  uint64
	Selectors []Selector
	Limit     int    // rows per page; 0 means DefaultLimit
	Cursor    string // the nextCursor of the page before
}

// TransitionQuery selects transitions with From <= T <= To, newest first. A zero field does not restrict.
type TransitionQuery struct {
	From, To  int64
	AlarmID   string
	Detector  string
	SeriesID  uint64
	Selectors []Selector
	Limit     int
	Cursor    string
}

// DefaultLimit is the page length of a query that sets none.
const DefaultLimit = 1000
