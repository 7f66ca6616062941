package api

import "net/http"

// Parameters of what people change.
var (
	paramSilence  = param{name: "id", path: true, doc: "Identity of the silence."}
	paramIncident = param{name: "id", path: true, doc: "Key of the incident."}
	paramFeedback = param{name: "id", path: true, doc: "Identity of the feedback."}
	paramActing   = param{name: "id", path: true, doc: "Identity of the alarm; the name of a detector is all of its alarms."}
	paramBy       = param{name: "by", doc: "Who asks; not needed where the request is authenticated by a user name.", example: "anna"}
	paramComment  = param{name: "comment", doc: "Why.", example: "over"}
)

// Error codes of requests that list, find one thing, create something, and end something.
var (
	codesList = []int{http.StatusBadRequest, http.StatusNotImplemented, http.StatusServiceUnavailable}
	codesFind = append(codesList[:3:3], http.StatusNotFound)
	codesMake = append(codesFind[:4:4], http.StatusForbidden)
	codesEnd  = append(codesMake[:5:5], http.StatusConflict)
)

func controlRoutes() []*route {
	return []*route{
		{
			method: http.MethodGet, path: "/api/v1/report", id: "getReport", tag: "incidents",
			summary: "What people were told in a range: incidents by detector, acknowledged, marked false, and what was hidden.",
			params: []param{
				{name: "from", kind: kindTime, example: "2026-11-16T09:00:00Z", doc: "Beginning, RFC 3339 or Unix seconds; left out: a week before to."},
				paramTo,
			},
			answer: NoiseReport{}, codes: codesList, limited: true, serve: envelope((*server).report),
		},
		{
			method: http.MethodGet, path: "/api/v1/silences", id: "listSilences", tag: "silences",
			summary: "Silences with their history, active ones first; expired ones for five days.",
			params:  []param{{name: "state", enum: []string{"pending", "active", "expired"}, doc: "Only silences in this state."}},
			answer:  SilenceList{}, codes: codesList, limited: true, serve: envelope((*server).silences),
		},
		{
			method: http.MethodPost, path: "/api/v1/silences", id: "postSilence", tag: "silences",
			summary: "Create a silence, or edit the one that the body names.", body: PostSilence{},
			answer: SilenceID{}, codes: codesMake, limited: true, serve: acting((*server).postSilence),
		},
		{
			method: http.MethodGet, path: "/api/v1/silence/{id}", id: "getSilence", tag: "silences",
			summary: "One silence.", params: []param{paramSilence},
			answer: Silence{}, codes: codesFind, limited: true, serve: envelope((*server).silence),
		},
		{
			method: http.MethodDelete, path: "/api/v1/silence/{id}", id: "expireSilence", tag: "silences",
			summary: "End a silence now.", params: []param{paramSilence, paramBy, paramComment},
			answer: SilenceID{}, codes: codesEnd, limited: true, serve: acting((*server).deleteSilence),
		},
		{
			method: http.MethodPost, path: "/api/v1/alarms/{id}/state", id: "setAlarmState", tag: "alarms",
			summary: "Set an alarm's state until its next evaluation, to see what its messages do.", params: []param{paramAlarmID},
			body: PostState{}, answer: Changed{}, codes: codesMake, limited: true, serve: acting((*server).postState),
		},
		{
			method: http.MethodPost, path: "/api/v1/alarms/{id}/actions", id: "setAlarmActions", tag: "alarms",
			summary: "Switch the actions of an alarm, or of all alarms of a detector, off or on.", params: []param{paramActing},
			body: PostActions{}, answer: Changed{}, codes: codesEnd, limited: true, serve: acting((*server).postActions),
		},
		{
			method: http.MethodGet, path: "/api/v1/incidents", id: "listIncidents", tag: "incidents",
			summary: "Open incidents: what is or would be one message.",
			answer:  IncidentList{}, codes: codesList, limited: true, serve: envelope((*server).incidents),
		},
		{
			method: http.MethodPost, path: "/api/v1/incidents/{id}/acknowledge", id: "acknowledge", tag: "incidents",
			summary: "Say that you look after an incident: it is not repeated and its thread is quiet.", params: []param{paramIncident},
			body: PostAcknowledge{}, answer: Changed{}, codes: codesMake, limited: true, serve: acting((*server).acknowledge),
		},
		{
			method: http.MethodDelete, path: "/api/v1/incidents/{id}/acknowledge", id: "unacknowledge", tag: "incidents",
			summary: "Say that nobody does any more.", params: []param{paramIncident, paramBy, paramComment},
			answer: Changed{}, codes: codesEnd, limited: true, serve: acting((*server).unacknowledge),
		},
		{
			method: http.MethodGet, path: "/api/v1/feedback", id: "listFeedback", tag: "feedback",
			summary: "What people made of alarms, newest first.",
			answer:  FeedbackList{}, codes: codesList, limited: true, serve: envelope((*server).feedback),
		},
		{
			method: http.MethodPost, path: "/api/v1/feedback", id: "postFeedback", tag: "feedback",
			summary: "Judge an alarm or an incident.", body: PostFeedback{},
			answer: Changed{}, codes: codesMake, limited: true, serve: acting((*server).postFeedback),
		},
		{
			method: http.MethodDelete, path: "/api/v1/feedback/{id}", id: "retractFeedback", tag: "feedback",
			summary: "Take feedback back.", params: []param{paramFeedback, paramBy, paramComment},
			answer: Changed{}, codes: codesEnd, limited: true, serve: acting((*server).deleteFeedback),
		},
	}
}
