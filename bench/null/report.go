package null

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/bench/measure"
)

// All is the name of the row of a table that holds all families.
const All = "all"

// Report is what a run measured; its JSON keys are stable.
type Report struct {
	Commit   string          `json:"commit"`
	Seed     uint64          `json:"seed"`
	History  int             `json:"history_days"`  // before what is measured
	Days     int             `json:"measured_days"` // of every series
	Series   int             `json:"series_per_detector"`
	Points   int             `json:"points"` // measured, in all
	Settings []SettingReport `json:"settings"`
	Delays   []DelayReport   `json:"delays"`
}

// SettingReport is what one setting did.
type SettingReport struct {
	StepSeconds float64        `json:"step_seconds"`
	Promise     string         `json:"promise"`
	Alarm       string         `json:"alarm"`
	Families    []FamilyReport `json:"families"` // the last is All
}

// FamilyReport is promised against observed over one family, or over all.
type FamilyReport struct {
	Name      string               `json:"name"`
	Detectors int                  `json:"detectors"`
	Series    int                  `json:"series"`
	Points    int                  `json:"points"`
	P         [len(nominals)]PRate `json:"p"`            // of single points, before policy
	Alarms    Rate                 `json:"alarms"`       // as the promise counts them: of a whole detector those within an hour are one
	Onsets    int                  `json:"onsets"`       // all of them
	Once      int                  `json:"once"`         // of those, decided by a single point
	AlarmBy   []ChannelCount       `json:"onsets_by"`    // by the channel of the first point
	OverBy    []ChannelCount       `json:"over_1e-3_by"` // points of probability 1e-3, by channel
	Limits    [2]measure.Number    `json:"limit"`        // median at the end, in decades: of several points and of single ones
}

// PRate is the rate of points of at most a nominal probability.
type PRate struct {
	Nominal float64 `json:"nominal"`
	Rate
}

// ChannelCount is how often a channel decided.
type ChannelCount struct {
	Channel string `json:"channel"`
	Count   int    `json:"count"`
}

// counted are the channels that decided, the most frequent first.
func counted(by byChannel) []ChannelCount {
	out := []ChannelCount{}
	for c, n := range by {
		if n > 0 {
			out = append(out, ChannelCount{tidewatch.Channel(c).String(), n})
		}
	}
	slices.SortStableFunc(out, func(x, y ChannelCount) int { return cmp.Compare(y.Count, x.Count) })
	return out
}

// JSON writes the report as indented JSON.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
