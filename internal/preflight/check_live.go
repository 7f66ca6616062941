package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/app"
)

// live asks the detector's source.
func (c *checkRun) live(ctx context.Context, a *asked, r *DetectorReport) {
	d := r.Detector
	if err := ingest.CheckNeed(ctx, a.source, d.Expr, c.Now); err != nil {
		c.wrong(ctx, d, configs.LevelError, err.Error())
		return
	}
	var err error
	if r.Match, err = match(ctx, a.source, d, c.Now); err != nil {
		c.wrong(ctx, d, configs.LevelError, err.Error()+hint(err))
		return
	}
	switch {
	case r.Match.TooMany != nil:
		c.wrong(ctx, d, configs.LevelError, r.Match.TooMany.Error()+"; it would stay off")
	case len(r.Match.Series) == 0:
		c.noMatch(ctx, a, d)
	}
	if a.server.HasAPI {
		if r.Reads, err = a.census.of(ctx, d, r.Match.Count(), c.Now); err != nil {
			c.wrong(ctx, d, LevelNote, "what it reads is unknown: "+err.Error())
		}
		found, err := quantiles(ctx, a.api, d, c.Now)
		if err != nil {
			c.wrong(ctx, d, LevelNote, "its quantiles could not be looked at: "+err.Error())
		}
		for _, f := range found {
			c.finding(d, f)
		}
	}
	if len(r.Match.Series) > 0 {
		if r.Ready, err = ready(ctx, a.source, d, r.Match.Series, c.Now); err != nil {
			c.wrong(ctx, d, LevelNote, "its history could not be looked at: "+err.Error())
			return
		}
		c.contract(ctx, a, r)
	}
	r.Matched = true
}

// contract looks at the detector's latest data as the service's checks of data will.
func (c *checkRun) contract(ctx context.Context, a *asked, r *DetectorReport) {
	if !r.Detector.DataQuality {
		return
	}
	k, err := app.ReadContract(ctx, c.Config, r.Detector, a.source, c.Now)
	if err != nil {
		c.wrong(ctx, r.Detector, LevelNote, "its latest data could not be looked at: "+err.Error())
		return
	}
	r.Contract = &k
	for _, v := range k.Open {
		what := "they are judged all the same"
		if v.Reason.Withholds() {
			what = "they would be neither judged nor learnt"
		}
		c.wrong(ctx, r.Detector, configs.LevelWarning, fmt.Sprintf("its data are DATA_QUALITY, %s, since %s: %s; %s",
			v.Reason, time.UnixMilli(v.Since).UTC().Format(time.RFC3339), v.Text, what))
	}
}

// noMatch warns of an expression without series. A preset's detectors are written for more servers than this one.
func (c *checkRun) noMatch(ctx context.Context, a *asked, d configs.Detector) {
	level := configs.LevelWarning
	if d.Preset != "" {
		level = LevelNote
	}
	text := "no match: the expression gives no series now"
	if missing := missingMetrics(a.server, d.Expr); len(missing) > 0 {
		text += "; the server has no metric " + strings.Join(missing, ", ")
	}
	c.wrong(ctx, d, level, text)
}

// missingMetrics are the metrics of an expression that the server does not have, in the order of the expression.
func missingMetrics(s Server, expr string) []string {
	a, err := ingest.Analyze(expr)
	if err != nil || !s.HasAPI {
		return nil
	}
	var out []string
	for _, u := range a.Uses {
		if u.Metric != "" && !s.holds(u.Metric) && !slices.Contains(out, u.Metric) {
			out = append(out, u.Metric)
		}
	}
	return out
}
