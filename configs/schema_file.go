package configs

// The types in the schema_*.go files mirror the YAML file. Their field comments are the reference documentation, the tags
// its names, defaults and obligations. A default that begins with "=" says where the value comes from instead of naming it.

// rawFile is a mapping whose fields, all but `sources`, may be left out.
type rawFile struct {
	// Settings that are not one detector's, and defaults for all detectors.
	Global rawGlobal `yaml:"global"`
	// How long state is kept and how often it is saved.
	Storage rawStorage `yaml:"storage"`
	// The Prometheus servers that are read.
	Sources []rawSource `yaml:"sources" required:"true"`
	// Ready-made sets of detectors. A detector of your own with the same name changes only the fields that it sets.
	Presets []rawPreset `yaml:"presets"`
	// Files with more detectors: paths or globs, relative to this file. Each holds one field, `detectors`.
	DetectorFiles []string `yaml:"detector_files"`
	// What is watched.
	Detectors []rawDetector `yaml:"detectors"`
	// Alarms made of other alarms: one message where several detectors agree.
	Composites []rawComposite `yaml:"composite_alarms"`
	// Which alarm goes to which receiver: Alertmanager's routing tree. Left out, everything goes to the first receiver.
	Route *rawRoute `yaml:"route"`
	// Recurring times that routes refer to by name.
	Intervals []rawNamedInterval `yaml:"time_intervals"`
	// Alarms that hide others while they fire.
	Inhibit []rawInhibit `yaml:"inhibit_rules"`
	// Alarms that are hidden at recurring times.
	Mutes []rawMute `yaml:"mute_rules"`
	// Where messages go. Left out, they are written to Tidewatch's own log.
	Receivers []rawReceiver `yaml:"receivers"`
	// An alert that always fires, for somebody who calls when it stops.
	Watchdog rawWatchdog `yaml:"watchdog"`
	// A weekly report of what was told: what paged most, what was acknowledged, marked false, and never told.
	Report rawReport `yaml:"report"`
	// Deploys, restarts and rollouts, which messages and charts name beside an alarm.
	Events rawEvents `yaml:"events"`
	// The series whose scores and bands `/metrics` shows. Left out, none.
	Export rawExport `yaml:"export"`
}

// rawDetectorFile is a file named by `detector_files`.
type rawDetectorFile struct {
	// What is watched.
	Detectors []rawDetector `yaml:"detectors" required:"true"`
}

// rawGlobal holds the settings that are not one detector's, and defaults for all detectors.
type rawGlobal struct {
	// Default distance of the points that are evaluated and judged.
	Step duration `yaml:"step" default:"1m"`
	// Default of what is read at the first start. Two weeks and a day let the weekly pattern be learnt.
	History duration `yaml:"history" default:"15d"`
	// Default of how long after its time a point is read, so that its samples have arrived.
	Delay duration `yaml:"delay" default:"30s"`
	// Time zone (IANA name) in which daily and weekly patterns are learnt and times in messages are written.
	Timezone timezone `yaml:"timezone" default:"UTC"`
	// How often an alarm may begin or end within an hour before it is held open, with one message that says so, until it has calmed down to half of that. `0` never.
	FlapChanges int `yaml:"flap_changes" default:"6"`
	// How many groups of one receiver may begin within ten minutes with a message each. Beyond that it is a storm: those that come, and those that still wait, make one message that counts them. `0` never.
	StormGroups int `yaml:"storm_groups" default:"8"`
	// How long before its end a silence that still hides an alarm is warned of: in the thread of the alarm's message, or in the log where there is none. `0s` never.
	SilenceWarning duration `yaml:"silence_warning" default:"15m"`
	// Labels that may leave in messages, charts, logs and errors: names, or regular expressions that match whole names. `alertname`, `severity`, the metric's name and what `labels` of sources, detectors and composite alarms sets always may. Empty: all but those whose name looks like a secret's, for example `api_token` or `password`. What routes, groups and silences, and the API, goes by all labels.
	VisibleLabels []string `yaml:"visible_labels"`
	// URL at which people reach this Tidewatch; messages link to it.
	ExternalURL string `yaml:"external_url"`
	// An external watchdog that is told regularly that Tidewatch lives.
	Heartbeat rawHeartbeat `yaml:"heartbeat"`
}

// rawHeartbeat is an external watchdog, for example a dead man's switch. Tidewatch sends GET to its URL after a tick that went well,
// unless messages wait because the state cannot be written.
type rawHeartbeat struct {
	// URL to call. It is treated as a secret.
	URL Secret `yaml:"url"`
	// Least time between two calls.
	Interval duration `yaml:"interval" default:"1m"`
}

// rawStorage says how long state is kept and how often it is saved. Its directory is the flag `--storage.path`.
type rawStorage struct {
	// How long history, events, what people asked for, and messages are kept.
	Retention duration `yaml:"retention" default:"90d"`
	// Other times for some of them.
	Keep rawKeep `yaml:"retention_by_class"`
	// Time between two snapshots of the learnt state. The journal covers what lies between.
	SnapshotInterval duration `yaml:"snapshot_interval" default:"10m"`
	// A recording of what detectors decide on, for `tidewatch replay --recording`. A change takes effect at the next start.
	Recording rawRecording `yaml:"recording"`
}

// rawKeep is for how long each class of the state is kept. What still holds is kept longer: an open episode, a silence until its end,
// feedback until it expires.
type rawKeep struct {
	// Transitions of alarms, and anomalies that have ended.
	History duration `yaml:"history" default:"=storage.retention"`
	// Deploys, restarts and other events.
	Events duration `yaml:"events" default:"=storage.retention"`
	// Silences after their end, with who made and changed them.
	Silences duration `yaml:"silences" default:"=storage.retention"`
	// Feedback after it has expired.
	Feedback duration `yaml:"feedback" default:"=storage.retention"`
	// Which messages incidents were told in, and who acknowledged them, after the newest change.
	Incidents duration `yaml:"incidents" default:"=storage.retention"`
	// Messages that cannot be delivered. They are given up then, which the log says.
	Unsent duration `yaml:"unsent" default:"=storage.retention"`
}

// rawRecording is kept in the directory `recording` of the state. It costs about 3 bytes of disk for each point.
type rawRecording struct {
	// Record the points that detectors learn from and decide on.
	Enabled bool `yaml:"enabled" default:"false"`
	// Record the samples that are read for them as well, as they come, so that other expressions over them can be replayed.
	Samples bool `yaml:"samples" default:"false"`
	// Size of the recording. Beyond it the oldest parts are removed, and counted.
	MaxSize size `yaml:"max_size" default:"2GiB"`
}

// rawWatchdog is a dead man's switch: an alert named `Watchdog` that always fires, sent as every message is, after an evaluation that went well. Whoever hears it no more knows that Tidewatch, or the way from it, is broken.
type rawWatchdog struct {
	// Receiver of the alert: one with `alertmanager_configs`, `webhook_configs` or `log_configs` only, as a chat is no place for it. Left out, there is no watchdog.
	Receiver string `yaml:"receiver"`
	// Least time between two alerts. Each holds for four times as long.
	Interval duration `yaml:"interval" default:"1m"`
}

// rawReport is a message a week about the messages themselves (see [noise report](silences.md#noise-report)). `tidewatch report` shows the same at any time.
type rawReport struct {
	// Receiver of the report. Left out, there is none.
	Receiver string `yaml:"receiver"`
	// Day of the week, in English.
	Weekday weekday `yaml:"weekday" default:"monday"`
	// Time of day.
	At moment `yaml:"at" default:"09:00"`
	// Time zone (IANA name) of that time.
	Timezone timezone `yaml:"timezone" default:"=global's timezone"`
}

// rawEvents says which metrics tell of deploys, restarts and rollouts. Each is asked of every source that detectors read, once per interval; one that is not there costs next to nothing.
type rawEvents struct {
	// `false` asks for none. Events that are posted to the API are taken all the same.
	Enabled bool `yaml:"enabled" default:"true"`
	// Distance of two looks, at least 15s.
	Interval duration `yaml:"interval" default:"1m"`
	// Selector of metrics whose label `version` (or `tag`, `revision`, `commit`) changes with a deploy. Empty: none.
	Deploys string `yaml:"deploys" default:"{__name__=~\"(.+_)?build_info\", __name__!=\"go_build_info\"}"`
	// Selector of metrics whose value is the Unix time at which a process began. Empty: none.
	Restarts string `yaml:"restarts" default:"process_start_time_seconds"`
	// Selector of metrics whose value rises when a workload is specified anew. Empty: none.
	Rollouts string `yaml:"rollouts" default:"{__name__=~\"kube_(deployment|statefulset|daemonset)_status_observed_generation\"}"`
	// Most series of one selector. Above it that kind of event is left out, and log and metrics say so.
	MaxSeries int `yaml:"max_series" default:"5000"`
}

// rawExport chooses the series whose scores and bands `/metrics` shows, with the names `anomaly_score`, `y`, `yhat`, `yhat_lower` and `yhat_upper`.
type rawExport struct {
	// PromQL selectors over an alarm's labels: the series' own, the detector's, and `alertname`. One match is enough.
	Match []string `yaml:"match"`
}
