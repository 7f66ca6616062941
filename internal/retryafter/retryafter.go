// Package retryafter reads the header with which a server that is busy asks to be left alone for a while.
package retryafter

import (
	"net/http"
	"strconv"
	"time"
)

// Longest is the longest wait that Wait returns.
const Longest = 24 * time.Hour

// Wait is how long the Retry-After of an answer asks to wait: a number of seconds, or a date, which is taken by the server's own clock where
// the answer has a Date, else by now. It is between 0 and Longest; ok is false where there is no such header or it is neither.
func Wait(resp *http.Response, now time.Time) (wait time.Duration, ok bool) {
	text := resp.Header.Get("Retry-After")
	if s, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(min(max(0, s), int64(Longest/time.Second))) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if theirs, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(0, at.Sub(now)), Longest), true
}
