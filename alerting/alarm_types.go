package alerting

import (
	"fmt"
	"time"
)

// State is an alarm's state, with CloudWatch's names.
type State uint8

// The states. A new alarm is InsufficientData.
const (
	InsufficientData State = iota
	OK
	Alarming
)

var stateNames = [...]string{"INSUFFICIENT_DATA", "OK", "ALARM"}

// String is CloudWatch's name of the state.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// Breach is what one grid point means to an alarm.
type Breach uint8

// The outcomes of a point.
const (
	Missing   Breach = iota // no sample
	Fine                    // within what was expected
	Breaching               // outside
	Decisive                // so far outside that under Policy.AtOnce this point decides alone; otherwise as Breaching
	Near                    // within, but not recovered: in ALARM it counts as Breaching, else as Fine
)

// Treatment is CloudWatch's TreatMissingData.
type Treatment uint8

// The four treatments; Ignore is Tidewatch's default.
const (
	Ignore Treatment = iota
	MissingMissing
	MissingBreaching
	MissingNotBreaching
)

// Policy is how points become a state: M (Datapoints) of N (Of) breaching within the evaluation range.
type Policy struct {
	Datapoints, Of int  // 1 <= Datapoints <= Of <= 60
	AtOnce         bool // a Decisive point among the newest Of alarms whatever the others are
	Missing        Treatment
	For            time.Duration // M of N must have held for this long before ALARM
	KeepFiringFor  time.Duration // ALARM stays for this long after M of N has ceased to hold
	// Recovery is the anomaly score above which a point that does not breach is Near; 0 and 1 are the score of breaching itself, so that
	// there are none. Whoever judges the points compares; an Alarm takes the outcome.
	Recovery float64
	// Resolve is how many real points an OK must rest on before an incident may end; 0: the state alone counts.
	Resolve int
}

// Rule names the row of the decision table that decided a transition; explain and the API print it.
type Rule string

// Transition is a change of an alarm's state.
type Transition struct {
	T        int64 // the grid time of the newest point that it was decided on, Unix milliseconds
	From, To State
	Rule     Rule
	Since    int64 // grid time of the oldest breaching point that counted; 0 if none
	Breaches int   // breaching points among the evaluated ones
	Of       int   // evaluated points
	Missing  int   // evaluated points that were missing and filled by the treatment
}
