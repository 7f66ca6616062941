package quality

// Reason names a fault of the data.
type Reason uint8

// The reasons, in the order in which one is chosen where several hold for a series.
const (
	None        Reason = iota
	Resets             // counters behind the values fall again and again
	UnitJump           // values times or divided by what a change of unit is
	OutOfRange         // values outside the declared range
	Schema             // a label has gone or is new
	Duplicate          // the same series twice, told apart by a replica's label
	TimeShift          // the daily pattern of hours ago, or of hours to come
	Constant           // several series frozen at the same moment, where they always moved
	Cardinality        // many times as many series as usual
	Stale              // nothing comes any more
	Gaps               // every now and then nothing comes
	Late               // samples that came after their time was decided
	NumReasons         // the number of reasons, None included
)

var reasonNames = [NumReasons]string{
	"none", "counter_resets", "unit_jump", "out_of_range", "schema", "duplicate", "time_shift", "constant", "cardinality", "stale", "gaps", "late",
}

// String is the reason's name in the API, in metrics, labels and messages.
func (r Reason) String() string {
	if r < NumReasons {
		return reasonNames[r]
	}
	return "unknown"
}

// Reasons are all of them but None.
func Reasons() []Reason {
	out := make([]Reason, 0, NumReasons-1)
	for r := None + 1; r < NumReasons; r++ {
		out = append(out, r)
	}
	return out
}
