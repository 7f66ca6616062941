package api

import (
	"cmp"
	"slices"
)

// kind says how a parameter is parsed and what its schema is.
type kind int

const (
	kindText     kind = iota // enum or free text
	kindTime                 // RFC 3339 or Unix seconds
	kindNumber               // finite decimal number
	kindCount                // whole number
	kindSelector             // PromQL series selector, repeatable
	kindCursor               // opaque
	kindSeriesID             // 64-bit decimal number
)

// param is one parameter of a route: it drives both parsing and the OpenAPI document.
type param struct {
	name     string
	kind     kind
	path     bool // in the path, otherwise in the query
	doc      string
	enum     []string
	min, max int // of kindNumber (max unused) and kindCount
	def      int // of kindCount
	example  string
}

// The parameters that several routes share.
var (
	paramFrom = param{
		name: "from", kind: kindTime, example: "2026-11-22T03:00:00Z",
		doc: "Start of the time range, RFC 3339 or Unix seconds. Default: 24 hours before `to`.",
	}
	paramTo = param{
		name: "to", kind: kindTime, example: "1795402800.5",
		doc: "End of the time range (inclusive), RFC 3339 or Unix seconds. Default: now.",
	}
	paramMatch = param{
		name: "match[]", kind: kindSelector, example: `http_errors{job="checkout"}`,
		doc: "PromQL series selector; repeated: any of them. The detector's name can be matched as the label `detector`.",
	}
	paramLimit = param{
		name: "limit", kind: kindCount, min: 1, max: MaxLimit, def: DefaultLimit, example: "100",
		doc: "Most rows in the answer.",
	}
	paramCursor = param{
		name: "cursor", kind: kindCursor,
		doc: "`next_cursor` of the page before; the other parameters except `limit` must stay the same.",
	}
	paramAlarmID  = param{name: "id", path: true, doc: "Identity of the alarm."}
	paramSeriesID = param{name: "id", kind: kindSeriesID, path: true, doc: "Identity of the series.", example: "11400714819323198485"}
)

func (rt *route) param(name string) *param {
	i := slices.IndexFunc(rt.params, func(p param) bool { return p.name == name })
	if i < 0 {
		panic("api: parameter " + name + " is not in the table of route " + rt.id)
	}
	return &rt.params[i]
}

// exampleText is what an error shows as right.
func (p *param) exampleText() string { return cmp.Or(p.example, p.name) }
