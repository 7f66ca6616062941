package configs

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// Config is a whole configuration after defaults, presets and detector files were applied and everything was validated.
type Config struct {
	Global        Global
	Storage       Storage
	Sources       []Source                 // at least one, names unique
	Presets       []string                 // as written, for example "node-exporter"
	DetectorFiles []string                 // the files that the globs matched, in the order in which they were read
	SHA256        string                   // of the text of the file and of DetectorFiles, in hexadecimal; presets are the binary's
	Detectors     []Detector               // own detectors in the order of the file, then those of presets; names unique
	Composites    []alerting.CompositeSpec // in the order of the file; together they are valid, see NewComposites
	Route         *alerting.Route
	Receivers     []Receiver
	Watchdog      Watchdog
	Report        alerting.ReportSchedule
	Events        Events
	Export        Export

	Intervals map[string][]alerting.TimeInterval // by name
	Inhibit   []alerting.InhibitRule
	Mutes     []alerting.MuteRule
}

// Watchdog is an alert that always fires, sent to Receiver every Interval; Receiver "" is none.
type Watchdog struct {
	Receiver string
	Interval time.Duration
}

// Events says which metrics tell of events; a selector "" is not asked for. The zero value asks for none.
type Events struct {
	Interval                    time.Duration // 0: none at all
	Deploys, Restarts, Rollouts string
	MaxSeries                   int
}

// Global holds the settings that are not one detector's.
type Global struct {
	Step        time.Duration  // default grid step of detectors, >= 1s
	History     time.Duration  // default history of detectors
	Delay       time.Duration  // default delay of detectors
	Location    *time.Location // default time zone of detectors and that of messages; never nil
	ExternalURL string         // where people reach this Tidewatch, without a trailing slash; "" if not set
	Heartbeat   Heartbeat

	FlapChanges    int               // in an hour, from which on an alarm is held open; 0: never
	StormGroups    int               // of a receiver in ten minutes, beyond which they make one message; 0: never
	Visible        *alerting.Visible // the labels that may leave; never nil
	SilenceWarning time.Duration     // before the end of a silence that hides an open alarm; 0: never
}

// Heartbeat is an external watchdog that expects a GET on URL every Interval; URL "" is none.
type Heartbeat struct {
	URL      Secret
	Interval time.Duration
}

// Storage says how long state is kept and how often it is saved. Where it lies is a flag.
type Storage struct {
	Keep             Keep
	SnapshotInterval time.Duration // between two snapshots of the learnt state
	Recording        Recording
}

// Keep is for how long each class of the state is kept; each is at least a day.
type Keep struct {
	History, Events, Silences, Feedback, Incidents, Unsent time.Duration
}

// Recording says what is kept of what detectors read.
type Recording struct {
	Enabled bool
	Samples bool  // also the samples, not only the points
	MaxSize int64 // bytes
}

// Export chooses the series whose scores and bands /metrics shows.
type Export struct {
	Match [][]*labels.Matcher // a series that matches all matchers of any selector; empty: none
}

// Matches reports whether the scores of a series with these labels are exported.
func (e Export) Matches(ls labels.Labels) bool {
	for _, ms := range e.Match {
		if matchesAll(ms, ls) {
			return true
		}
	}
	return false
}

func matchesAll(ms []*labels.Matcher, ls labels.Labels) bool {
	for _, m := range ms {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}

// Source returns the source of that name.
func (c *Config) Source(name string) (Source, bool) {
	for _, s := range c.Sources {
		if s.Name == name {
			return s, true
		}
	}
	return Source{}, false
}

// Detector returns the detector of that name.
func (c *Config) Detector(name string) (Detector, bool) {
	for _, d := range c.Detectors {
		if d.Name == name {
			return d, true
		}
	}
	return Detector{}, false
}

// Receiver returns the receiver of that name.
func (c *Config) Receiver(name string) (Receiver, bool) {
	for _, r := range c.Receivers {
		if r.Name == name {
			return r, true
		}
	}
	return Receiver{}, false
}
