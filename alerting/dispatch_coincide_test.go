package alerting

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// companySignal is an alarm of a group by itself, which lies on a node and in a zone.
func companySignal(job, node, zone string, at time.Duration) Signal {
	s := testSignal("D/"+job, at, Alarming, "", 2)
	b := labels.NewBuilder(s.Labels)
	for name, value := range map[string]string{"node": node, "zone": zone} {
		if value != "" {
			b.Set(name, value)
		}
	}
	s.Labels = b.Labels()
	s.Frequency = map[string]float64{"cluster": 1, "job": 0.03, "node": 0.03, "zone": 1.0 / 3}
	return s
}

// TestCompany checks which groups are told in one message for their time and their labels.
func TestCompany(t *testing.T) {
	type alarm struct {
		node, zone string
		at         time.Duration
		cause      bool // it is one of those that share a cause
	}
	all := func(at time.Duration, n int) (out []alarm) {
		for range n {
			out = append(out, alarm{at: at})
		}
		return out
	}
	for name, test := range map[string]struct {
		alarms  []alarm
		busy    float64 // messages a day at the place before; 0: not known
		off     bool    // no storms
		unknown bool    // how frequent labels are
		want    int     // messages
	}{
		"one":                                  {alarms: all(0, 1), want: 1},
		"two at once that share no rare label": {alarms: all(0, 2), want: 2},
		"three at once":                        {alarms: all(0, 3), want: 1},
		"five within minutes, two of them posted": {alarms: append(append(all(0, 1), all(time.Minute, 1)...), all(4*time.Minute, 3)...), want: 2},
		"three at once where much begins":         {alarms: all(0, 3), busy: 40, want: 3},
		"six at once where much begins":           {alarms: all(0, 6), busy: 4, want: 1},
		"two on a node":                           {alarms: []alarm{{node: "n1"}, {node: "n1"}}, want: 1},
		"two on a node where much begins":         {alarms: []alarm{{node: "n1"}, {node: "n1"}}, busy: 200, want: 2},
		"two on two nodes":                        {alarms: []alarm{{node: "n1"}, {node: "n2"}}, want: 2},
		"two in a zone, of which there are three": {alarms: []alarm{{zone: "b"}, {zone: "b"}}, want: 2},
		"a cascade":                           {alarms: []alarm{{cause: true}, {cause: true}, {cause: true}, {cause: true}}, want: 1},
		"a cascade, and a fault beside it":    {alarms: []alarm{{cause: true}, {cause: true}, {cause: true}, {cause: true}, {}}, want: 2},
		"a cascade in which a fault falls":    {alarms: []alarm{{cause: true}, {cause: true}, {}, {cause: true, at: 5 * time.Minute}}, want: 2},
		"a cascade, and a fault on its node":  {alarms: []alarm{{cause: true, node: "n1"}, {cause: true, node: "n1"}, {node: "n1"}}, want: 1},
		"a cascade, and a fault in its zone":  {alarms: []alarm{{cause: true, zone: "b"}, {cause: true, zone: "b"}, {zone: "b"}}, want: 2},
		"a cascade, and two groups beside it": {alarms: []alarm{{cause: true}, {cause: true}, {}, {}}, want: 1},
		"later on the node":                   {alarms: []alarm{{node: "n1"}, {node: "n1", at: 2 * time.Hour}}, want: 1},
		"much later on the node":              {alarms: []alarm{{node: "n1"}, {node: "n1", at: 9 * time.Hour}}, want: 2},
		"later in the zone":                   {alarms: []alarm{{zone: "b"}, {zone: "b", at: time.Hour}}, want: 2},
		"at once, storms off":                 {alarms: all(0, 5), off: true, want: 5},
		"at once, frequencies not known":      {alarms: all(0, 5), unknown: true, want: 5},
	} {
		t.Run(name, func(t *testing.T) {
			route := testRoute()
			route.GroupByCause = new(true)
			opts := DispatcherOptions{StormGroups: DefaultStormGroups}
			if test.off {
				opts.StormGroups = 0
			}
			d := NewDispatcher(route, opts)
			if test.busy > 0 {
				d.paces["oncall"] = pace{test.busy * float64(paceMemory/(24*time.Hour)), epoch}
			}
			keys := map[string]bool{}
			tell := func(ns []Notice) {
				for _, n := range ns {
					keys[n.Key] = true
				}
			}
			var caused []string
			for i, a := range test.alarms {
				if a.cause {
					caused = append(caused, companySignal(fmt.Sprintf("j%d", i), "", "", 0).ID)
				}
			}
			for i, a := range test.alarms {
				tell(d.AdvanceTo(epoch+a.at.Milliseconds()-1, testView(time.UTC)))
				s := companySignal(fmt.Sprintf("j%d", i), a.node, a.zone, a.at)
				if test.unknown {
					s.Frequency = nil
				}
				if a.cause {
					s.Cause = &SharedCause{Members: caused, P: 0.001}
				}
				d.Handle(s)
				restarted := NewDispatcher(route, opts)
				if err := restarted.LoadState(d.AppendState(nil)); err != nil {
					t.Fatal(err)
				}
				d = restarted
			}
			tell(d.AdvanceTo(epoch+(12*time.Hour).Milliseconds(), testView(time.UTC)))
			if len(keys) != test.want {
				t.Errorf("%d messages, want %d", len(keys), test.want)
			}
		})
	}
}

// The message says why its groups are together, and names no label that must not leave.
func TestCompanySentence(t *testing.T) {
	for want, test := range map[string]struct {
		visible []*regexp.Regexp
	}{
		"2 groups are told together: most share node=n1, as 3 % of all series do.": {},
		"2 groups are told together: most share a label, as 3 % of all series do.": {visible: []*regexp.Regexp{regexp.MustCompile("job|cluster")}},
	} {
		route := testRoute()
		route.GroupByCause = new(true)
		opts := DispatcherOptions{StormGroups: DefaultStormGroups}
		if test.visible != nil {
			opts.Visible = NewVisible(test.visible, nil)
		}
		d := NewDispatcher(route, opts)
		d.Handle(companySignal("a", "n1", "", 0))
		d.Handle(companySignal("b", "n1", "", 0))
		n := d.AdvanceTo(epoch+time.Minute.Milliseconds(), testView(time.UTC))
		if len(n) != 1 || !slices.Contains(n[0].Body, want) {
			t.Errorf("no %q in %q", want, n[0].Body)
		}
		if all := d.Incidents(); len(all) != 1 || all[0].Groups != 2 || all[0].Company == nil || all[0].Company.Label.Name != "node" || all[0].Company.Share != 0.03 {
			t.Errorf("incidents are %+v", all)
		}
	}
}
