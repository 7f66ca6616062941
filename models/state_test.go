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
		field      string
		size, want uintptr
	}{
		{"profiles: day, week, part of the hour, noise by hour", unsafe.Sizeof(w.profile), 580},
		{"short memory: lags, moments, coefficients", unsafe.Sizeof(w.short), 356},
		{"noise", unsafe.Sizeof(w.noise), 32},
		{"evidence of the slow channels", unsafe.Sizeof(w.evidence), 88},
		{"calibration: nine tails, without their bins", unsafe.Sizeof(w.tails), 136},
		{"excursion, quarantine, former regime and extremes, of which a calm series has none", unsafe.Sizeof(w.seldom), 8},
		{"a whole row", unsafe.Sizeof(w), 1248},
		{"a model of one series, which has to stay within 1,272 for the allocator, whose own 8 bytes make 1,280", unsafe.Sizeof(sharer{}), 1272},
	} {
		if c.size != c.want {
			t.Errorf("%s: %d bytes, the ledger says %d", c.field, c.size, c.want)
		}
	}
	m, err := newRows(Config{Kind: "combined", Rows: 1, Step: 5 * time.Minute}, seasonalChannels)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(m.AppendState(nil)); n != 1240 {
		t.Errorf("an encoded new row has %d bytes, the ledger says 1240", n)
	}
}
