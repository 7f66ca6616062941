package demo

import (
	"io"
	"log/slog"
	"time"
)

// Options of a demo; the zero value of all but Out works.
type Options struct {
	Out     io.Writer
	Logger  *slog.Logger
	Seed    uint64        // of the simulated fleet
	Fleet   int           // services of a large fleet, with the series of every pod and node; 0: the small fleet
	Once    bool          // end after the fault week, with a verdict
	Data    string        // CSV file or directory instead of the simulated fleet
	History time.Duration // back-filled before the fault week; 0: 15 days
	// Pace is the least time of the wall between two simulated minutes in the fault week; 0: as fast as it goes.
	Pace time.Duration
	// Listen and SlackListen are where Tidewatch and the fake Slack answer; "" is a free port on the loop-back interface.
	Listen, SlackListen string
	// Progress is told the share of the fault week that is done; it may be nil.
	Progress func(share float64)
}

// Summary is the last line of a demo that runs once.
type Summary struct {
	Incidents   int `json:"incidents"`
	Found       int `json:"found"`
	FalseAlarms int `json:"false_alarms"`
	Messages    int `json:"messages"`
	Told        int `json:"told"`     // incidents that a message tells of
	Episodes    int `json:"episodes"` // alarms of one series; those within an hour are one
	// Messages about no incident: in all, and within any twelve hours.
	MessagesOutside    int     `json:"messages_outside"`
	MessagesOutside12h int     `json:"messages_outside_12h"`
	FirstAlarmSeconds  float64 `json:"first_alarm_seconds"`
	PeakRSSBytes       int64   `json:"peak_rss_bytes"`
	Good               bool    `json:"good"` // all that must hold does
}
