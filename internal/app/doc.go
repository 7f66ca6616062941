// Package app is the service around the core: configuration, sources, the schedule, the journal and the store, messages, HTTP,
// reload and shutdown. Everything that decides is in package engine; this package brings it points and time, and carries away
// what it decided. Run is the service, Replay the same core on a virtual clock.
package app
