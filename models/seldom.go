package models

import "sync"

// seldom is what few series have at a time, so that the others need no room for it.
type seldom struct {
	first    *opening  // nil once there are enough for an estimate
	former   *regime   // nil: none
	withheld *withheld // nil outside an excursion
	episode  *episode  // nil while the series is calm
	extremes *extremes // nil before the first
	shapes   *shapes   // nil: none is kept
	jobs     *jobs     // nil before the first that might be one
	young    int32     // points for which the series, whose estimates were another's, still counts as young
	unsure   float32   // how far the level of a young series may be from the other's
	start    start     // until the profile is centred
}

// start is what a profile of the day is made of, before it is one.
type start struct {
	anchor float32 // the level that the visits' means are relative to
	seen   uint32  // hours of the day visited, a bit each
}

// seldoms lends the memory: excursions come and go.
var seldoms = sync.Pool{New: func() any { return new(seldom) }}

// rarely is the place for what the series seldom has.
func (w *course) rarely() *seldom {
	if w.seldom == nil {
		w.seldom = seldoms.Get().(*seldom) //nolint:errcheck // the pool holds nothing else
		*w.seldom = seldom{}
	}
	return w.seldom
}

// tidy gives the place back where there is nothing in it.
func (w *course) tidy() {
	if w.seldom != nil && *w.seldom == (seldom{}) {
		seldoms.Put(w.seldom)
		w.seldom = nil
	}
}

func (w *course) first() *opening {
	if w.seldom == nil {
		return nil
	}
	return w.seldom.first
}

func (w *course) former() *regime {
	if w.seldom == nil {
		return nil
	}
	return w.seldom.former
}

// start is that of the profile; the zero one where that is centred.
func (w *course) start() start {
	if w.seldom == nil {
		return start{}
	}
	return w.seldom.start
}

func (w *course) forgetStart() {
	if w.seldom != nil {
		w.seldom.start = start{}
	}
}

func (w *row) withheld() *withheld {
	if w.seldom == nil {
		return nil
	}
	return w.seldom.withheld
}

func (w *row) episode() *episode {
	if w.seldom == nil {
		return nil
	}
	return w.seldom.episode
}

// library is the row's library of shapes, nil where it has none.
func (w *row) library() *shapes {
	if w.seldom == nil {
		return nil
	}
	return w.seldom.shapes
}

// visitSeldom encodes what a row seldom has beside its course. quiet is the episode's. A state goes to a model of an equal Config only, so those
// without a library say nothing of it.
func (w *row) visitSeldom(c *codec, s *settings, quiet int16) {
	var k seldom // others may read the row meanwhile
	if w.seldom != nil {
		k = *w.seldom
	}
	rare(c, &k.withheld, (*withheld).visit)
	rare(c, &k.episode, (*episode).visit)
	rare(c, &k.former, (*regime).visit)
	rare(c, &k.extremes, (*extremes).visit)
	if s.shapes {
		rare(c, &k.shapes, (*shapes).visit)
	}
	if !c.jobless {
		rare(c, &k.jobs, (*jobs).visit)
	}
	if !c.reading {
		return
	}
	if k.episode != nil {
		k.episode.quiet = quiet
	}
	*w.rarely() = k
	w.tidy()
}
