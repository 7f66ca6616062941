package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/models"
)

// ModelHash names what must be equal for learnt state to be kept across a reload: the samples that the models see (source,
// expression, step, history) and their own configuration. Exclude is not part of it: a range that is added later is not
// unlearnt.
func (d Detector) ModelHash() string { return hash(d.modelPart()) }

// PolicyHash names everything else: what becomes an alarm of the scores, and what is told about it.
func (d Detector) PolicyHash() string { return hash(d.policyPart()) }

// modelPart is what ModelHash is taken over; the JSON names are the configuration's fields.
type modelPart struct {
	Source         string        `json:"source"`
	ExternalLabels string        `json:"external_labels"`
	Expr           string        `json:"expr"`
	Step           time.Duration `json:"step"`
	History        time.Duration `json:"history"`
	Model          string        `json:"model"`
	Seasonality    string        `json:"seasonality"`
	Timezone       string        `json:"timezone"`
	AcceptAfter    time.Duration `json:"accept_after"`
	Range          [2]string     `json:"range"`
	Join           string        `json:"join,omitempty"`
	Agg            Agg           `json:"agg,omitempty"`
	Transform      string        `json:"transform,omitempty"`
	Forest         bool          `json:"forest,omitempty"`
	Shapes         bool          `json:"shapes,omitempty"`
}

func (d Detector) modelPart() modelPart {
	return modelPart{
		Source: d.Source, ExternalLabels: d.input, Expr: canonicalExpr(d.Expr), Step: d.Step, History: d.History, Model: d.Model,
		Seasonality: seasonsText(d.Seasons), Timezone: d.Location.String(), AcceptAfter: d.AcceptAfter,
		Range: [2]string{number(d.Range[0]), number(d.Range[1])}, Join: joinText(d.Join), Agg: d.Agg, Transform: transformText(d.Transform), Forest: d.OwnForest, Shapes: d.Shapes,
	}
}

// policyPart is what PolicyHash is taken over.
type policyPart struct {
	Expect          string            `json:"expect"`
	ExpectPerSeries string            `json:"expect_per_series"`
	FDR             float64           `json:"fdr,omitempty"`
	Band            float64           `json:"band"`
	Direction       string            `json:"direction"`
	MinDeviation    string            `json:"min_deviation"`
	Exclude         string            `json:"exclude"`
	Alarm           string            `json:"alarm"`
	For             time.Duration     `json:"for"`
	KeepFiringFor   time.Duration     `json:"keep_firing_for"`
	Churn           string            `json:"churn_labels,omitempty"`
	MaxSeries       int               `json:"max_series"`
	Delay           time.Duration     `json:"delay"`
	Labels          map[string]string `json:"labels"`
	Annotations     map[string]string `json:"annotations"`
	Unit            string            `json:"unit"`
	Notify          bool              `json:"notify"`
	Data            string            `json:"data,omitempty"`
}

func (d Detector) policyPart() policyPart {
	return policyPart{
		Expect: d.Expect.String(), ExpectPerSeries: d.ExpectPerSeries.String(), FDR: d.FDR, Band: d.Band, Direction: d.Direction.String(),
		MinDeviation: d.MinDeviation.String(), Exclude: d.Exclude.String(),
		Alarm: alarmText(d.Alarm), For: d.Alarm.For, KeepFiringFor: d.Alarm.KeepFiringFor,
		Churn: churnText(d.Churn), MaxSeries: d.MaxSeries, Delay: d.Delay, Labels: d.Labels, Annotations: d.Annotations, Unit: d.Unit, Notify: d.Notify,
		Data: dataText(d),
	}
}

// alarmText says of hysteresis and of what an incident's end takes only where they are not the defaults.
func alarmText(p alerting.Policy) string {
	text := fmt.Sprintf("%d/%d/%d/%t", p.Datapoints, p.Of, p.Missing, p.AtOnce)
	if p.Recovery != 1 {
		text += "/recovery " + number(p.Recovery)
	}
	if p.Resolve != p.Of {
		text += fmt.Sprintf("/resolve %d", p.Resolve)
	}
	return text
}

// dataText is empty where nothing is declared, so that other detectors' hashes do not depend on it.
func dataText(d Detector) string {
	if d.DataQuality && d.ExpectInterval == 0 && d.MaxGap == 0 && len(d.RequireLabels) == 0 {
		return ""
	}
	return fmt.Sprintf("%t %s %s %q", d.DataQuality, d.ExpectInterval, d.MaxGap, slices.Sorted(slices.Values(d.RequireLabels)))
}

// hash is 128 bits of SHA-256 over the JSON form.
func hash(part any) string {
	sum := sha256.Sum256(canonicalJSON(part))
	return hex.EncodeToString(sum[:16])
}

// canonicalJSON is the JSON of a part: its fields in order, maps sorted.
func canonicalJSON(part any) []byte {
	b, err := json.Marshal(part)
	if err != nil {
		panic("configs: " + err.Error()) // the parts hold strings, integers and finite numbers only
	}
	return b
}

// canonicalExpr is the expression without comments and with one way of spacing.
func canonicalExpr(expr string) string {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return expr
	}
	return e.String()
}

// seasonsText keeps "auto" (nil) and "none" (empty) apart; the order of a list says nothing.
func seasonsText(ss []time.Duration) string {
	if ss == nil {
		return "auto"
	}
	return fmt.Sprint(slices.Sorted(slices.Values(ss)))
}

// churnText is empty for what is found automatically.
func churnText(names []string) string {
	if names == nil {
		return ""
	}
	return fmt.Sprintf("%q", slices.Sorted(slices.Values(names)))
}

// transformText is empty for the series' own unit, so that other detectors' hashes do not depend on it.
func transformText(t models.Transform) string {
	if t == models.Identity {
		return ""
	}
	return transformNames[t]
}

// joinText is empty where nothing is joined, so that other detectors' hashes do not depend on it.
func joinText(by []string) string {
	if by == nil {
		return ""
	}
	return fmt.Sprintf("by %q", slices.Sorted(slices.Values(by)))
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// inputOf is the part of a source that decides which samples an expression sees: its external labels. Its URL does not, so
// that a failover to a replica relearns nothing.
func (b *builder) inputOf(source string) string {
	s, _ := b.cfg.Source(source)
	return fmt.Sprint(s.ExternalLabels) // fmt sorts maps
}
