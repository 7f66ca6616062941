package measure

import (
	"encoding/json"
	"fmt"
	"math"
)

// Number is a figure that may not exist: NaN, which is written as null in JSON and read back from it.
type Number float64

// None is the Number that does not exist.
func None() Number { return Number(math.NaN()) }

// Exists is whether there is such a figure.
func (n Number) Exists() bool { return !math.IsNaN(float64(n)) }

// MarshalJSON writes the number, or null where it does not exist or is not finite.
func (n Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads a number; null is one that does not exist.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = None()
		return nil
	}
	var v float64
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("reading a figure: %w", err)
	}
	*n = Number(v)
	return nil
}

// ratio is a/b, or none where b is 0.
func ratio(a, b float64) Number {
	if b == 0 {
		return None()
	}
	return Number(a / b)
}
