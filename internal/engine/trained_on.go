package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"

	"github.com/tidewatch/tidewatch"
)

// TrainedOn names the data that a detector's models have been given: all points of all its series, in order of (grid time, series'
// ID). Equal sums are equal data, so that models of equal configuration and binary are equal. The sum chains over the grid, so
// that it does not depend on how the points were cut into blocks:
//
//	sum(t) = SHA-256( sum before t ‖ t ‖ series' ID ‖ value ‖ series' ID ‖ value … )
//
// t and IDs are 8 bytes big-endian, values the 8 bytes of their IEEE 754 form; a missing point is left out, and a grid time without
// points changes nothing. It begins with 32 zero bytes. Points that do not teach (anomalous, excluded, of bad quality) are part of
// it: whether they do follows from the data before them and the configuration.
type TrainedOn struct {
	Sum      [sha256.Size]byte
	From, To int64 // grid times of the oldest and the newest point, Unix milliseconds; 0 without points
	Points   int64
}

// SHA256 is the sum in hexadecimal; "" where there were no points.
func (t TrainedOn) SHA256() string {
	if t.Points == 0 {
		return ""
	}
	return hex.EncodeToString(t.Sum[:])
}

// ledger is what the models of a detector have been given, and during a run what they had been given before each of its columns.
type ledger struct {
	trained TrainedOn
	from    int64 // grid time of before[0]
	before  []TrainedOn
	sum     hash.Hash
	room    []byte
}

// enter takes the columns of b from grid time from on into account.
func (l *ledger) enter(b tidewatch.Block, from int64) {
	l.from, l.before = from, l.before[:0]
	for t := from; t < b.End(); t += b.Step {
		l.before = append(l.before, l.trained)
		if t >= b.From {
			l.column(b, t)
		}
	}
}

// column adds the points of one grid time.
func (l *ledger) column(b tidewatch.Block, t int64) {
	if l.sum == nil {
		l.sum, l.room = sha256.New(), make([]byte, 0, 1024)
	}
	l.sum.Reset()
	buf := binary.BigEndian.AppendUint64(append(l.room, l.trained.Sum[:]...), uint64(t))
	i, points := (t-b.From)/b.Step, int64(0)
	for k := range b.Rows {
		v := b.Rows[k].V[i]
		if math.IsNaN(v) {
			continue
		}
		if points++; len(buf)+16 > cap(buf) {
			_, _ = l.sum.Write(buf) // a hash takes everything
			buf = l.room
		}
		buf = binary.BigEndian.AppendUint64(buf, b.Rows[k].Series.ID)
		buf = binary.BigEndian.AppendUint64(buf, math.Float64bits(v))
	}
	if points == 0 {
		return
	}
	_, _ = l.sum.Write(buf)
	if l.trained.Points == 0 {
		l.trained.From = t
	}
	l.sum.Sum(l.trained.Sum[:0])
	l.trained.To, l.trained.Points = t, l.trained.Points+points
}

// leave lets go of what only a long run needs.
func (l *ledger) leave() {
	if cap(l.before) > 16 {
		l.before = nil
	}
}

// at is what the models had been given when they judged grid time t of the run.
func (l *ledger) at(t, step int64) TrainedOn { return l.before[(t-l.from)/step] }

func (e *encoder) trainedOn(t TrainedOn) {
	e.b = append(e.b, t.Sum[:]...)
	e.i64(t.From)
	e.i64(t.To)
	e.i64(t.Points)
}

func (d *decoder) trainedOn() (t TrainedOn) {
	sum := d.take(sha256.Size)
	copy(t.Sum[:], sum)
	t.From, t.To, t.Points = d.i64(), d.i64(), d.i64()
	return t
}
