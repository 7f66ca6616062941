package configs

// rawNamedInterval is a recurring time that routes refer to by name, as Alertmanager's. It holds while one of its intervals does.
type rawNamedInterval struct {
	// Name by which routes refer to it.
	Name string `yaml:"name" required:"true"`
	// When it holds.
	Intervals []rawInterval `yaml:"time_intervals" required:"true"`
}

// rawInterval holds while all its parts do; a part holds while one of its ranges does, or where it is left out.
type rawInterval struct {
	// Times of day.
	Times []rawClockRange `yaml:"times"`
	// Days of the week, or ranges of them: `saturday`, `monday:friday`.
	Weekdays []weekdayRange `yaml:"weekdays"`
	// Days of the month, or ranges of them; negative ones count from its end: `"1:7"`, `"-3:-1"`.
	DaysOfMonth []dayRange `yaml:"days_of_month"`
	// Months by name or number, or ranges of them: `december`, `"1:3"`.
	Months []monthRange `yaml:"months"`
	// Years, or ranges of them: `"2026:2027"`.
	Years []yearRange `yaml:"years"`
	// Time zone (IANA name) of the wall clock by which this is read.
	Location timezone `yaml:"location" default:"UTC"`
}

// rawClockRange is a part of the day.
type rawClockRange struct {
	// When it begins: `"09:00"`.
	Start wallClock `yaml:"start_time" required:"true"`
	// When it ends, this minute excluded: `"17:00"`, up to `"24:00"`. It is after the start: a night is two ranges.
	End wallClock `yaml:"end_time" required:"true"`
}

// rawInhibit hides alarms while another fires, with Alertmanager's semantics. States go on; `/api/v1/alarms` shows `inhibited_by`.
type rawInhibit struct {
	// The alarms that hide others while they fire. All must match.
	Source []string `yaml:"source_matchers" required:"true"`
	// The alarms that are hidden. All must match.
	Target []string `yaml:"target_matchers" required:"true"`
	// Labels in which both must agree; one that is not there is empty.
	Equal []string `yaml:"equal"`
}

// rawMute hides alarms for a while whenever its schedule comes round, as CloudWatch's alarm mute rules do. States go on; what still fires at the end is told then.
type rawMute struct {
	// Name, as messages show it.
	Name string `yaml:"name" required:"true"`
	// Which alarms, in Alertmanager's syntax. All must match.
	Matchers []string `yaml:"matchers" required:"true"`
	// When it begins: `cron(Minutes Hours Day-of-month Month Day-of-week)`, for example `cron(0 2 * * SUN)`, or once, `at(2026-12-24T22:00)`.
	Schedule muteSchedule `yaml:"schedule" required:"true"`
	// For how long, as an ISO 8601 duration, from `PT1M` to `P15D`. It is time that passes, also when the clocks change.
	Duration isoDuration `yaml:"duration" required:"true"`
	// Time zone of the schedule.
	Timezone timezone `yaml:"timezone" default:"=global.timezone"`
	// Beginnings before this time (RFC 3339) do not count.
	Start instant `yaml:"start"`
	// Beginnings from this time on (RFC 3339) do not count.
	Expires instant `yaml:"expires"`
}
