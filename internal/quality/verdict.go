package quality

// Verdict is a fault of a detector's data while it lasts.
type Verdict struct {
	Reason Reason
	Since  int64 // grid time, Unix milliseconds
	Series int   // how many series have it now; 0 where it is the detector's as a whole
	Of     int   // how many series were alive when it began
	Text   string
	Told   bool // see Monitor.Tell

	calm int // columns without the fault
}

// Change is a verdict that begins or, where Over, has ended at grid time T (Unix milliseconds).
type Change struct {
	Verdict
	T    int64
	Over bool
}

// Withholds reports whether the verdict keeps values from being judged and learnt. The others only report.
func (r Reason) Withholds() bool { return r != None && r < Stale }
