package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"

	"github.com/tidewatch/tidewatch"
)

// naive is the definition of TrainedOn.Sum over the columns of b before grid time t, written plainly.
func naive(b tidewatch.Block, t int64) string {
	sum := make([]byte, sha256.Size)
	for i := 0; b.Time(i) < t; i++ {
		h := sha256.New()
		h.Write(sum)
		_ = binary.Write(h, binary.BigEndian, b.Time(i)) // a hash takes everything
		empty := true
		for _, r := range b.Rows {
			if !math.IsNaN(r.V[i]) {
				_ = binary.Write(h, binary.BigEndian, r.Series.ID)
				_ = binary.Write(h, binary.BigEndian, r.V[i])
				empty = false
			}
		}
		if !empty {
			sum = h.Sum(nil)
		}
	}
	return hex.EncodeToString(sum)
}

// TestTrainedOn: every decision names the data that had taught its models, however the points were cut into blocks and through a
// restart; other data has another name.
func TestTrainedOn(t *testing.T) {
	b := world("D", 6, 10)
	gap := 8 * 288
	for i := range b.Rows { // nothing at all for an hour
		for k := range 12 {
			b.Rows[i].V[gap+k] = math.NaN()
		}
	}
	seen := map[string]string{}
	for _, piece := range []int{1, 7, b.N} {
		c, n := testCore(t, 2, testDetector("D")), 0
		for i := 0; i < b.N; i += piece {
			if piece == 7 && i == 7*400 { // between pieces, as in a restart
				snap := c.Snapshot(2)
				c = testCore(t, 1, testDetector("D"))
				if _, err := c.Restore(snap); err != nil {
					t.Fatal(err)
				}
			}
			j := min(i+piece, b.N)
			res, err := c.Tick(b.Time(j-1)+30_000, []tidewatch.Block{cut(b, i, j)})
			if err != nil {
				t.Fatal(err)
			}
			for _, ch := range res.Changes {
				n++
				if piece == 1 {
					seen[ch.ID] = naive(b, ch.Transition.T)
				}
				if got := ch.Data.SHA256(); got != seen[ch.ID] {
					t.Errorf("%d columns at a time, %s at %d: trained on %s, want %s", piece, ch.Series.Labels, ch.Transition.T, got, seen[ch.ID])
				}
			}
		}
		st := c.Status()[0].Data
		if n < 6 || st.SHA256() != naive(b, b.End()) || st.From != b.From || st.To != b.Time(b.N-1) || st.Points != points(b) {
			t.Errorf("%d columns at a time: %d changes, in the end %+v", piece, n, st)
		}
		c.Alarms(nil, func(a AlarmInfo) bool {
			if a.Data.Points == 0 {
				t.Errorf("the alarm of %s does not name its data", a.Series.Labels)
			}
			return true
		})
	}
	was, other := naive(b, b.End()), b // they share their values
	other.Rows[2].V[2000] = math.Nextafter(other.Rows[2].V[2000], math.Inf(1))
	c := testCore(t, 0, testDetector("D"))
	if _, err := c.Train(other); err != nil {
		t.Fatal(err)
	}
	if c.Status()[0].Data.SHA256() == was {
		t.Error("one bit of one point changes nothing")
	}
}

func points(b tidewatch.Block) (n int64) {
	for _, r := range b.Rows {
		for _, v := range r.V {
			if !math.IsNaN(v) {
				n++
			}
		}
	}
	return n
}

// BenchmarkTrainedOn is what naming the data costs, by point: of a day of 500 series, and of a tick of 10,000.
func BenchmarkTrainedOn(b *testing.B) {
	for name, blk := range map[string]tidewatch.Block{"day": benchWorld(500), "tick": cut(benchWorld(10_000), 0, 1)} {
		b.Run(name, func(b *testing.B) {
			var l ledger
			measure(b, len(blk.Rows)*blk.N, "point", func() { l.enter(blk, blk.From) })
		})
	}
}
