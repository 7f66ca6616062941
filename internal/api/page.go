package api

import (
	"cmp"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// PageAnomalies filters, orders and cuts anomalies as q asks. It leaves all as it is.
func PageAnomalies(all []Anomaly, q AnomalyQuery) AnomalyPage {
	var picked []int
	for i := range all {
		if q.takes(&all[i]) {
			picked = append(picked, i)
		}
	}
	slices.SortFunc(picked, func(a, b int) int { return all[a].Key().compare(all[b].Key()) })
	n := min(q.Limit, len(picked))
	page := AnomalyPage{Anomalies: make([]Anomaly, n), Remaining: len(picked) - n}
	for i, j := range picked[:n] {
		page.Anomalies[i] = all[j]
	}
	return page
}

// Key is the anomaly's place in the order of a list.
func (a *Anomaly) Key() AnomalyKey { return AnomalyKey{Start: a.Start, ID: a.ID} }

func (q *AnomalyQuery) takes(a *Anomaly) bool {
	switch {
	case int64(a.Start) > q.To, a.End != 0 && int64(a.End) < q.From:
		return false
	case q.MinScore > 0 && !(float64(a.Score) >= q.MinScore): // so written that NaN is left out
		return false
	case q.State != "" && a.State != q.State:
		return false
	case q.After != nil && a.Key().compare(*q.After) <= 0:
		return false
	}
	return Matches(q.Matchers, a.Detector, a.Labels)
}

// compare is negative where k comes before o: later starts first, then smaller IDs.
func (k AnomalyKey) compare(o AnomalyKey) int {
	return cmp.Or(cmp.Compare(o.Start, k.Start), cmp.Compare(k.ID, o.ID))
}

// PageAlarms filters, orders and cuts alarms as q asks. It leaves all as it is.
func PageAlarms(all []Alarm, q AlarmQuery) AlarmPage {
	var picked []int
	for i := range all {
		if q.takes(&all[i]) {
			picked = append(picked, i)
		}
	}
	slices.SortFunc(picked, func(a, b int) int { return cmp.Compare(all[a].ID, all[b].ID) })
	n := min(q.Limit, len(picked))
	page := AlarmPage{Alarms: make([]Alarm, n), Remaining: len(picked) - n}
	for i, j := range picked[:n] {
		page.Alarms[i] = all[j]
	}
	return page
}

func (q *AlarmQuery) takes(a *Alarm) bool {
	switch {
	case q.State != "" && a.State != q.State, q.Detector != "" && a.Detector != q.Detector:
		return false
	case q.Actions != "" && (q.Actions == "enabled") != a.ActionsEnabled:
		return false
	case q.AfterID != "" && a.ID <= q.AfterID:
		return false
	}
	return Matches(q.Matchers, a.Detector, a.Labels)
}

// Matches reports whether any of the selectors fits a series; no selectors fit every series. The detector's name is matched
// as the label "detector" unless the series has one of its own.
func Matches(selectors [][]*labels.Matcher, detector string, ls labels.Labels) bool {
	if len(selectors) == 0 {
		return true
	}
	return slices.ContainsFunc(selectors, func(ms []*labels.Matcher) bool {
		return !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches(labelOf(m.Name, detector, ls)) })
	})
}

func labelOf(name, detector string, ls labels.Labels) string {
	if v := ls.Get(name); v != "" || name != "detector" {
		return v
	}
	return detector
}
