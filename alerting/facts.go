package alerting

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// Facts is all that is known about one alarm at one moment; View puts it into words.
type Facts struct {
	ID       string // AlarmID
	Detector string
	SeriesID uint64
	// Labels are the series' own; Extra the detector's configured labels. Annotations are Go templates over
	// .Labels, .Value, .Expected, .Lower, .Upper, .Score (and $labels, $value as in Prometheus).
	Labels      labels.Labels
	Hidden      int // how many more the series has that must not leave
	Extra       map[string]string
	Annotations map[string]string
	Expr        string
	Unit        string // "" infers it from the detector's name and expr
	Location    *time.Location
	Step        time.Duration

	Transition Transition // the newest one
	State      State
	StartsAt   int64 // grid time at which the breach began
	EndsAt     int64 // 0 while firing
	Policy     Policy

	Now          tidewatch.Point   // the newest point
	Peak         float64           // value farthest from its expectation since StartsAt
	Breaching    []tidewatch.Point // the points that counted, oldest first
	Score        tidewatch.Score   // of the newest breaching point
	AnomalyScore float64
	Band         tidewatch.Band
	Explanation  tidewatch.Explanation
	Inherited    string         // what the series that the baseline was taken over from is told apart by, for example `pod="web-1"`; "": it is its own
	Promise      string         // for example "≤ 1 false alarm/30 d" or "band 3, promises nothing"
	Note         string         // for example "REGIME_ACCEPTED", "stopped reporting"
	Nearby       []ContextEvent // what may explain the breach, the closest first
	Chart        *Chart

	Composite string // the rule of a composite alarm; "" for any other
	Verdict   string // of a composite alarm: why it is in its state

	Held        Decision // why an alarm is still in ALARM that is held there by points that have not recovered; zero where it is not
	DataStopped bool     // Signal.Stopped
	Owes        int      // Alarm.Owes

	Set *StateSet // who set the state; nil where nobody did
}

// Signal is one transition on its way to the dispatcher.
type Signal struct {
	At         int64 // when it was decided: the scheduled evaluation time (grid time + delay), Unix milliseconds
	ID         string
	Detector   string
	SeriesID   uint64
	Labels     labels.Labels // the series' labels, the detector's labels and alertname: what routes and groups
	Transition Transition
	Score      float64      // anomaly score at the transition; orders the alarms of a storm, the most severe first
	Note       string       // why an alarm ended otherwise than by OK points: REGIME_ACCEPTED, STOPPED_REPORTING
	Historical bool         // found at first start or while catching up: belongs to a summary, never to a page
	Muted      bool         // notify: false
	Cause      *SharedCause `json:",omitempty"` // what the alarm has in common with others that fire; nil: nothing known
	// Frequency is, by name of a label, the share of the series of a detector that have the same value, on average over all detectors;
	// nil: not known, and the alarm joins no other by its time and its labels.
	Frequency map[string]float64 `json:",omitempty"`
	// Stopped says that an incident stays open whatever the state: Alarm.Stopped.
	Stopped bool `json:",omitempty"`
	// Data says that the state has not changed, only Stopped or what the state rests on; such a signal opens nothing.
	Data bool `json:",omitempty"`
}
