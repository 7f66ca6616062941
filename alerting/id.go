package alerting

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// AlarmID names one detector on one series: twelve hex digits, stable across restarts and releases. With 10,000 alarms the
// chance that any two share an id is below 2e-7.
func AlarmID(detector string, seriesID uint64) string {
	return hash(12, "alarm", detector, strconv.FormatUint(seriesID, 16))
}

// TransitionID names one decision: a hash of the alarm, the grid time of the newest point (Unix milliseconds), the state that
// it led to and the configuration under which it was taken. The store inserts it idempotently.
func TransitionID(alarmID string, t int64, to State, configHash string) string {
	return hash(24, "transition", alarmID, strconv.FormatInt(t, 10), to.String(), configHash)
}

// hash is the first n hex digits of SHA-256 over the parts, each preceded by its length so that no two lists collide.
func hash(n int, parts ...string) string {
	var b []byte
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, ':')
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:n]
}
