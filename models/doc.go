// Package models scores points online: what is normal for a series at a wall-clock time, how far a point lies from it, and
// how surprising that is on one calibrated scale.
//
// One file per model; each registers itself and the contract tests in modeltest find it. The package knows neither a clock
// nor I/O, and neither ingest nor alerting.
package models
