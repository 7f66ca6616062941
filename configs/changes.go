package configs

import (
	"encoding/json"
	"slices"
	"strings"
)

// ChangeKind is what a reload means for one detector.
type ChangeKind string

// The kinds of change.
const (
	Kept          ChangeKind = "kept"           // nothing changed
	PolicyChanged ChangeKind = "policy changed" // learnt state is kept
	Relearn       ChangeKind = "relearn"        // learnt state is dropped and learnt again from history
	Added         ChangeKind = "added"
	Removed       ChangeKind = "removed"
)

// Change is what a reload means for one detector.
type Change struct {
	Detector string
	Kind     ChangeKind
	Fields   []string // what changed, for PolicyChanged and Relearn
}

// String is the change in words, for the log.
func (c Change) String() string {
	fields := strings.Join(c.Fields, ", ")
	switch c.Kind {
	case Kept:
		return c.Detector + ": unchanged"
	case PolicyChanged:
		return c.Detector + ": " + fields + " changed, learnt state kept"
	case Relearn:
		return c.Detector + ": " + fields + " changed, learns again from history"
	case Added:
		return c.Detector + ": added, learns from history"
	default:
		return c.Detector + ": removed, its alarms end"
	}
}

// Changes says what a reload from one configuration to another means, one entry per detector in alphabetical order. A nil
// configuration has no detectors.
func Changes(old, next *Config) []Change {
	before, after := byName(old), byName(next)
	names := sortedKeys(before)
	for name := range after {
		if _, ok := before[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	out := make([]Change, 0, len(names))
	for _, name := range names {
		a, inOld := before[name]
		b, inNext := after[name]
		switch {
		case !inOld:
			out = append(out, Change{Detector: name, Kind: Added})
		case !inNext:
			out = append(out, Change{Detector: name, Kind: Removed})
		default:
			out = append(out, changeOf(a, b))
		}
	}
	return out
}

func byName(c *Config) map[string]Detector {
	m := map[string]Detector{}
	if c != nil {
		for _, d := range c.Detectors {
			m[d.Name] = d
		}
	}
	return m
}

func changeOf(a, b Detector) Change {
	policy := changedFields(a.policyPart(), b.policyPart())
	switch {
	case a.ModelHash() != b.ModelHash():
		return Change{a.Name, Relearn, append(changedFields(a.modelPart(), b.modelPart()), policy...)}
	case len(policy) > 0:
		return Change{a.Name, PolicyChanged, policy}
	default:
		return Change{Detector: a.Name, Kind: Kept}
	}
}

// changedFields names the fields in which two hashed parts differ, in alphabetical order.
func changedFields(a, b any) []string {
	fa, fb := fieldsOf(a), fieldsOf(b)
	var names []string
	for _, f := range []map[string]json.RawMessage{fa, fb} {
		for name := range f { // a field may be left out where it is empty
			if string(fa[name]) != string(fb[name]) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func fieldsOf(part any) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	if err := json.Unmarshal(canonicalJSON(part), &m); err != nil {
		panic("configs: " + err.Error()) // it was written by canonicalJSON
	}
	return m
}
