package alerting

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// GroupByAll as the only entry of GroupBy groups by every label, so that each label set is a group of its own.
const GroupByAll = "..."

// Match returns the nodes that an alarm with these labels goes to, in the order of the tree, with everything that they
// inherit filled in and without children. It is empty only if the root itself has matchers that do not match.
func (r *Route) Match(ls labels.Labels) []Route {
	ways := r.Ways(ls)
	found := make([]Route, len(ways))
	for i, w := range ways {
		found[i] = w.Route
	}
	return found
}

// Inherit is the node with what it leaves unset taken from its parent, and without children.
func (r *Route) Inherit(parent Route) Route {
	node := Route{
		Receiver: cmp.Or(r.Receiver, parent.Receiver), Matchers: r.Matchers, GroupBy: r.GroupBy, Continue: r.Continue,
		MuteIntervals: r.MuteIntervals, ActiveIntervals: r.ActiveIntervals,
		GroupWait:      cmp.Or(r.GroupWait, parent.GroupWait),
		GroupInterval:  cmp.Or(r.GroupInterval, parent.GroupInterval),
		RepeatInterval: cmp.Or(r.RepeatInterval, parent.RepeatInterval),
		GroupByCause:   cmp.Or(r.GroupByCause, parent.GroupByCause),
		WaitGiven:      r.GroupWait != 0 || parent.WaitGiven,
	}
	if node.GroupBy == nil {
		node.GroupBy = parent.GroupBy
	}
	return node
}

// ByCause reports whether the node, which has inherited, joins groups whose alarms have one cause. One that groups by every label wants
// each alarm by itself.
func (r *Route) ByCause() bool {
	return r.GroupByCause != nil && *r.GroupByCause && !slices.Equal(r.GroupBy, []string{GroupByAll})
}

// anyByCause reports whether the node or one below it may join groups whose alarms have one cause.
func (r *Route) anyByCause() bool {
	return r.GroupByCause != nil && *r.GroupByCause || slices.ContainsFunc(r.Routes, (*Route).anyByCause)
}

// place is what groups must agree in to be told in one message: the receiver, and the intervals that mute the node.
func (r *Route) place() string {
	if len(r.MuteIntervals)+len(r.ActiveIntervals) == 0 {
		return r.Receiver
	}
	return r.Receiver + "\xff" + strings.Join(r.MuteIntervals, "\xff") + "\xfe" + strings.Join(r.ActiveIntervals, "\xff")
}

// groupID names a group of the node.
func (r *Route) groupID(group labels.Labels) string {
	return r.Receiver + "\xff" + group.String() + strings.TrimPrefix(r.place(), r.Receiver)
}

// groupLabels are the labels by which the node groups; those that the alarm does not have are left out.
func (r *Route) groupLabels(ls labels.Labels) labels.Labels {
	if len(r.GroupBy) == 1 && r.GroupBy[0] == GroupByAll {
		return ls
	}
	b := labels.NewScratchBuilder(len(r.GroupBy))
	for _, name := range r.GroupBy {
		if v := ls.Get(name); v != "" {
			b.Add(name, v)
		}
	}
	b.Sort()
	return b.Labels()
}

// Validate checks the whole tree against the names of the receivers that exist and returns every error at once, each with the
// path of its node ("route.routes[1]").
func (r *Route) Validate(receivers []string) error {
	var errs []error
	if r.Receiver == "" {
		errs = append(errs, errors.New("route: receiver is missing, the root needs one"))
	}
	if len(r.Matchers) > 0 {
		errs = append(errs, errors.New("route: the root must not have matchers, every alarm has to go somewhere"))
	}
	if r.Continue {
		errs = append(errs, errors.New("route: the root must not have continue, nothing comes after it"))
	}
	return errors.Join(append(errs, r.validate("route", receivers)...)...)
}

func (r *Route) validate(path string, receivers []string) []error {
	var errs []error
	if r.Receiver != "" && !slices.Contains(receivers, r.Receiver) {
		errs = append(errs, fmt.Errorf("%s: receiver %q is not defined, want one of %s", path, r.Receiver, quoted(receivers)))
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"group_wait", r.GroupWait}, {"group_interval", r.GroupInterval}, {"repeat_interval", r.RepeatInterval}} {
		if d.d < 0 {
			errs = append(errs, fmt.Errorf("%s: %s is %s, want more than zero", path, d.name, d.d))
		}
	}
	if err := validateGroupBy(r.GroupBy); err != nil {
		errs = append(errs, fmt.Errorf("%s: group_by: %w", path, err))
	}
	for i, child := range r.Routes {
		errs = append(errs, child.validate(fmt.Sprintf("%s.routes[%d]", path, i), receivers)...)
	}
	return errs
}

func validateGroupBy(names []string) error {
	for i, name := range names {
		switch {
		case name == "":
			return errors.New("a label name is empty")
		case slices.Contains(names[:i], name):
			return fmt.Errorf("%q is listed twice", name)
		case name == GroupByAll && len(names) > 1:
			return fmt.Errorf("%q already means every label, the other names have to go", GroupByAll)
		}
	}
	return nil
}

func quoted(names []string) string {
	if len(names) == 0 {
		return "none (no receivers are configured)"
	}
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(q, ", ")
}
