package configs

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

func global(s scope, raw rawGlobal) Global {
	g := Global{
		Step: time.Duration(raw.Step), History: time.Duration(raw.History), Delay: time.Duration(raw.Delay),
		Location: raw.Timezone.loc, ExternalURL: strings.TrimSuffix(raw.ExternalURL, "/"),
		Heartbeat: Heartbeat{URL: raw.Heartbeat.URL, Interval: time.Duration(raw.Heartbeat.Interval)},
	}
	g.SilenceWarning, g.FlapChanges, g.StormGroups = time.Duration(raw.SilenceWarning), raw.FlapChanges, raw.StormGroups
	if raw.StormGroups < 0 || raw.StormGroups > 1000 {
		s.at("storm_groups").wrong("is not within 0 to 1000", "0 switches it off")
	}
	if raw.FlapChanges < 0 || raw.FlapChanges > 1000 {
		s.at("flap_changes").wrong("is not within 0 to 1000", "0 switches it off")
	}
	if g.Location == nil {
		g.Location = time.UTC // the wrong name is reported
	}
	if !checkStep(s.at("step"), g.Step) {
		g.Step = time.Minute // so that no detector repeats it
	}
	if !checkHistory(s.at("history"), g.History) {
		g.History = defaultHistory
	}
	if !checkDelay(s.at("delay"), g.Delay) {
		g.Delay = 0
	}
	if raw.ExternalURL != "" {
		checkURL(s.at("external_url"), raw.ExternalURL)
	}
	if g.Heartbeat.URL != "" {
		checkURL(s.at("heartbeat").at("url"), string(g.Heartbeat.URL))
	}
	if g.Heartbeat.Interval < time.Second {
		s.at("heartbeat").at("interval").wrong("is under 1s", "")
	}
	return g
}

func storage(s scope, raw rawStorage) Storage {
	st := Storage{SnapshotInterval: time.Duration(raw.SnapshotInterval)}
	st.Recording = Recording{Enabled: raw.Recording.Enabled, Samples: raw.Recording.Samples, MaxSize: int64(raw.Recording.MaxSize)}
	if st.Recording.MaxSize < 16<<20 {
		s.at("recording").at("max_size").wrong("is under 16MiB", "a day of 1,000 series at a step of a minute takes about 4 MiB")
	}
	if st.Recording.Samples && !st.Recording.Enabled {
		s.at("recording").at("samples").wrong("is set, but the recording is off", "set enabled as well")
	}
	retention := time.Duration(raw.Retention)
	if retention < 24*time.Hour {
		s.at("retention").wrong("is under 1d", "incidents must outlive the look at them")
	}
	st.Keep = keep(s.at("retention_by_class"), raw.Keep, retention)
	if st.SnapshotInterval < 10*time.Second || st.SnapshotInterval > 24*time.Hour {
		s.at("snapshot_interval").wrong("is not between 10s and 1d", "")
	}
	return st
}

// keep is the classes' own times, where they have one, else the retention of all.
func keep(s scope, raw rawKeep, retention time.Duration) Keep {
	own := func(name string, d duration) time.Duration {
		if s.has(name) && time.Duration(d) < 24*time.Hour {
			s.at(name).wrong("is under 1d", "leave it out to keep it for storage.retention")
		}
		return or(s, name, d, retention)
	}
	return Keep{
		History: own("history", raw.History), Events: own("events", raw.Events), Silences: own("silences", raw.Silences),
		Feedback: own("feedback", raw.Feedback), Incidents: own("incidents", raw.Incidents), Unsent: own("unsent", raw.Unsent),
	}
}

func events(s scope, raw rawEvents) Events {
	if !raw.Enabled {
		return Events{}
	}
	e := Events{
		Interval: time.Duration(raw.Interval), Deploys: raw.Deploys, Restarts: raw.Restarts, Rollouts: raw.Rollouts, MaxSeries: raw.MaxSeries,
	}
	if e.Interval < 15*time.Second || e.Interval > time.Hour || e.Interval%time.Second != 0 {
		s.at("interval").wrong(formatDuration(e.Interval)+" is not a whole number of seconds between 15s and 1h", "")
		e.Interval = time.Minute
	}
	if e.MaxSeries < 1 {
		s.at("max_series").wrong(fmt.Sprintf("%d is not at least 1", e.MaxSeries), "")
	}
	p := parser.NewParser(parser.Options{})
	for _, f := range []struct{ name, sel string }{{"deploys", e.Deploys}, {"restarts", e.Restarts}, {"rollouts", e.Rollouts}} {
		if f.sel == "" {
			continue
		}
		if _, err := p.ParseMetricSelector(f.sel); err != nil {
			s.at(f.name).wrong(quoted(f.sel)+" is not a selector", firstLine(err))
		}
	}
	return e
}

func export(s scope, raw rawExport) Export {
	var e Export
	p := parser.NewParser(parser.Options{})
	for i, sel := range raw.Match {
		ms, err := p.ParseMetricSelector(sel)
		if err != nil {
			s.at("match").index(i).wrong(quoted(sel)+" is not a selector", firstLine(err))
			continue
		}
		e.Match = append(e.Match, ms)
	}
	return e
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// checkURL accepts absolute http and https URLs. Its messages never hold the URL, which may hold a password.
func checkURL(s scope, raw string) {
	u, err := url.Parse(raw)
	if err != nil {
		var ue *url.Error
		reason := "it cannot be parsed"
		if errors.As(err, &ue) && !strings.Contains(raw, "@") {
			reason = ue.Err.Error()
		}
		s.wrong("is not a URL: "+reason, "want http://host:port/path")
		return
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		s.wrong("does not begin with http:// or https://", "")
	case u.Host == "":
		s.wrong("has no host", "want http://host:port/path")
	case u.User != nil:
		s.wrong("holds a user name or password", "use basic_auth with a password_file")
	}
}

// defaultHistory is what stands in for a wrong one while the rest is checked.
const defaultHistory = 15 * 24 * time.Hour

func checkStep(s scope, step time.Duration) bool {
	switch {
	case step < time.Second || step%time.Second != 0:
		s.wrong(formatDuration(step)+" is not a whole number of seconds, at least 1s", "")
	case step > 24*time.Hour:
		s.wrong(formatDuration(step)+" is over 1d", "a day of points must fit into the alarm's range")
	default:
		return true
	}
	return false
}

func checkHistory(s scope, h time.Duration) bool {
	ok := h >= time.Hour && h <= 400*24*time.Hour
	if !ok {
		s.wrong(formatDuration(h)+" is not between 1h and 400d", "the level needs 6h, the daily pattern 2d, the weekly one 15d")
	}
	return ok
}

func checkDelay(s scope, d time.Duration) bool {
	ok := d >= 0 && d <= 24*time.Hour
	if !ok {
		s.wrong(formatDuration(d)+" is not between 0s and 1d", "")
	}
	return ok
}
