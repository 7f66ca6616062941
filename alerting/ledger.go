package alerting

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"time"
)

const (
	// LedgerRetention is for how long an incident that was told is remembered: what reports count, and how often a detector's
	// messages were called false.
	LedgerRetention = 90 * 24 * time.Hour
	// JudgeableFor is for how long after its end an incident's message can be judged.
	JudgeableFor = 7 * 24 * time.Hour

	maxTales     = 10_000 // incidents in the ledger; the oldest go, and are counted
	maxJudgeable = 200    // ended incidents whose messages are kept; the oldest cannot be judged any more
)

// tale is what the ledger keeps of one incident that was told. Times are Unix milliseconds.
type tale struct {
	Key       string         `json:"key"`
	Receiver  string         `json:"receiver"`
	At        int64          `json:"at"`             // of its first message
	Ended     int64          `json:"ended,omitzero"` // when its message said that it is over; 0: it goes on
	Acked     bool           `json:"acked,omitempty"`
	Detectors map[string]int `json:"detectors"` // alarms told, by detector
	Last      *lastMessage   `json:"last,omitempty"`
}

// lastMessage is how the message of an incident ended, while people may still judge it.
type lastMessage struct {
	Notice json.RawMessage `json:"notice"`           // CanonicalNotice
	Retell int64           `json:"retell,omitempty"` // when it has something new to say; 0: it has not
}

// ledger is every incident told within LedgerRetention, and the alarms that were over before anybody was told, as they were hidden.
type ledger struct {
	tales     map[string]*tale            // by key
	order     []*tale                     // all of them, the oldest first
	ended     []*tale                     // those with a Last, in the order in which they ended
	by        map[string]int              // tales that told of alarms, by detector
	hidden    map[int64]map[string]uint64 // by day since 1970 (UTC) and detector
	forgotten uint64                      // tales that there was no room for
	next      int64                       // the earliest Retell; MaxInt64: none
}

func newLedger() ledger {
	return ledger{tales: map[string]*tale{}, by: map[string]int{}, hidden: map[int64]map[string]uint64{}, next: math.MaxInt64}
}

const dayMillis = int64(24 * time.Hour / time.Millisecond)

// book notes that alarms of these detectors were told in an incident's message.
func (l *ledger) book(in *incident, at int64, told map[string]int) {
	x := l.tales[in.key]
	if x == nil {
		x = &tale{Key: in.key, Receiver: in.receiver, At: at, Detectors: map[string]int{}}
		l.add(x)
		l.makeRoom(at)
	}
	for name, n := range told {
		if x.Detectors[name] == 0 && n > 0 && l.tales[in.key] == x {
			l.by[name]++
		}
		x.Detectors[name] += n
	}
	x.Acked = x.Acked || in.ack != nil
}

// add takes a tale in.
func (l *ledger) add(x *tale) {
	l.tales[x.Key] = x
	i, _ := slices.BinarySearchFunc(l.order, x, older)
	l.order = slices.Insert(l.order, i, x)
	for name, n := range x.Detectors {
		if n > 0 {
			l.by[name]++
		}
	}
	if x.Last != nil {
		l.place(x)
	}
}

// remove forgets the tale at a place of the order.
func (l *ledger) remove(i int) {
	x := l.order[i]
	l.order = slices.Delete(l.order, i, i+1)
	l.displace(x)
	delete(l.tales, x.Key)
	for name, n := range x.Detectors {
		if n > 0 {
			l.by[name]--
		}
	}
}

// older orders tales by the time of their first message.
func older(a, b *tale) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Key, b.Key)) }

// earlier orders them by their ends.
func earlier(a, b *tale) int { return cmp.Or(cmp.Compare(a.Ended, b.Ended), older(a, b)) }

// place and displace keep ended in order.
func (l *ledger) place(x *tale) {
	i, _ := slices.BinarySearchFunc(l.ended, x, earlier)
	l.ended = slices.Insert(l.ended, i, x)
}

func (l *ledger) displace(x *tale) {
	if i, ok := slices.BinarySearchFunc(l.ended, x, earlier); ok {
		l.ended = slices.Delete(l.ended, i, i+1)
	}
}

// end keeps how an incident's message ended, so that it can still be judged.
func (l *ledger) end(n *Notice) {
	x := l.tales[n.Key]
	last := lastOf(n)
	if x == nil || last == nil {
		return
	}
	l.displace(x)
	x.Ended, x.Last = n.At, last
	l.place(x)
	l.thinOut(n.At)
}

// lastOf is what is kept of a message; nil where it cannot be judged.
func lastOf(n *Notice) *lastMessage {
	kept := *n
	kept.Reply = ""
	b, err := CanonicalNotice(&kept)
	if err != nil { // its numbers are kept as their bits, the rest is plain data
		return nil
	}
	return &lastMessage{Notice: b}
}

// hide counts an alarm that was over before anybody was told of it.
func (l *ledger) hide(at int64, detector string) {
	day := at / dayMillis
	if l.hidden[day] == nil {
		l.hidden[day] = map[string]uint64{}
	}
	l.hidden[day][detector]++
}

// makeRoom drops what is older than the retention, and the oldest tales where there are too many.
func (l *ledger) makeRoom(now int64) {
	oldest := now - LedgerRetention.Milliseconds()
	for i := 0; i < len(l.order) && l.order[i].At < oldest; { // what ended before that began before that
		if cmp.Or(l.order[i].Ended, now) < oldest {
			l.remove(i)
		} else {
			i++
		}
	}
	maps.DeleteFunc(l.hidden, func(day int64, _ map[string]uint64) bool { return (day+1)*dayMillis < oldest })
	for len(l.order) > maxTales {
		l.remove(0)
		l.forgotten++
	}
}

// thinOut drops messages that cannot be judged any more.
func (l *ledger) thinOut(now int64) {
	gone := 0
	for gone < len(l.ended) && (len(l.ended)-gone > maxJudgeable || now-l.ended[gone].Ended > JudgeableFor.Milliseconds()) {
		l.ended[gone].Last = nil
		gone++
	}
	l.ended = slices.Delete(l.ended, 0, gone)
}

// judgeable is the ended incident with this key, nil if its message cannot be judged.
func (l *ledger) judgeable(key string, now int64) *tale {
	x := l.tales[key]
	if x == nil || x.Last == nil || now-x.Ended > JudgeableFor.Milliseconds() {
		return nil
	}
	return x
}

// ledgerState is a ledger in JSON.
type ledgerState struct {
	Tales     []*tale                     `json:"tales,omitempty"`
	Hidden    map[int64]map[string]uint64 `json:"hidden,omitempty"`
	Forgotten uint64                      `json:"forgotten,omitempty"`
}

func (l *ledger) save() ledgerState { return ledgerState{slices.Clone(l.order), l.hidden, l.forgotten} }

func (s ledgerState) ledger() ledger {
	l := newLedger()
	l.forgotten = s.Forgotten
	maps.Copy(l.hidden, s.Hidden)
	for _, x := range s.Tales {
		l.add(x)
		if x.Last != nil && x.Last.Retell != 0 {
			l.next = min(l.next, x.Last.Retell)
		}
	}
	return l
}
