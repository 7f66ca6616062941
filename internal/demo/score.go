package demo

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/internal/simfleet"
)

// onset is one alarm of the run: a transition into ALARM.
type onset struct {
	detector string
	labels   labels.Labels
	began    int64 // grid time of the first breaching point
	raised   int64 // grid time of the transition
	reason   string
}

// verdict is what became of the incidents.
type verdict struct {
	found       []hit // one for each incident, in order of time
	falseAlarms []onset
}

type hit struct {
	simfleet.Incident
	by *onset // nil: missed
}

// judge matches alarms with incidents. An alarm of a symptom belongs to its incident, but does not find it.
func judge(incidents []simfleet.Incident, alarms []onset) verdict {
	var v verdict
	slices.SortFunc(alarms, func(a, b onset) int {
		return cmp.Or(cmp.Compare(a.raised, b.raised), cmp.Compare(a.detector, b.detector))
	})
	used := make([]bool, len(alarms))
	for _, in := range incidents {
		h := hit{Incident: in}
		for i := range alarms {
			a := &alarms[i]
			used[i] = used[i] || in.Explains(a.detector, a.labels, a.raised)
			if h.by == nil && in.Finds(a.detector, a.labels, a.raised) {
				h.by = a
			}
		}
		v.found = append(v.found, h)
	}
	for i, a := range alarms {
		if !used[i] {
			v.falseAlarms = append(v.falseAlarms, a)
		}
	}
	return v
}

func (v verdict) hits() int {
	n := 0
	for _, h := range v.found {
		if h.by != nil {
			n++
		}
	}
	return n
}

// print writes the table of incidents and the false alarms.
func (v verdict) print(w io.Writer, zone *time.Location) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "INCIDENT\tWHAT\tBEGAN\tFOUND BY\tDELAY")
	for _, h := range v.found {
		by, delay := "missed", ""
		if h.by != nil {
			by = h.by.detector
			delay = (time.Duration(h.by.raised-h.Start) * time.Millisecond).String()
		} else if h.Subtle {
			by = "missed (subtle)"
		}
		fmt.Fprintf(t, "%s\t%s: %s\t%s\t%s\t%s\n", h.Name, h.Kind, h.Size, clock(h.Start, zone), by, delay)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return v.printFalse(w, zone)
}

// printFalse writes the false alarms and the counts.
func (v verdict) printFalse(w io.Writer, zone *time.Location) error {
	for _, a := range v.falseAlarms {
		if _, err := fmt.Fprintf(w, "false alarm: %s %s %s: %s\n", clock(a.raised, zone), a.detector, a.labels, a.reason); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d of %d incidents found, %d false alarms\n", v.hits(), len(v.found), len(v.falseAlarms))
	return err
}

func clock(ms int64, zone *time.Location) string {
	return time.UnixMilli(ms).In(zone).Format("Mon 2 Jan 15:04")
}

// mostFalseAlarms is the 97.5 % quantile of a Poisson law with the promised mean: the upper end of the promise's central 95 %
// interval.
func mostFalseAlarms(mean float64) int {
	p := math.Exp(-mean)
	sum := p
	n := 0
	for sum < 0.975 {
		n++
		p *= mean / float64(n)
		sum += p
	}
	return n
}

// verdict prints what became of the week.
func (s *stage) verdict() (sum Summary, err error) {
	w, incidents := s.o.Out, s.fleet.Incidents()
	v := judge(incidents, s.alarms)
	f := s.telling.figures(incidents, s.alarms, arrivals(s.slack.Messages(channel)))
	if s.o.Fleet == 0 {
		err = v.print(w, s.zone())
	} else if err = f.table(w, s.zone()); err == nil {
		err = v.printFalse(w, s.zone())
		fmt.Fprintf(w, "%.1f false alarms were promised\n", s.promised())
	}
	if err == nil {
		err = f.print(w)
	}
	return Summary{
		Incidents: len(v.found), Found: v.hits(), FalseAlarms: len(v.falseAlarms), Messages: f.messages,
		Told: f.told, Episodes: f.episodes, MessagesOutside: f.outside, MessagesOutside12h: f.most,
		FirstAlarmSeconds: s.firstAlarm.Seconds(), PeakRSSBytes: peakRSS(), Good: s.good(v, f),
	}, err
}

// good reports whether enough was found and, of the small fleet, no more false alarms were raised than chance may add to those promised; of a
// large one, whose pods have pauses that nobody injected, whether it was told as it should be.
func (s *stage) good(v verdict, f figures) bool {
	if s.o.Fleet > 0 {
		return f.good()
	}
	return 10*v.hits() >= 8*len(v.found) && len(v.falseAlarms) <= mostFalseAlarms(s.promised())
}
