package api

import (
	"context"
	"net/http"
	"slices"
)

// route is one row of the table that the handlers, the parameter parser and the OpenAPI document share.
type route struct {
	method, path string
	id           string // operationId, and the label "handler" of the metrics
	tag          string
	summary      string
	params       []param
	body         any    // zero value of the JSON that the request has; nil: none
	answer       any    // zero value of the data in the envelope; nil where media is set
	media        string // content type of an answer without the envelope
	codes        []int  // error codes beside 500 that the route gives
	limited      bool   // counts against MaxConcurrent and has a time-out
	serve        serveFunc
}

// serveFunc answers one request, or returns an error that has not been written yet.
type serveFunc func(s *server, w http.ResponseWriter, r *http.Request, a *args) error

// envelope makes a serveFunc of a handler that gives data for the envelope.
func envelope(h func(*server, context.Context, *args) (answer, error)) serveFunc {
	return func(s *server, w http.ResponseWriter, r *http.Request, a *args) error {
		ans, err := h(s, r.Context(), a)
		if err != nil {
			return err
		}
		s.writeJSON(w, http.StatusOK, success{Status: "success", Data: ans.data, Infos: ans.infos})
		return nil
	}
}

// Content types of answers without the envelope.
const (
	mediaText    = "text/plain; charset=utf-8"
	mediaJSON    = "application/json"
	mediaPNG     = "image/png"
	mediaMetrics = "text/plain; version=0.0.4"
)

// Error codes that routes share: a bad parameter, a read, and a read of one thing.
var (
	codesPlain = []int{http.StatusBadRequest}
	codesRead  = []int{http.StatusBadRequest, http.StatusServiceUnavailable}
	codesOne   = []int{http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable}
	codesChart = append(codesOne[:3:3], http.StatusNotImplemented)
)

// routes is the table.
func routes() []*route {
	return slices.Concat(dataRoutes(), controlRoutes(), serviceRoutes())
}

func dataRoutes() []*route {
	return []*route{
		{
			method: http.MethodGet, path: "/api/v1/anomalies", id: "listAnomalies", tag: "anomalies",
			summary: "Anomalies that overlap a time range, newest first.",
			params: []param{
				paramFrom, paramTo,
				{name: "min_score", kind: kindNumber, example: "1.5", doc: "Least anomaly_score; 1 is where a point breaches."},
				paramMatch,
				{name: "state", enum: []string{AnomalyActive, AnomalyEnded}, doc: "Only anomalies in this state."},
				paramLimit, paramCursor,
			},
			answer: AnomalyList{}, codes: codesRead, limited: true, serve: envelope((*server).anomalies),
		},
		{
			method: http.MethodGet, path: "/api/v1/alarms", id: "listAlarms", tag: "alarms",
			summary: "Alarms with their states, ordered by id.",
			params: []param{
				paramMatch,
				{name: "state", enum: alarmStates, doc: "Only alarms in this state."},
				{name: "detector", doc: "Only alarms of the detector with this name.", example: "checkout-5xx"},
				{name: "actions", enum: []string{"enabled", "disabled"}, doc: "Only alarms whose actions are switched so."},
				paramLimit, paramCursor,
			},
			answer: AlarmList{}, codes: codesRead, limited: true, serve: envelope((*server).alarms),
		},
		{
			method: http.MethodGet, path: "/api/v1/alarms/{id}", id: "getAlarm", tag: "alarms",
			summary: "One alarm.", params: []param{paramAlarmID},
			answer: Alarm{}, codes: codesOne, limited: true, serve: envelope((*server).alarm),
		},
		{
			method: http.MethodGet, path: "/api/v1/alarms/{id}/history", id: "getAlarmHistory", tag: "alarms",
			summary: "An alarm's transitions, newest first.", params: []param{paramAlarmID, paramLimit},
			answer: History{}, codes: codesOne, limited: true, serve: envelope((*server).history),
		},
		{
			method: http.MethodGet, path: "/api/v1/alarms/{id}/explain", id: "explainAlarm", tag: "alarms",
			summary: "Why an alarm is in its state.", params: []param{paramAlarmID},
			answer: Explanation{}, codes: codesOne, limited: true, serve: envelope((*server).explain),
		},
		{
			method: http.MethodGet, path: "/api/v1/detectors/{name}/contributors", id: "listContributors", tag: "detectors",
			summary: "The series that bring a detector into ALARM.", params: []param{{name: "name", path: true, doc: "Name of the detector."}},
			answer: ContributorList{}, codes: codesOne, limited: true, serve: envelope((*server).contributors),
		},
		{
			method: http.MethodGet, path: "/api/v1/causes", id: "listCauses", tag: "alarms",
			summary: "Alarms that fire and go back to one thing: who moved first, what they share, and by what chance they would be so much in step.",
			answer:  CauseList{}, codes: codesRead, limited: true, serve: envelope((*server).causes),
		},
		{
			method: http.MethodGet, path: "/api/v1/series/{id}/band", id: "getBand", tag: "series",
			summary: "Observed values, expectation, band and score of a series.",
			params:  []param{paramSeriesID, paramFrom, paramTo},
			answer:  BandSeries{}, codes: codesOne, limited: true, serve: envelope((*server).band),
		},
		{
			method: http.MethodGet, path: "/api/v1/series/{id}/chart.png", id: "getChart", tag: "series",
			summary: "The same as a picture.",
			params:  []param{paramSeriesID, paramFrom, paramTo},
			media:   mediaPNG, codes: codesChart, limited: true, serve: (*server).chart,
		},
		{
			method: http.MethodGet, path: "/api/v1/events", id: "listEvents", tag: "events",
			summary: "Deploys, restarts and other events in a time range, newest first.",
			params: []param{
				paramFrom, paramTo,
				{name: "kind", doc: "Only events of this kind.", example: "deploy"},
				{name: "match[]", kind: kindSelector, example: `{job="checkout"}`, doc: "PromQL series selector over the events' labels; repeated: any of them."},
				paramLimit, paramCursor,
			},
			answer: EventList{}, codes: codesRead, limited: true, serve: envelope((*server).events),
		},
		{
			method: http.MethodPost, path: "/api/v1/events", id: "postEvent", tag: "events",
			summary: "Keep an event; alarms that begin within half an hour after it name it.",
			body:    NewEvent{}, answer: Event{}, codes: append(codesRead[:2:2], http.StatusForbidden), limited: true, serve: (*server).postEvent,
		},
		{
			method: http.MethodGet, path: "/api/v1/detectors", id: "listDetectors", tag: "status",
			summary: "Status of every detector, ordered by name.",
			answer:  DetectorList{}, codes: codesRead, limited: true, serve: envelope((*server).detectors),
		},
		{
			method: http.MethodGet, path: "/api/v1/sources", id: "listSources", tag: "status",
			summary: "How every source does, ordered by name.",
			answer:  SourceList{}, codes: codesRead, limited: true, serve: envelope((*server).sources),
		},
	}
}

func serviceRoutes() []*route {
	return []*route{
		{
			method: http.MethodGet, path: "/api/v1/status/buildinfo", id: "getBuildInfo", tag: "status",
			summary: "Version and build of this server, as Prometheus gives it.",
			answer:  BuildInfo{}, codes: codesPlain, serve: envelope((*server).buildInfo),
		},
		{
			method: http.MethodGet, path: "/api/v1/openapi.json", id: "getOpenAPI", tag: "status",
			summary: "This document.", media: mediaJSON, codes: codesPlain, serve: (*server).document,
		},
		{
			method: http.MethodGet, path: "/metrics", id: "getMetrics", tag: "service",
			summary: "Tidewatch's own metrics, and scores and bands of the series that the export selector chooses.",
			media:   mediaMetrics, serve: (*server).metrics,
		},
		{
			method: http.MethodGet, path: "/-/healthy", id: "getHealthy", tag: "service",
			summary: "200 while the process answers.", media: mediaText, serve: (*server).healthy,
		},
		{
			method: http.MethodGet, path: "/-/ready", id: "getReady", tag: "service",
			summary: "200 once the state is loaded and the first evaluation is done; 503 with the reason until then.",
			media:   mediaText, codes: []int{http.StatusServiceUnavailable}, serve: (*server).ready,
		},
		{
			method: http.MethodPost, path: "/-/reload", id: "reload", tag: "service",
			summary: "Load the configuration again, all or nothing; 500 with the errors where the old one was kept.",
			media:   mediaText, codes: []int{http.StatusForbidden, http.StatusNotImplemented}, serve: (*server).reload,
		},
	}
}

// alarmStates are the names that alerting.State gives.
var alarmStates = []string{"OK", "ALARM", "INSUFFICIENT_DATA"}
