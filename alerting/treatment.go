package alerting

import "fmt"

var treatmentNames = [...]string{"ignore", "missing", "breaching", "notBreaching"}

const treatmentList = "missing, ignore, breaching, notBreaching"

// String is CloudWatch's name of the treatment.
func (t Treatment) String() string {
	if int(t) < len(treatmentNames) {
		return treatmentNames[t]
	}
	return fmt.Sprintf("Treatment(%d)", uint8(t))
}

// ParseTreatment is the treatment of that name; "" is Ignore, the default.
func ParseTreatment(s string) (Treatment, error) {
	if s == "" {
		return Ignore, nil
	}
	for i, name := range treatmentNames {
		if s == name {
			return Treatment(i), nil
		}
	}
	return Ignore, fmt.Errorf("missing %q is unknown, want one of %s", s, treatmentList)
}

// ParseState is the state of that name.
func ParseState(s string) (State, error) {
	for i, name := range stateNames {
		if s == name {
			return State(i), nil
		}
	}
	return InsufficientData, fmt.Errorf("state %q is unknown, want one of INSUFFICIENT_DATA, OK, ALARM", s)
}

// String is the outcome in a word.
func (b Breach) String() string {
	switch b {
	case Fine:
		return "fine"
	case Breaching, Decisive:
		return "breaching"
	case Near:
		return "near"
	default:
		return "missing"
	}
}
