package quality

import (
	"fmt"
	"math"
)

// outsideText says which value is outside of what range.
func outsideText(mb *Member, e *Expect) string {
	var valid string
	switch {
	case math.IsInf(e.Max, 1):
		valid = fmt.Sprintf("at least %g", e.Min)
	case math.IsInf(e.Min, -1):
		valid = fmt.Sprintf("at most %g", e.Max)
	default:
		valid = fmt.Sprintf("%g to %g", e.Min, e.Max)
	}
	return fmt.Sprintf("%s is %.4g; the range is %s", mb.Series.Labels, mb.X, valid)
}
