package measure

const (
	// Tolerance is how many points after its end an event can still be found.
	Tolerance = 10
	// Merging is the greatest distance in points of two false alarms of one stretch.
	Merging = 15
	// Stretch is the number of points that one false stretch may last: a longer one counts once per started Stretch.
	Stretch = 60
)

// span is a run of points of the grid, both ends included.
type span struct{ from, to int }

// events are the maximal runs of labelled points. Points without a value do not cut an event, and it neither begins nor ends in one. An event
// that has begun before From counts from From, if any of its measured points lies after.
func (s *Series) events() []span {
	if s.Label == nil {
		return nil
	}
	var all []span
	open := false
	for i := s.From; i < len(s.Score); i++ {
		switch {
		case !s.measured(i):
		case !s.Label[i]:
			open = false
		case open:
			all[len(all)-1].to = i
		default:
			all, open = append(all, span{i, i}), true
		}
	}
	return all
}

// layout says of each point of a series what an alarm there means. The interval of an event is [from, to + Tolerance].
type layout struct {
	events []span
	size   []int   // labelled measured points of each event
	lo, hi []int32 // the events whose interval holds point i are lo[i] to hi[i]-1; none where they are equal, and lo[i] then numbers the space between
}

func (s *Series) layout() *layout {
	l := &layout{events: s.events(), lo: make([]int32, len(s.Score)), hi: make([]int32, len(s.Score))}
	var lo, hi int32
	for i := range s.Score {
		for int(hi) < len(l.events) && l.events[hi].from <= i {
			hi++
		}
		for int(lo) < len(l.events) && l.events[lo].to+Tolerance < i {
			lo++
		}
		l.lo[i], l.hi[i] = lo, hi
	}
	l.size = make([]int, len(l.events))
	for e, v := range l.events {
		for i := v.from; i <= v.to; i++ {
			if s.labelled(i) {
				l.size[e]++
			}
		}
	}
	return l
}

// outside is whether point i lies in no event's interval.
func (l *layout) outside(i int) bool { return l.lo[i] == l.hi[i] }

// at is the event that labelled point i belongs to.
func (l *layout) at(i int) int { return int(l.hi[i]) - 1 }

// positives is the number of labelled measured points.
func (l *layout) positives() int {
	n := 0
	for _, v := range l.size {
		n += v
	}
	return n
}

// firstAlarm is the first alarmed measured point of event e's interval, or -1.
func (l *layout) firstAlarm(s *Series, e int) int {
	from, to := l.events[e].from, min(l.events[e].to+Tolerance, len(s.Score)-1)
	for i := from; i <= to; i++ {
		if s.Alarm[i] && s.measured(i) {
			return i
		}
	}
	return -1
}
