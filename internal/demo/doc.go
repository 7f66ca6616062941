// Package demo is the main job on an embedded default: a simulated fleet in an embedded Prometheus TSDB behind remote-read, the
// ordinary service on a virtual clock, and a fake Slack that shows the messages. It prints what was found of a published list
// of injected incidents. Only the world, the clock and Slack's servers are not real.
package demo
