package demo

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/simfleet"
)

// fleet is what is simulated.
type fleet interface {
	simfleet.Feed
	FaultStart() int64
	Incidents() []simfleet.Incident
}

// newFleet is the fleet that the options ask for, with the configuration that watches it.
func newFleet(o Options) (f fleet, config []byte, err error) {
	fault := simfleet.DefaultStart.Add(simfleet.DefaultHistory)
	if o.Fleet == 0 {
		f, err = simfleet.New(simfleet.Options{Seed: o.Seed, Start: simfleet.DefaultStart.Add(-lookBack), FaultStart: fault})
		return f, configs.Demo, err
	}
	f, err = simfleet.NewRegion(simfleet.RegionOptions{Seed: o.Seed, Services: o.Fleet, Start: fault.Add(-o.History - lookBack), FaultStart: fault})
	return f, configs.Fleet, err
}

// What must hold of a large fleet.
const (
	leastTold  = 0.98
	leastFewer = 0.99
	mostAmiss  = 2 // messages outside incidents within 12 hours
)

// good reports whether the week of a large fleet was told as it should be.
func (f figures) good() bool {
	return float64(f.told) >= leastTold*float64(f.incidents) && f.fewer() >= leastFewer && f.most <= mostAmiss
}

// table writes a line for each incident.
func (f figures) table(w io.Writer, zone *time.Location) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "INCIDENT\tWHAT\tBEGAN\tTOLD AFTER\tEPISODES\tMESSAGES")
	for _, x := range f.each {
		after := "never"
		if x.after >= 0 {
			after = x.after.Round(time.Second).String()
		}
		fmt.Fprintf(t, "%s\t%s: %s\t%s\t%s\t%d\t%d\n", x.name, x.kind, x.size, clock(x.began, zone), after, x.episodes, x.messages)
	}
	return t.Flush()
}

// announce prints the messages of a large fleet, whose alarms are too many.
func (s *stage) announce(first []*alerting.Notice) {
	if s.quiet || s.o.Fleet == 0 {
		return
	}
	for _, n := range first {
		fmt.Fprintf(s.o.Out, "%s  %s  (%d alarms)\n", clock(n.At, s.zone()), n.Headline, len(n.Alarms)+n.Omitted)
	}
}
