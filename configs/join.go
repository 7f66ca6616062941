package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tidewatch/tidewatch/models"
)

// channelLabel tells the series of joined expressions apart.
const channelLabel = "channel"

// notJoined are the fields that say something of one series' values, of which a group has several.
var notJoined = []string{"transform", "forest", "shapes", "direction", "min_deviation", "band", "range"}

// joined sets the model and what is joined, and checks that the two go together.
func joined(s scope, raw rawDetector, d *Detector) {
	if !s.has("join") {
		d.Model = cmp.Or(d.Model, defaultModel)
		if isJoint(d.Model) {
			s.at("model").wrong(d.Model+" judges several series as one, and join is not set", "join: {by: [job]}")
		}
		return
	}
	d.Model = cmp.Or(d.Model, "joint")
	if !isJoint(d.Model) {
		s.at("model").wrong(d.Model+" judges each series for itself, and join is set", "joint for series that belong together, peer for replicas")
	}
	if d.Model == "peer" && len(raw.Join.Exprs) > 0 {
		s.at("join").at("exprs").wrong("replicas are compared in one quantity, and there are several expressions", "a detector for each")
	}
	for _, name := range notJoined {
		if s.written(name) {
			s.at(name).wrong("says something of one series, and join makes one of several", "leave it out")
		}
	}
	j := s.at("join")
	d.Join = append([]string{}, raw.Join.By...)
	for i, name := range raw.Join.By {
		at := j.at("by").index(i)
		checkLabelName(at, name)
		if slices.Contains(raw.Join.By[:i], name) {
			at.wrong(fmt.Sprintf("%q is there twice", name), "")
		}
	}
	_, bad := parseExpr(raw.Expr)
	for i, e := range raw.Join.Exprs {
		checkExpr(j.at("exprs").index(i), e)
		if _, b := parseExpr(e); b != nil {
			bad = b
		}
	}
	if len(raw.Join.Exprs) > 0 && bad == nil { // what is wrong is told of the expression itself
		exprs := []string{d.Expr}
		for _, e := range raw.Join.Exprs {
			exprs = append(exprs, aggregate(s.at("agg"), e, d.Agg, d.Step))
		}
		d.Expr = unionOf(exprs)
	}
}

func isJoint(kind string) bool {
	spec, err := models.Lookup(kind)
	return err == nil && spec.Joint
}

// unionOf is one expression that returns the series of all, each with the label channel.
func unionOf(exprs []string) string {
	parts := make([]string, len(exprs))
	for i, e := range exprs {
		name := canonicalExpr(e)
		parts[i] = fmt.Sprintf("label_replace(%s, %q, %q, \"\", \"\")", name, channelLabel, strings.ReplaceAll(name, "$", "$$"))
	}
	return strings.Join(parts, " or ")
}

// joinLabels: a label that no series has groups nothing.
func (l *linter) joinLabels() {
	out := outputLabels(l.expr)
	for _, name := range l.d.Join {
		if !out.mayHave(name) {
			l.add(LevelError, "join-label", l.expr, "join asks for the label "+name+", which no series of the result has", "keep it in by (…), or join by another")
		}
	}
}
