// Package load measures the ordinary service under load: a generator in a process of its own speaks remote-read as Prometheus
// does, the service reads from it over HTTP on a virtual clock, and the report says what a tick costs by stage. MeasureRead
// measures the reading alone, from a generator or a real server, beside bare iteration over the same chunks.
package load
