// Package preflight looks at a Prometheus server and at a configuration before anything is watched. `tidewatch init` makes a
// configuration of what a server holds; `tidewatch check` says what a configuration would read, match and send. Both ask the
// server as the service would, by remote-read, and its HTTP API for what remote-read cannot tell.
package preflight
