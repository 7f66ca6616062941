package configs

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/prometheus/common/model"
)

const maxName = 100 // characters; Slack's button values and file names hold it with room to spare

var validName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_:.@/-]*$`)

// checkName checks the name of a source, detector or receiver and that it is the first of its kind.
func checkName(s scope, kind, name string, seen map[string]bool) {
	at := s.at("name")
	switch {
	case name == "":
		at.wrong("is empty", "")
		return
	case len(name) > maxName:
		at.wrong(fmt.Sprintf("has %d characters", len(name)), fmt.Sprintf("at most %d", maxName))
	case !validName.MatchString(name):
		at.wrong(fmt.Sprintf("%q is not a name", name), "letters, digits and _ : . @ / - after a letter or _")
	case seen[name]:
		at.wrong(fmt.Sprintf("there is another %s %q", kind, name), "names are unique")
	}
	seen[name] = true
}

// checkLabels checks configured labels; reserved are names that Tidewatch sets itself.
func checkLabels(s scope, ls map[string]string, reserved ...string) {
	for _, name := range slices.Sorted(maps.Keys(ls)) {
		at := s.at(name)
		checkLabelName(at, name)
		if slices.Contains(reserved, name) {
			at.wrong("is set by Tidewatch", "choose another label")
		}
		if !model.LabelValue(ls[name]).IsValid() {
			at.wrong("the value is not UTF-8", "")
		}
	}
}

func checkLabelName(s scope, name string) {
	switch {
	case !model.UTF8Validation.IsValidLabelName(name):
		s.wrong(fmt.Sprintf("%q is not a label name", name), "")
	case len(name) > 1 && name[:2] == "__":
		s.wrong(fmt.Sprintf("%q is reserved", name), "names that begin with __ are Prometheus's own")
	}
}

// checkRef checks that a name refers to something that exists.
func checkRef(s scope, kind, name string, known []string) {
	if !slices.Contains(known, name) {
		s.wrong(fmt.Sprintf("there is no %s %q", kind, name), didYouMean(name, known))
	}
}
