package alerting

import "testing"

// The ids are in stores and links: they must never change. The expected ones are from sha256sum(1).
func TestIDsAreStable(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{AlarmID("ErrorRatio", 7), "89a23272b8e1"},
		{TransitionID("7f3a5bd0c1e2", 1772503020000, Alarming, "c0ffee"), "465c141c303c02848f299793"},
	} {
		if c.got != c.want {
			t.Errorf("id %s, want %s", c.got, c.want)
		}
	}
}

func TestIDsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range []string{
		AlarmID("A", 1), AlarmID("A", 2), AlarmID("B", 1), AlarmID("A1", 0), AlarmID("A", 0x10),
		TransitionID("a", 1, OK, "c"), TransitionID("a", 1, Alarming, "c"), TransitionID("a", 2, OK, "c"), TransitionID("a", 1, OK, "d"),
		TransitionID("a1", 1, OK, "c"), TransitionID("b", 1, OK, "c"),
	} {
		if seen[id] {
			t.Errorf("id %s occurs twice", id)
		}
		seen[id] = true
	}
}

func TestNames(t *testing.T) {
	for _, s := range []State{InsufficientData, OK, Alarming} {
		if got, err := ParseState(s.String()); err != nil || got != s {
			t.Errorf("%s parses as %s, %v", s, got, err)
		}
	}
	for _, tr := range []Treatment{Ignore, MissingMissing, MissingBreaching, MissingNotBreaching} {
		if got, err := ParseTreatment(tr.String()); err != nil || got != tr {
			t.Errorf("%s parses as %s, %v", tr, got, err)
		}
	}
	if got, err := ParseTreatment(""); err != nil || got != Ignore {
		t.Errorf("the default treatment is %s, %v, want ignore", got, err)
	}
	if _, err := ParseTreatment("notbreaching"); err == nil {
		t.Error("notbreaching: no error")
	}
	if _, err := ParseState("alarm"); err == nil {
		t.Error("alarm: no error")
	}
	if got := Treatment(9).String() + Missing.String() + Fine.String() + Breaching.String() + State(9).String(); got != "Treatment(9)missingfinebreachingState(9)" {
		t.Errorf("names are %s", got)
	}
}

func TestPolicyValidate(t *testing.T) {
	if err := DefaultPolicy().Validate(); err != nil || DefaultPolicy().Range() != 7 {
		t.Errorf("the default policy: %v, range %d, want 7", err, DefaultPolicy().Range())
	}
	for name, p := range map[string]Policy{
		"of": {Datapoints: 1, Of: 61}, "datapoints": {Datapoints: 4, Of: 3}, "missing": {Datapoints: 1, Of: 1, Missing: 9},
		"for": {Datapoints: 1, Of: 1, For: -1}, "keep": {Datapoints: 1, Of: 1, KeepFiringFor: -1},
	} {
		if p.Validate() == nil {
			t.Errorf("%s: %+v is valid", name, p)
		}
	}
}
