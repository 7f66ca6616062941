// Command tidewatch detects anomalies in Prometheus metrics and raises alarms about them. This package is flags and signals;
// the service is package app.
package main
