package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// What begins together seldom does so by chance. A new group joins an incident if so few unrelated groups are to be expected there:
//
//	expected = λ · Δ · f / k
//
// λ is the rate of messages at the place, which is its receiver's with the same time intervals. Δ is the time from the incident's beginning
// to the first breaching point, at least stormWindow, within which the order of things says nothing. f is how frequent the label is that
// the alarm shares with half of the incident's alarms: the share of the series of a detector that have it, of those labels the least,
// 1 without any that at most quietShare have. k is how often something has begun in the incident, with what else began in the same window:
// where ten groups have joined, an eleventh is ten times as likely. Groups of one cause count once, as they explain each other: so a fault
// that coincides with a cascade and has neither a past nor a rare label in common with it is told by itself.
const (
	coincidence = 1.0 / 64            // most unrelated groups that may be expected
	paceMemory  = 10 * 24 * time.Hour // the rate is that of so many days, weighted exponentially
	pacePrior   = 4.0 / float64(24*time.Hour/time.Millisecond)
)

// Company is why a group was told with others that it shares neither a cause nor a storm with.
type Company struct {
	Label    *SharedLabel `json:"label,omitempty"` // what they share; nil: only the time
	Share    float64      `json:"share"`           // of the series of a detector that have that label, on average; 1 without one
	Expected float64      `json:"expected"`        // unrelated groups that were to be expected
}

// pace is the number of messages at a place, of which each counts less with time.
type pace struct {
	n  float64
	at int64 // time of n, Unix milliseconds; 0: never
}

// rate is the number of messages to be expected in a millisecond.
func (p pace) rate() float64 { return p.n / float64(paceMemory.Milliseconds()) }

func (p pace) later(t int64) pace {
	if p.at == 0 {
		return pace{pacePrior * float64(paceMemory.Milliseconds()), t}
	}
	p.n = float64(p.n * math.Exp(-float64(t-p.at)/float64(paceMemory.Milliseconds())))
	p.at = t
	return p
}

// countMessage counts a message in the pace of its place.
func (d *Dispatcher) countMessage(place string, at int64) {
	p := d.paces[place].later(at)
	p.n++
	d.paces[place] = p
}

// stormOrCompany is the incident that a new group joins for what else begins or goes on at its place, nil if it is told by itself.
func (d *Dispatcher) stormOrCompany(r *Route, s Signal) *incident {
	if in := d.stormFor(r, s); in != nil {
		d.stats.JoinedStorms++
		return in
	}
	in, why := d.coincides(r.place(), s)
	if in != nil {
		in.accompany(why)
		d.stats.JoinedCompany++
	}
	return in
}

// coincides is the open incident at a place that an alarm of a new group belongs to by its time and its labels, nil if there is none.
func (d *Dispatcher) coincides(place string, s Signal) (best *incident, why Company) {
	if s.Frequency == nil || d.opts.StormGroups <= 0 {
		return nil, why
	}
	rate, near := d.paces[place].later(s.At).rate(), d.nearGroups(place, s.Transition.T)
	for _, in := range d.incidents {
		if in.place != place || in.open == 0 || in.quiet {
			continue
		}
		c := in.company(s, rate, near)
		if c.Expected > coincidence || best != nil && cmp.Or(cmp.Compare(c.Expected, why.Expected), preferIncident(in, best)) >= 0 {
			continue
		}
		best, why = in, c
	}
	return best, why
}

// nearGroups is how many groups have begun at a place within stormWindow before t, those of one cause counted once. t is a grid time: when
// alarms were decided says nothing where evaluations were late.
func (d *Dispatcher) nearGroups(place string, t int64) (n int) {
	for _, in := range d.incidents {
		if in.place == place && !in.quiet && in.raised > t-stormWindow.Milliseconds() {
			n += in.beginnings()
		}
	}
	return n
}

// beginnings is how many of the incident's groups no cause that they share with another of them explains.
func (in *incident) beginnings() int { return 1 + len(in.groups) - in.explained }

// company is what speaks for an alarm of a new group being the incident's. near is how many groups began lately, the incident's among
// them if it did.
func (in *incident) company(s Signal, rate float64, near int) Company {
	c := Company{Share: 1}
	census := in.count(s.At)
	s.Labels.Range(func(l labels.Label) {
		f, known := s.Frequency[l.Name]
		if known && f <= quietShare && f < c.Share && 2*census.with[l] >= census.all {
			c.Share, c.Label = f, &SharedLabel{Name: l.Name, Value: l.Value}
		}
	})
	k := max(in.beginnings(), near)
	if in.raised <= s.Transition.T-stormWindow.Milliseconds() {
		k = in.beginnings() + near
	}
	onset := cmp.Or(s.Transition.Since, s.Transition.T)
	after := max(stormWindow.Milliseconds(), onset-in.raised)
	c.Expected = rate * float64(after) * c.Share / float64(k)
	return c
}

// census is how many of an incident's open alarms have each label. It is taken once for all that is raised at a time.
type census struct {
	at   int64 // 0: to be taken anew
	all  int
	with map[labels.Label]int
}

func (in *incident) count(at int64) *census {
	c := &in.census
	if c.at == at {
		return c
	}
	*c = census{at: at, with: map[labels.Label]int{}}
	for _, m := range in.members {
		if m.open {
			c.all++
			m.sig.Labels.Range(func(l labels.Label) { c.with[l]++ })
		}
	}
	return c
}

// gatherBurst puts what has begun lately at a place and was not posted into one incident, if so many groups did that chance is no
// explanation. It returns the incident that in is in then.
func (d *Dispatcher) gatherBurst(in *incident, s Signal) *incident {
	near := d.nearGroups(in.place, s.Transition.T)
	expected := d.paces[in.place].later(s.At).rate() * float64(stormWindow.Milliseconds()) / float64(max(1, near-1))
	if s.Frequency == nil || in.quiet || d.opts.StormGroups <= 0 || near < 2 || expected > coincidence {
		return in
	}
	var all []*incident
	for _, x := range d.incidents {
		if x.place == in.place && x.raised > s.Transition.T-stormWindow.Milliseconds() && x.open > 0 && !x.quiet {
			all = append(all, x)
		}
	}
	slices.SortFunc(all, preferIncident)
	to := all[0]
	for _, x := range all[1:] {
		if x.version > 0 {
			continue
		}
		d.stats.JoinedCompany++
		to.accompany(Company{Share: 1, Expected: expected})
		d.merge(to, x)
		if x == in {
			in = to
		}
	}
	return in
}

// accompany keeps the reason that is the weakest.
func (in *incident) accompany(why Company) {
	if in.why == nil || why.Expected > in.why.Expected {
		in.why = &why
	}
}

// sentence is "6 groups are told together: most share node=n1, as 3 % of all series do."
func (c *Company) sentence(groups int, visible *Visible) string {
	if c.Label == nil {
		return plural(groups, "group") + " are told together: so many do not begin at once by chance."
	}
	what := "a label"
	if visible.Shows(c.Label.Name) {
		what = c.Label.Name + "=" + c.Label.Value
	}
	return fmt.Sprintf("%s are told together: most share %s, as %.0f %% of all series do.", plural(groups, "group"), what, math.Ceil(100*c.Share))
}

type paceState struct {
	Place []byte  `json:"place"` // not UTF-8
	N     float64 `json:"n"`
	At    int64   `json:"at"`
}

func savePaces(paces map[string]pace) (out []paceState) {
	for _, place := range slices.Sorted(maps.Keys(paces)) {
		out = append(out, paceState{[]byte(place), paces[place].n, paces[place].at})
	}
	return out
}
