package models_test

import (
	"bytes"
	"runtime"
	"testing"
)

// TestJointDoesNotDependOnProcessors: gonum solves large systems on several processors, in an order that does not depend on their number.
func TestJointDoesNotDependOnProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want []byte
	for _, procs := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(procs)
		e := newEnsemble(t, 100)
		e.run(2) // one estimate
		switch got := e.AppendState(nil); {
		case want == nil:
			want = got
		case !bytes.Equal(got, want):
			t.Errorf("with %d processors the state is another", procs)
		}
	}
}
