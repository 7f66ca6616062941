package bench

import (
	"github.com/tidewatch/tidewatch/bench/measure"
)

// Report is what a run found. Its JSON keys are stable; docs/bench.md says what each one means.
type Report struct {
	Commit     string         `json:"commit"`
	ConfigHash string         `json:"config_hash"` // of the one configuration that every detector had
	DataHash   string         `json:"data_hash"`   // of all series of all corpora that were measured
	Machine    string         `json:"machine"`
	Corpora    []CorpusReport `json:"corpora"`
}

// CorpusReport is what was found on one corpus.
type CorpusReport struct {
	Name       string           `json:"name"`
	DataHash   string           `json:"data_hash"`
	Series     int              `json:"series"`   // files: a file of several channels is one series
	Channels   int              `json:"channels"` // most channels of a file
	Points     int              `json:"points"`   // grid points with a value, in training too
	Events     int              `json:"events"`   // labelled events in the measured parts
	BadRows    int              `json:"bad_rows"` // left out
	OutOfOrder int              `json:"out_of_order"`
	Duplicates int              `json:"duplicates"` // rows with the time of another
	Merged     int              `json:"merged"`     // rows whose grid point has a later sample
	Problems   []string         `json:"problems"`   // files that were left out, and the first bad rows of each
	Detectors  []DetectorReport `json:"detectors"`
}

// DetectorReport is what one detector did on one corpus. The keys of what is embedded stand beside its own.
type DetectorReport struct {
	Name     string `json:"name"`
	Baseline bool   `json:"baseline"`
	measure.Result
	*measure.NABResult              // nil unless the corpus has NAB's layout
	*Cost                           // nil where it was not measured
	Digest             string       `json:"digest"`          // of the bits of all scores and the states of all alarms
	Files              []FileReport `json:"files,omitempty"` // of the first detector, where asked for
}

// FileReport is what a detector did on one file.
type FileReport struct {
	Name string `json:"name"`
	measure.Result
}
