package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/tidewatch/tidewatch/bench/measure"
)

// Headline is the part of a report that must not become worse: the product's own figures.
type Headline struct {
	DataHash string   `json:"data_hash"`
	Figures  []Figure `json:"figures"`
}

// Figure is one of them. A later value is worse where it is more than Noise below (where Lower is better: above) Value.
type Figure struct {
	Corpus string  `json:"corpus"`
	Key    string  `json:"key"` // as in the report
	Value  float64 `json:"value"`
	Noise  float64 `json:"noise"`
	Lower  bool    `json:"lower_is_better,omitempty"`
}

// The noise that is allowed. On one machine the figures are exact: this is what a change of the code that aims at something else may
// cost. An event more or less is always allowed.
const (
	shareNoise = 0.01 // of figures from 0 to 1
	falseNoise = 0.05 // false stretches per series-week
	nabNoise   = 1.0  // NAB's points
)

// Headline takes the product's own figures out of a report.
func (r *Report) Headline() Headline {
	h := Headline{DataHash: r.DataHash, Figures: []Figure{}}
	for i := range r.Corpora {
		c := &r.Corpora[i]
		for k := range c.Detectors {
			if d := &c.Detectors[k]; d.Name == Ours {
				h.Figures = append(h.Figures, c.figures(d)...)
			}
		}
	}
	return h
}

func (c *CorpusReport) figures(d *DetectorReport) []Figure {
	var out []Figure
	add := func(key string, v measure.Number, noise float64, lower bool) {
		if v.Exists() {
			out = append(out, Figure{Corpus: c.Name, Key: key, Value: round(float64(v)), Noise: round(noise), Lower: lower})
		}
	}
	share := max(shareNoise, 1/float64(max(d.Events, 1)))
	add("ap", d.AP, shareNoise, false)
	add("f1", d.F1, share, false)
	add("recall_at.0.5", d.RecallAt.Half, share, false)
	add("vus_pr", d.VUSPR, shareNoise, false)
	add("false_per_series_week", d.FalsePerSeriesWeek, falseNoise, true)
	if d.NABResult != nil {
		for _, p := range measure.NABProfiles() {
			add("nab."+p.Name, d.Score[p.Name], nabNoise, false)
		}
	}
	return out
}

// round keeps five digits behind the point.
func round(v float64) float64 { return math.Round(v*1e5) / 1e5 }

// JSON writes the headline, a figure a line.
func (h Headline) JSON(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "{\n  \"data_hash\": %q,\n  \"figures\": [", h.DataHash)
	for i, f := range h.Figures {
		line, err := json.Marshal(f)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s\n    %s", strings.Repeat(",", min(i, 1)), line)
	}
	b.WriteString("\n  ]\n}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// ReadHeadline reads what JSON has written.
func ReadHeadline(r io.Reader) (h Headline, err error) {
	if err := json.NewDecoder(r).Decode(&h); err != nil {
		return h, fmt.Errorf("reading headline figures: %w", err)
	}
	return h, nil
}

// Check compares a later run with the headline: it lists, in words, every figure that has become worse by more than its noise, or is
// not there any more. It is an error when the data differ.
func (h Headline) Check(r *Report) (worse []string, compared int, err error) {
	now := r.Headline()
	if now.DataHash != h.DataHash {
		return nil, 0, fmt.Errorf("the headline figures are of data %s, these are of %s: measure the same corpora", h.DataHash, now.DataHash)
	}
	for _, f := range h.Figures {
		v, ok := now.value(f.Corpus, f.Key)
		lost := f.Value - v
		if f.Lower {
			lost = -lost
		}
		switch {
		case !ok:
			worse = append(worse, fmt.Sprintf("%s: %s is not there any more, it was %g", f.Corpus, f.Key, f.Value))
		case lost > f.Noise:
			worse = append(worse, fmt.Sprintf("%s: %s is %g, it was %g: worse by %.3g, more than %g", f.Corpus, f.Key, v, f.Value, lost, f.Noise))
		}
	}
	return worse, len(h.Figures), nil
}

func (h Headline) value(corpus, key string) (float64, bool) {
	for _, f := range h.Figures {
		if f.Corpus == corpus && f.Key == key {
			return f.Value, true
		}
	}
	return 0, false
}
