package alerting

// WatchdogName is the alertname of the dead man's switch, as in most Prometheus set-ups.
const WatchdogName = "Watchdog"

// WatchdogNotice is an alert that always fires, said at time at and good up to the time until (Unix milliseconds). All of a receiver's
// have one key and rising versions, so that one that waits to be sent is replaced by the next.
func WatchdogNotice(receiver string, at, until int64) Notice {
	n := ServiceNotice(receiver, WatchdogName, at, false, "Tidewatch is alive", []string{
		"This alert always fires. Whoever stops hearing it should call somebody: Tidewatch, or the way from it, is broken.",
	})
	n.Version, n.EndsAt = int(at/1000), until
	n.GroupLabels = map[string]string{"alertname": WatchdogName, "severity": "none"}
	n.CommonLabels = n.GroupLabels
	return n
}
