package alerting

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// ReportSchedule says when the weekly noise report is made. The zero value makes none.
type ReportSchedule struct {
	Receiver string
	Weekday  time.Weekday
	At       time.Duration // since midnight on the wall clock
	Location *time.Location
}

// String names the schedule: one that is changed begins anew.
func (r ReportSchedule) String() string {
	if r.Receiver == "" {
		return ""
	}
	return fmt.Sprintf("%s %s %s %s", r.Receiver, r.Weekday, r.At, r.Location)
}

// last is the newest time of the schedule that is not after t, Unix milliseconds.
func (r ReportSchedule) last(t int64) int64 {
	now := time.UnixMilli(t).In(r.Location)
	for back := 0; ; back++ {
		y, m, d := now.AddDate(0, 0, -back).Date()
		day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		if day.Weekday() != r.Weekday {
			continue
		}
		if at := wallTime(y, m, d, int(r.At/time.Hour), int(r.At%time.Hour/time.Minute), r.Location); at <= t {
			return at
		}
	}
}

// next is the first time of the schedule after t.
func (r ReportSchedule) next(t int64) int64 {
	const week = 8 * 24 * time.Hour // and the hour by which the clocks may change
	at := r.last(t + week.Milliseconds())
	for at > t {
		before := r.last(at - 1)
		if before <= t {
			break
		}
		at = before
	}
	return at
}

// NoiseReport counts what people were told between two times, Unix milliseconds.
type NoiseReport struct {
	From, To int64
	Total    Noise
	// Detectors are those that told something, or would have but for silences and the like: the one with most incidents first.
	Detectors []DetectorNoise
	// Forgotten counts incidents that the ledger had no room for, over all time: where it is above 0, an old range may lack some.
	Forgotten uint64
}

// Noise is one line of a report.
type Noise struct {
	Incidents    int    // whose first message was in the range
	Alarms       int    // that they told of
	Acknowledged int    // of Incidents
	MarkedFalse  int    // of Incidents: somebody called them no anomaly, and nobody took it back
	Open         int    // of Incidents: not over
	Hidden       uint64 // alarms that were over before anybody was told, as they were silenced, muted or inhibited; by whole UTC days
}

// HiddenShare is how many of all alarms nobody was told of, 0 to 1; 0 where there were none.
func (n Noise) HiddenShare() float64 {
	if all := float64(n.Alarms) + float64(n.Hidden); all > 0 {
		return float64(n.Hidden) / all
	}
	return 0
}

// DetectorNoise is one detector's share. An incident with alarms of two detectors counts for both.
type DetectorNoise struct {
	Detector string
	Noise
	// Promised is how many false alarms the detector's promise allows in the range; NaN where it promises no number.
	Promised float64
}

// NoiseReport counts what was told from time from until just before to.
func (d *Dispatcher) NoiseReport(from, to int64) NoiseReport {
	r := NoiseReport{From: from, To: to, Forgotten: d.ledger.forgotten}
	wrongly, by := d.calledFalse(), map[string]*DetectorNoise{}
	of := func(name string) *DetectorNoise {
		if by[name] == nil {
			by[name] = &DetectorNoise{Detector: name, Promised: d.promised(name, to-from)}
		}
		return by[name]
	}
	for key, x := range d.ledger.tales {
		if x.At < from || x.At >= to {
			continue
		}
		one := Noise{Incidents: 1, Acknowledged: count01(x.Acked), MarkedFalse: count01(wrongly[key]), Open: count01(x.Ended == 0)}
		for name, n := range x.Detectors {
			share := one
			share.Alarms = n
			of(name).add(share)
			one.Alarms += n
		}
		r.Total.add(one)
	}
	for day, hidden := range d.ledger.hidden {
		if day < from/dayMillis || day*dayMillis >= to {
			continue
		}
		for name, n := range hidden {
			of(name).Hidden += n
			r.Total.Hidden += n
		}
	}
	for _, x := range by {
		r.Detectors = append(r.Detectors, *x)
	}
	slices.SortFunc(r.Detectors, func(a, b DetectorNoise) int {
		return cmp.Or(cmp.Compare(b.Incidents, a.Incidents), cmp.Compare(b.Alarms, a.Alarms), cmp.Compare(a.Detector, b.Detector))
	})
	return r
}

// promised is how many false alarms a detector's promise allows in a span of milliseconds, NaN where it promises no number.
func (d *Dispatcher) promised(name string, span int64) float64 {
	perDay, ok := d.opts.Promised[name]
	if !ok {
		return math.NaN()
	}
	return perDay * float64(span) / float64(dayMillis)
}

func (n *Noise) add(m Noise) {
	n.Incidents += m.Incidents
	n.Alarms += m.Alarms
	n.Acknowledged += m.Acknowledged
	n.MarkedFalse += m.MarkedFalse
	n.Open += m.Open
	n.Hidden += m.Hidden
}

func count01(b bool) int {
	if b {
		return 1
	}
	return 0
}

// reportDue is when the next report is due, MaxInt64 if never. The first that is due lies after the first time that the dispatcher saw
// with this schedule, so that a change of it tells nothing by itself.
func (d *Dispatcher) reportDue() int64 {
	if d.opts.Report.Receiver == "" || d.schedule != d.opts.Report.String() {
		return math.MaxInt64
	}
	return d.opts.Report.next(d.reported)
}

// startReports notes the schedule that holds from t on.
func (d *Dispatcher) startReports(t int64) {
	if s := d.opts.Report.String(); d.schedule != s {
		d.schedule, d.reported = s, t
	}
}

// report is the weekly notice that is due at.
func (d *Dispatcher) report(at int64) Notice {
	d.reported = at
	from := time.UnixMilli(at).In(d.opts.Report.Location).AddDate(0, 0, -7).UnixMilli()
	n := Notice{
		Key: hash(24, "report", d.opts.Report.Receiver, strconv.FormatInt(at, 10)), Version: 1, Kind: KindReport,
		Receiver: d.opts.Report.Receiver, Status: "firing", At: at, StartsAt: at, Timezone: d.opts.Report.Location.String(),
		GroupLabels: map[string]string{}, CommonLabels: map[string]string{},
	}
	n.Headline, n.Body = ReportText(d.NoiseReport(from, at), d.opts.Report.Location)
	return n
}

// resumeReports leaves out all but the newest of the reports that were due by t.
func (d *Dispatcher) resumeReports(t int64) {
	if d.reportDue() > t {
		return
	}
	newest := d.opts.Report.last(t)
	d.reported = max(d.reported, d.opts.Report.last(newest-1))
}

// reportedDetectors is how many detectors the message of a report names.
const reportedDetectors = 10

// ReportText words a report.
func ReportText(r NoiseReport, loc *time.Location) (headline string, body []string) {
	day := func(t int64) string { return time.UnixMilli(t).In(loc).Format("Mon 2 Jan 15:04") }
	headline = fmt.Sprintf("Noise report %s – %s %s · %s, %s marked false", day(r.From), day(r.To),
		time.UnixMilli(r.To).In(loc).Format("MST"), plural(r.Total.Incidents, "incident"), Thousands(r.Total.MarkedFalse))
	if r.Total.Incidents == 0 && r.Total.Hidden == 0 {
		body = append(body, "Nothing was told and nothing was hidden.")
	} else {
		body = append(body, fmt.Sprintf("%s in %s · %s acknowledged · %s still open · %s never told (hidden: %.0f %% of all)",
			plural(r.Total.Alarms, "alarm"), plural(r.Total.Incidents, "incident"), Thousands(r.Total.Acknowledged), Thousands(r.Total.Open),
			plural(int(r.Total.Hidden), "alarm"), 100*r.Total.HiddenShare()))
	}
	for _, x := range r.Detectors[:min(len(r.Detectors), reportedDetectors)] {
		body = append(body, "• "+x.text())
	}
	if left := len(r.Detectors) - reportedDetectors; left > 0 {
		body = append(body, "and "+Thousands(left)+" more detectors")
	}
	if r.Forgotten > 0 {
		body = append(body, "The ledger has lost "+plural(int(r.Forgotten), "old incident")+" for want of room.")
	}
	return headline, body
}

// text is "ErrorRatio: 3 incidents (5 alarms), 1 acknowledged, 2 marked false where its promise allows 0.23; 4 alarms never told".
func (x DetectorNoise) text() string {
	text := fmt.Sprintf("%s: %s (%s), %s acknowledged, %s marked false", x.Detector, plural(x.Incidents, "incident"), plural(x.Alarms, "alarm"),
		Thousands(x.Acknowledged), Thousands(x.MarkedFalse))
	if !math.IsNaN(x.Promised) {
		verb := "where its promise allows "
		if float64(x.MarkedFalse) > max(x.Promised, 1) {
			verb = "although its promise allows only "
		}
		text += " " + verb + FormatValue(x.Promised, "")
	}
	if x.Hidden > 0 {
		text += "; " + plural(int(x.Hidden), "alarm") + " never told"
	}
	return text
}
