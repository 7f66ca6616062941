package measure

// tally is what the alarms of a series, or of a corpus, come to.
type tally struct {
	points  int // alarmed points
	hits    int // of these, labelled
	found   int // events with an alarmed point in [from, to + Tolerance]
	strays  int // false stretches: see judge
	delayed int // labelled points of the events with an alarmed point within DelayLimit points of their start
}

// add adds weight times u.
func (t *tally) add(u tally, weight int) {
	t.points += weight * u.points
	t.hits += weight * u.hits
	t.found += weight * u.found
	t.strays += weight * u.strays
	t.delayed += weight * u.delayed
}

// judge keeps the tally of one series while alarms are added to it in any order, each in constant time.
//
// False stretches: alarmed points outside every event's interval lie in one stretch where they are at most Merging points apart and no interval
// is between them; a stretch from point a to point b counts ceil((b - a + 1) / Stretch). An alarm that joins two stretches may lower the count.
type judge struct {
	series *Series
	lay    *layout
	on     []bool  // alarmed
	found  []bool  // per event
	soon   []bool  // per event: alarmed within DelayLimit points of its start
	end    []int32 // at the first and the last point of a stretch: its other end
	tally  tally
}

func newJudge(s *Series) *judge {
	l := s.layout()
	return &judge{
		series: s, lay: l, on: make([]bool, len(s.Score)), end: make([]int32, len(s.Score)),
		found: make([]bool, len(l.events)), soon: make([]bool, len(l.events)),
	}
}

// alarm adds an alarm at measured point i, which has none yet, and gives what has changed.
func (j *judge) alarm(i int) tally {
	j.on[i] = true
	d := tally{points: 1}
	if j.series.Label[i] {
		d.hits = 1
		if e := j.lay.at(i); !j.soon[e] && i-j.lay.events[e].from <= DelayLimit {
			j.soon[e] = true
			d.delayed = j.lay.size[e]
		}
	}
	if j.lay.outside(i) {
		d.strays = j.stray(i)
	}
	for e := j.lay.lo[i]; e < j.lay.hi[i]; e++ {
		if !j.found[e] {
			j.found[e] = true
			d.found++
		}
	}
	j.tally.add(d, 1)
	return d
}

// stray enters point i, outside every interval, into the stretches, and gives by how much their count grows.
func (j *judge) stray(i int) int {
	l, r := j.neighbour(i, -1), j.neighbour(i, 1)
	if l >= 0 && r >= 0 && r-l <= Merging {
		return 0 // within a stretch
	}
	from, to, before := i, i, 0
	if l >= 0 {
		from = int(j.end[l])
		before += charge(from, l)
	}
	if r >= 0 {
		to = int(j.end[r])
		before += charge(r, to)
	}
	j.end[from], j.end[to] = int32(to), int32(from)
	return charge(from, to) - before
}

// neighbour is the nearest alarmed point within Merging points of i in the given direction with no interval between, or -1.
func (j *judge) neighbour(i, direction int) int {
	for d := 1; d <= Merging; d++ {
		k := i + d*direction
		if k < 0 || k >= len(j.on) || !j.lay.outside(k) {
			return -1
		}
		if j.on[k] {
			return k
		}
	}
	return -1
}

// charge is what a stretch counts for: one per started Stretch points.
func charge(from, to int) int { return (to-from)/Stretch + 1 }

// ownTally is the tally of the series' own alarms.
func ownTally(s *Series) tally {
	j := newJudge(s)
	for i := s.From; i < len(s.Score); i++ {
		if s.Alarm[i] && s.measured(i) {
			j.alarm(i)
		}
	}
	return j.tally
}
