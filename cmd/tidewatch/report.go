package main

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/api"
)

func reportCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := a.Command("report", "Ask a running service what people were told: incidents by detector, acknowledged, marked false, and what was hidden.")
	connect := serviceFlags(c)
	last := c.Flag("last", "How far back, up to now; left out: a week.").PlaceHolder("7d").String()
	output := c.Flag("output", "simple, or json.").Short('o').Default("simple").Enum("simple", "json")
	return c.FullCommand(), func(ctx context.Context) error {
		query := url.Values{}
		if *last != "" {
			span, err := model.ParseDuration(*last)
			if err != nil || span == 0 {
				return fmt.Errorf("--last %q is no duration; write for example 7d", *last)
			}
			query.Set("from", e.now().Add(-time.Duration(span)).UTC().Format(time.RFC3339))
		}
		s, err := connect()
		if err != nil {
			return err
		}
		var r api.NoiseReport
		if err := s.get(ctx, "api/v1/report", query, &r); err != nil {
			return err
		}
		if *output == "json" {
			return printJSON(e.stdout, r)
		}
		return printReport(e, &r)
	}
}

func printReport(e *env, r *api.NoiseReport) error {
	return table(e.stdout, func(p *page) {
		p.printf("DETECTOR\tINCIDENTS\tALARMS\tACKNOWLEDGED\tMARKED FALSE\tPROMISED\tOPEN\tNEVER TOLD\n")
		line := func(name string, n api.Noise, promised float64) {
			allowed := "-"
			if !math.IsNaN(promised) {
				allowed = "≤ " + alerting.FormatValue(promised, "")
			}
			p.printf("%s\t%d\t%d\t%d\t%d\t%s\t%d\t%d (%.0f %%)\n", name, n.Incidents, n.Alarms, n.Acknowledged, n.MarkedFalse, allowed, n.Open,
				n.Hidden, 100*float64(n.HiddenShare))
		}
		for i := range r.Detectors {
			line(r.Detectors[i].Detector, r.Detectors[i].Noise, float64(r.Detectors[i].Promised))
		}
		line("all", r.Total, math.NaN())
		if r.Forgotten > 0 {
			p.printf("%d old incidents are not counted: there was no room to remember them\n", r.Forgotten)
		}
	})
}
