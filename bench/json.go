package bench

import (
	"encoding/json"
	"io"
)

// JSON writes the report as indented JSON; docs/bench.md lists its keys.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
