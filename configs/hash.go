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
)

// ModelHash names what must be equal for learnt state to be kept across a reload: the samples that the models see (source,
// expression, step, history) and their own configuration. Exclude is not part of it: a range that is added later is not unlearnt.
func (d Detector) ModelHash() string {
	return hash(modelPart{
		Input: d.input, Source: d.Source, Expr: canonicalExpr(d.Expr), Step: d.Step, History: d.History,
		Model: d.Model, Seasons: seasonsText(d.Seasons), Location: d.Location.String(), AcceptAfter: d.AcceptAfter,
		Range: [2]string{number(d.Range[0]), number(d.Range[1])},
	})
}

type modelPart struct {
	Input, Source, Expr string
	Step, History       time.Duration
	Model, Seasons      string
	Location            string
	AcceptAfter         time.Duration
	Range               [2]string
}

// PolicyHash names everything else: what becomes an alarm of the scores, and what is told about it.
func (d Detector) PolicyHash() string {
	return hash(policyPart{
		Expect: d.Expect, ExpectPerSeries: d.ExpectPerSeries, Band: d.Band, Direction: d.Direction, MinDeviation: d.MinDeviation,
		Alarm: fmt.Sprintf("%+v", d.Alarm), Exclude: d.Exclude.String(), MaxSeries: d.MaxSeries, Delay: d.Delay, Labels: d.Labels,
		Annotations: d.Annotations, Unit: d.Unit, Notify: d.Notify,
	})
}

type policyPart struct {
	Expect, ExpectPerSeries Rate
	Band                    float64
	Direction               Direction
	MinDeviation            MinDeviation
	Alarm, Exclude          string
	MaxSeries               int
	Delay                   time.Duration
	Labels, Annotations     map[string]string
	Unit                    string
	Notify                  bool
}

// hash is 128 bits of SHA-256 over the JSON form, whose maps are sorted.
func hash(part any) string {
	b, err := json.Marshal(part)
	if err != nil {
		panic("configs: " + err.Error()) // only strings, integers and finite numbers
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// canonicalExpr is the expression without comments and with one way of spacing.
func canonicalExpr(expr string) string {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return expr
	}
	return e.String()
}

func seasonsText(ss []time.Duration) string {
	if ss == nil {
		return "auto"
	}
	sorted := slices.Sorted(slices.Values(ss))
	return fmt.Sprint(sorted)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// inputOf is the part of a source that decides which samples an expression sees: its external labels. Its URL does not, so
// that a failover to a replica relearns nothing.
func (b *builder) inputOf(source string) string {
	s, _ := b.cfg.Source(source)
	return fmt.Sprint(s.ExternalLabels) // fmt sorts maps
}
