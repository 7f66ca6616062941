package modeltest

import (
	"testing"

	"github.com/tidewatch/tidewatch/models"
)

// Run checks the contract of models.Model (and models.Sharer) for one kind. Kinds that share something are run with a Shared
// that is built from a calm series of their own.
func Run(t *testing.T, spec models.Spec) {
	t.Helper()
	shared := share(t, spec)
	for _, c := range []struct {
		name  string
		check func(*testing.T, models.Spec, models.Shared)
	}{
		{"odd input is silent while warming up and finite ever after", oddInput},
		{"scoring does not learn", scoringDoesNotLearn},
		{"the same input gives the same bits", sameInputSameBits},
		{"no score depends on the future", prefix},
		{"a spike of 12 sigma beats 900 points of noise", spikeBeatsNoise},
		{"the band is where the band channel's surprise is", bandAgrees},
		{"an expectation is the sum of its terms", termsSum},
		{"learning a level does not make it more surprising", levelIsLearnt},
		{"a lasting shift is accepted once and its end is no surprise", shiftIsAccepted},
		{"a person's word accepts at once", expectedAccepts},
		{"a person's word on an ordinary point changes nothing", wordOnCalmPoint},
		{"quarantine does not stop the learning for good", driftIsFollowed},
		{"what is excluded is not learnt", excludedIsNotLearnt},
		{"one absurd value is forgotten", absurdIsForgotten},
		{"the steady state does not allocate", steadyState},
		{"a restart equals not having stopped", restart},
		{"a damaged state is an error", damagedState},
		{"its own noise is as surprising as it says", calibrated},
		{"gaps are survived", gaps},
		{"memory is bounded", boundedMemory},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, spec, shared) })
	}
	if spec.BuildShared != nil {
		t.Run("what is shared is named by its content", func(t *testing.T) { sharedIsSound(t, spec, shared) })
	}
}
