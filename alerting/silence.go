package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// SilenceState is a silence's state, with Alertmanager's names.
type SilenceState string

// The states of a silence.
const (
	SilencePending SilenceState = "pending"
	SilenceActive  SilenceState = "active"
	SilenceExpired SilenceState = "expired"
)

// SilenceRetention is for how long an expired silence is listed, as in Alertmanager.
const SilenceRetention = 120 * time.Hour

// SilenceSpec is what a person asks for when creating or editing a silence. Times are Unix milliseconds.
type SilenceSpec struct {
	ID       string   `json:"id,omitempty"` // of the silence to edit; empty: a new one
	Matchers Matchers `json:"matchers"`
	StartsAt int64    `json:"starts_at"` // one in the past, 0 too, begins now
	EndsAt   int64    `json:"ends_at"`
}

// Silence keeps alarms that match from being told from StartsAt until just before EndsAt. Their states go on underneath; what
// still fires at its end is told then.
type Silence struct {
	ID        string        `json:"id"`
	Matchers  Matchers      `json:"matchers"`
	StartsAt  int64         `json:"starts_at"`
	EndsAt    int64         `json:"ends_at"`
	Author    Actor         `json:"author"` // of the newest edit
	Comment   string        `json:"comment,omitempty"`
	UpdatedAt int64         `json:"updated_at"`
	Edits     []SilenceEdit `json:"edits"` // oldest first; the first created it
}

// SilenceEdit is one change of a silence: who made it, and how the silence was from then on.
type SilenceEdit struct {
	At       int64    `json:"at"`
	Author   Actor    `json:"author"`
	What     string   `json:"what"` // created, edited or expired
	Comment  string   `json:"comment,omitempty"`
	Matchers Matchers `json:"matchers"`
	StartsAt int64    `json:"starts_at"`
	EndsAt   int64    `json:"ends_at"`
}

// State is the silence's state at time t.
func (s *Silence) State(t int64) SilenceState {
	switch {
	case t >= s.EndsAt:
		return SilenceExpired
	case t < s.StartsAt:
		return SilencePending
	default:
		return SilenceActive
	}
}

// edit makes the change and remembers it.
func (s *Silence) edit(what string, c *Control, spec SilenceSpec) {
	s.Matchers, s.StartsAt, s.EndsAt = spec.Matchers, spec.StartsAt, spec.EndsAt
	s.Author, s.Comment, s.UpdatedAt = c.Actor, c.Comment, c.At
	s.Edits = append(s.Edits, SilenceEdit{
		At: c.At, Author: c.Actor, What: what, Comment: c.Comment, Matchers: s.Matchers, StartsAt: s.StartsAt, EndsAt: s.EndsAt,
	})
}

// maxSilenceEdits bounds what one silence may hold.
const maxSilenceEdits = 1000

// checkSilence reports what is wrong with the silence that c asks for.
func (d *Dispatcher) checkSilence(c *Control) error {
	spec := c.Silence
	if err := spec.Matchers.validate(); err != nil {
		return err
	}
	switch starts := max(spec.StartsAt, c.At); {
	case spec.EndsAt <= c.At:
		return fmt.Errorf("ends at %s, which is not in the future", utc(spec.EndsAt))
	case spec.EndsAt <= starts:
		return fmt.Errorf("ends at %s, which is not after its start at %s", utc(spec.EndsAt), utc(starts))
	case spec.ID == "":
		return nil
	}
	old, ok := d.silences[spec.ID]
	switch {
	case !ok:
		return refuse(ErrNoSuchTarget, "no silence %q", spec.ID)
	case len(old.Edits) >= maxSilenceEdits:
		return refuse(ErrConflict, "silence %s was edited %d times, make a new one", spec.ID, len(old.Edits)-1)
	}
	return nil
}

// silence creates or edits a silence and returns its id. As in Alertmanager, one that has begun keeps its id only while its
// matchers and its start stay: else the old one ends now and a new one, with the old one's history, takes its place.
func (d *Dispatcher) silence(c *Control) string {
	spec := *c.Silence
	old := d.silences[spec.ID]
	if old == nil {
		spec.StartsAt = max(spec.StartsAt, c.At)
		s := &Silence{ID: c.ID}
		s.edit("created", c, spec)
		d.silences[s.ID] = s
		return s.ID
	}
	state := old.State(c.At)
	if state == SilenceActive && spec.StartsAt <= c.At {
		spec.StartsAt = old.StartsAt // it has begun, whatever the caller wrote
	}
	inPlace := state == SilencePending || state == SilenceActive && old.Matchers.equal(spec.Matchers) && old.StartsAt == spec.StartsAt
	if state != SilenceActive {
		spec.StartsAt = max(spec.StartsAt, c.At)
	}
	if inPlace {
		old.edit("edited", c, spec)
		return old.ID
	}
	s := &Silence{ID: c.ID, Edits: slices.Clone(old.Edits)}
	if state == SilenceActive {
		old.edit("expired", c, SilenceSpec{Matchers: old.Matchers, StartsAt: old.StartsAt, EndsAt: c.At})
	}
	s.edit("edited", c, spec)
	d.silences[s.ID] = s
	return s.ID
}

// checkExpire reports why a silence cannot be ended.
func (d *Dispatcher) checkExpire(c *Control) error {
	s, ok := d.silences[c.Target]
	switch {
	case !ok:
		return refuse(ErrNoSuchTarget, "no silence %q", c.Target)
	case s.State(c.At) == SilenceExpired:
		return refuse(ErrConflict, "silence %s expired at %s", s.ID, utc(s.EndsAt))
	}
	return nil
}

// expire ends a silence now; one that has not begun never does.
func (d *Dispatcher) expire(c *Control) {
	s := d.silences[c.Target]
	comment := s.Comment
	s.edit("expired", c, SilenceSpec{Matchers: s.Matchers, StartsAt: min(s.StartsAt, c.At), EndsAt: c.At})
	s.Comment = cmp.Or(c.Comment, comment)
}

// Silences are all that have not been forgotten, by id.
func (d *Dispatcher) Silences() []Silence {
	out := make([]Silence, 0, len(d.silences))
	for _, id := range slices.Sorted(maps.Keys(d.silences)) {
		s := *d.silences[id]
		s.Edits = slices.Clone(s.Edits)
		out = append(out, s)
	}
	return out
}

// utc writes a time for an error.
func utc(t int64) string { return time.UnixMilli(t).UTC().Format(time.RFC3339) }
