// Package api is Tidewatch's HTTP interface: the JSON API under /api/v1, the Prometheus metrics, the health endpoints, and
// the server that carries them.
//
// It speaks Prometheus's dialect: the same JSON envelope and error types, the same selectors, sample values as strings so
// that NaN and infinities survive JSON. What it serves comes through Backend, a narrow interface of plain values; the
// package knows neither the engine nor the store. The OpenAPI document is generated from the table of routes and from the
// Go types of the answers, and a test holds the handlers' real answers against it.
package api
