package engine

// What few series have at a time is behind a pointer, so that the others need no room for it.

// groupSeldom is that of a group.
type groupSeldom struct {
	members members // of a joint group; nil: it is none
	own     *family // what this group alone is judged with; nil: what all share
	before  *before // the model before it accepted what a person called expected; nil: nobody has, or long ago
}

// rarely is the place for what the group seldom has.
func (g *group) rarely() *groupSeldom {
	if g.seldom == nil {
		g.seldom = &groupSeldom{}
	}
	return g.seldom
}

func (g *group) members() members {
	if g.seldom == nil {
		return nil
	}
	return g.seldom.members
}

func (g *group) own() *family {
	if g.seldom == nil {
		return nil
	}
	return g.seldom.own
}

func (g *group) before() *before {
	if g.seldom == nil {
		return nil
	}
	return g.seldom.before
}

// rowSeldom is that of a row.
type rowSeldom struct {
	seeking  bool     // it may still find a predecessor
	replaced bool     // it has an heir
	expected bool     // a person said that what is seen is normal; the next real point tells the model
	pinned   float64  // the limit while in ALARM: thresholds do not move during an incident; 0 outside
	origin   *Origin  // of its baseline; nil: it is its own
	ep       *episode // the anomaly under way
	alarmed  *episode // the one that alarmed last, kept for the messages that follow
}

// few is what the row seldom has, to be read only.
func (r *row) few() rowSeldom {
	if r.seldom == nil {
		return rowSeldom{}
	}
	return *r.seldom
}

// rarely is the place for it.
func (r *row) rarely() *rowSeldom {
	if r.seldom == nil {
		r.seldom = &rowSeldom{}
	}
	return r.seldom
}

// tidy gives the place back where there is nothing in it.
func (r *row) tidy() {
	if r.seldom != nil && *r.seldom == (rowSeldom{}) {
		r.seldom = nil
	}
}
