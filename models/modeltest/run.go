package modeltest

import (
	"testing"

	"github.com/tidewatch/tidewatch/models"
)

// Run checks the contract of models.Model (and models.Sharer) for one kind. Kinds that share something are run with a Shared
// that is built from a calm series of their own; joint kinds with a group of one row.
func Run(t *testing.T, spec models.Spec) {
	t.Helper()
	shared := share(t, spec)
	for _, c := range []struct {
		name  string
		check func(*testing.T, models.Spec, models.Shared)
		alone bool // holds only of kinds that judge each row for itself
	}{
		{"odd input is silent while warming up and finite ever after", oddInput, false},
		{"scoring does not learn", scoringDoesNotLearn, false},
		{"the same input gives the same bits", sameInputSameBits, false},
		{"no score depends on the future", prefix, false},
		{"a spike of 12 sigma beats 900 points of noise", spikeBeatsNoise, true},
		{"the band is where the band channel's surprise is", bandAgrees, true},
		{"an expectation is the sum of its terms", termsSum, false},
		{"learning a level does not make it more surprising", levelIsLearnt, false},
		{"a lasting shift is accepted once and its end is no surprise", shiftIsAccepted, false},
		{"a person's word accepts at once", expectedAccepts, false},
		{"a person's word on an ordinary point changes nothing", wordOnCalmPoint, false},
		{"quarantine does not stop the learning for good", driftIsFollowed, false},
		{"what is excluded is not learnt", excludedIsNotLearnt, false},
		{"one absurd value is forgotten", absurdIsForgotten, false},
		{"the steady state does not allocate", steadyState, false},
		{"a restart equals not having stopped", restart, false},
		{"a damaged state is an error", damagedState, false},
		{"its own noise is as surprising as it says", calibrated, false},
		{"gaps are survived", gaps, false},
		{"memory is bounded", boundedMemory, false},
	} {
		if c.alone && spec.Joint {
			continue
		}
		t.Run(c.name, func(t *testing.T) { c.check(t, spec, shared) })
	}
	if spec.BuildShared != nil {
		t.Run("what is shared is named by its content", func(t *testing.T) { sharedIsSound(t, spec, shared) })
	}
}
