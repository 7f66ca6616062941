package alerting

import (
	"fmt"
	"math"
	"strings"

	"github.com/tidewatch/tidewatch"
)

// maxWhyTerms is how many terms of an expectation are spelt out, the first ones; the others are added up as "other".
const maxWhyTerms = 5

// why is "Expected 0.4 % = level 0.5 % − Tuesday 03:00 0.1 %. History 15 d.", as far as it is known.
func why(f Facts) string {
	var parts []string
	joint := len(f.Explanation.Terms) == 0 && len(f.Explanation.Features) > 0 // its expectation is always 0
	if mid := expectation(f); f.Score.Ready && isFinite(mid) && !joint {
		parts = append(parts, "Expected "+FormatValue(mid, f.Unit)+termList(worthSaying(f.Explanation.Terms, mid), f.Unit)+".")
	}
	if len(f.Explanation.Features) > 0 && f.Score.Channel == tidewatch.ChannelIsolation {
		parts = append(parts, "Unlike before: "+featureList(f.Explanation.Features)+".")
	}
	if h := f.Explanation.History; h > 0 {
		history := "History " + FormatSpan(h)
		if f.Inherited != "" {
			history += ", inherited from " + f.Inherited
		}
		parts = append(parts, history+".")
	}
	return strings.Join(parts, " ")
}

// expectation is the one that the terms explain, which is that of the alarm's beginning; without terms that of the newest
// breaching point.
func expectation(f Facts) float64 {
	if len(f.Explanation.Terms) == 0 {
		return f.Score.Mid
	}
	sum := 0.0
	for _, t := range f.Explanation.Terms {
		sum += t.Value
	}
	return sum
}

// smallTerm is the share of the largest term below which a term is not worth a word.
const smallTerm = 0.005

// worthSaying adds terms too small to matter to the first, so that those that remain still have the expectation as their sum.
func worthSaying(terms []tidewatch.Term, mid float64) []tidewatch.Term {
	largest := math.Abs(mid)
	for _, t := range terms {
		largest = max(largest, math.Abs(t.Value))
	}
	var out []tidewatch.Term
	for i, t := range terms {
		if i > 0 && math.Abs(t.Value) < smallTerm*largest {
			out[0].Value += t.Value
			continue
		}
		out = append(out, t)
	}
	return out
}

// termList is " = level 0.5 % − Tuesday 03:00 0.1 %".
func termList(terms []tidewatch.Term, unit string) string {
	if len(terms) == 0 {
		return ""
	}
	if len(terms) > maxWhyTerms {
		rest := 0.0
		for _, t := range terms[maxWhyTerms:] {
			rest += t.Value
		}
		terms = append(terms[:maxWhyTerms:maxWhyTerms], tidewatch.Term{Name: "other", Value: rest})
	}
	var b strings.Builder
	b.WriteString(" =")
	for i, t := range terms {
		switch {
		case t.Value < 0:
			b.WriteString(" −")
		case i > 0:
			b.WriteString(" +")
		}
		fmt.Fprintf(&b, " %s %s", t.Name, FormatValue(math.Abs(t.Value), unit))
	}
	return b.String()
}

// featureList is "slope 2.1, spread 0.4" of the largest features.
func featureList(features []tidewatch.Term) string {
	var parts []string
	for i, t := range features {
		if i == maxWhyTerms {
			parts = append(parts, fmt.Sprintf("and %d more", len(features)-i))
			break
		}
		parts = append(parts, t.Name+" "+FormatValue(t.Value, ""))
	}
	return strings.Join(parts, ", ")
}
