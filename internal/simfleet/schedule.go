package simfleet

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

const hour = int64(time.Hour / time.Millisecond)

// schedule is the fault week. Times are from its start; the missing cron run is put at the job's hour.
func schedule(from time.Time, zone *time.Location) []fault {
	at := func(day int, hour, minute int, length time.Duration) (start, end int64) {
		s := from.Add(time.Duration(day)*24*time.Hour + time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
		return s.UnixMilli(), s.Add(length).UnixMilli()
	}
	var out []fault
	add := func(x fault, start, end int64, detectors string, ls ...string) {
		x.Start, x.End, x.Detectors, x.Labels = start, end, fields(detectors), labels.FromStrings(ls...)
		out = append(out, x)
	}
	for _, p := range plans {
		start, end := at(p.day, p.hour, p.minute, p.length)
		for _, d := range fields(p.after) {
			p.Also = append(p.Also, Symptom{d, labels.FromStrings(p.labels...), end, end + hour})
		}
		add(p.fault, start, end, p.detectors, p.labels...)
	}
	start := nextBilling(from.Add(5*24*time.Hour), zone)
	end := start + 6*hour
	add(fault{
		Incident: Incident{
			Name: "billing-missing", Kind: "cron job missing", Size: "the nightly run is left out, made up for 6 h later",
			Also: []Symptom{ // the run at an unusual hour
				{"NodeCPU", labels.FromStrings("instance", "node-6:9100"), end, end + hour},
				{"BatchRuns", labels.FromStrings("batch", "billing"), end, end + hour},
			},
		},
		knob: "cron/billing", gain: 1,
	}, start, end, "BatchRuns", "batch", "billing")
	slices.SortFunc(out, func(a, b fault) int { return int(a.Start - b.Start) })
	return out
}

// nextBilling is the first 02:00 local at or after t.
func nextBilling(t time.Time, zone *time.Location) int64 {
	y, m, d := t.In(zone).Date()
	at := time.Date(y, m, d, 2, 0, 0, 0, zone)
	if at.Before(t) {
		at = time.Date(y, m, d+1, 2, 0, 0, 0, zone)
	}
	return at.UnixMilli()
}
