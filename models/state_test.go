package models

import (
	"testing"
	"time"
	"unsafe"
)

// TestStateSize is the ledger of a series' memory, without its share of a forest, by field. A change of the sums is a decision,
// so they are written down here.
func TestStateSize(t *testing.T) {
	var w row
	for _, c := range []struct {
		field string
		size  uintptr
		want  uintptr
	}{
		{"profiles (day, week, hour, noise by hour)", unsafe.Sizeof(w.profile), 0},
		{"short memory (lags, moments, coefficients)", unsafe.Sizeof(w.short), 0},
		{"noise", unsafe.Sizeof(w.noise), 0},
		{"evidence of the slow channels", unsafe.Sizeof(w.evidence), 0},
		{"calibration, all channels", unsafe.Sizeof(w.tails), 0},
		{"quarantine and former regime", unsafe.Sizeof(w.episode) + unsafe.Sizeof(w.former), 0},
		{"a whole row", unsafe.Sizeof(w), 0},
	} {
		t.Logf("%5d bytes: %s", c.size, c.field)
	}
	m, err := newRows(Config{Kind: "combined", Rows: 1, Step: 5 * time.Minute}, seasonalChannels)
	if err != nil {
		t.Fatal(err)
	}
	warm := len(m.AppendState(nil))
	t.Logf("%5d bytes: encoded", warm)
}
