package configs

// rawDetector watches every series that one PromQL expression returns. At most one of `expect`, `expect_per_series`, `fdr` and `band` is set.
type rawDetector struct {
	// Name of the alarm, its `alertname`. It is part of each series' identity: renaming a detector relearns it.
	Name string `yaml:"name" required:"true"`
	// PromQL that returns an instant vector. A gate on traffic is written in it: `… and sum by (job) (rate(http_requests_total[5m])) > 1`.
	Expr string `yaml:"expr" required:"true"`
	// The source to read.
	Source string `yaml:"source" default:"=the only source"`
	// Distance of the points that are evaluated and judged, at least 1s.
	Step duration `yaml:"step" default:"=global.step"`
	// What a point is made of where `expr` is a selector alone: `avg`, `max`, `min`, `last` or `p95` of the samples after the point before, up to its own time. Left out, it is the newest sample of the last 5 minutes, as in Prometheus.
	Agg Agg `yaml:"agg" default:"=the newest sample"`
	// What is read at the first start. The level is known after 6h, the daily pattern after 2d, the weekly one after 15d.
	History duration `yaml:"history" default:"=global.history"`
	// How long after its time a point is read. Longer than a scrape and, where the expression reads recording rules, their interval.
	Delay duration `yaml:"delay" default:"=global.delay"`
	// Judges several series as one, with one alarm: `join: {}` is all series of the detector.
	Join rawJoin `yaml:"join"`
	// Labels that name an instance and not what it does, so that a new value of theirs goes on from what was learnt of the one that it replaced: a list, `[]` for none. `auto` takes the usual ones (`pod`, `instance`, container and replica-set ids) and those whose values are seen to be replaced.
	ChurnLabels churnLabels `yaml:"churn_labels" default:"auto"`
	// Kind of model. With `join` it is `joint` for series that belong together, or `peer` for replicas that should be alike.
	Model modelKind `yaml:"model" default:"=combined; joint with join"`
	// Patterns that repeat: `auto` tests for 1h, 1d and 1w, `none` is none, or a list such as `[1d, 1w]`.
	Seasonality seasonality `yaml:"seasonality" default:"auto"`
	// Scale on which a series is judged: `identity` is its own unit, `log` is for series whose noise grows with their level, and `auto` takes the one under which its points are more likely, series by series. Not with `join`.
	Transform transform `yaml:"transform" default:"identity"`
	// Which isolation forest judges a series: `shared` is one for all of the detector, `own` one for each of up to 100 series, at 350 KiB each, for those that are worth it. Not with `join`.
	Forest forest `yaml:"forest" default:"shared"`
	// Whether a library of each series' typical shapes is kept as well, 9 KB each, so that a stretch of usual values in an unusual order is found: for series that are worth it. Not with `join`.
	Shapes bool `yaml:"shapes" default:"false"`
	// Time zone (IANA name) in which the daily and weekly patterns are learnt.
	Timezone timezone `yaml:"timezone" default:"=global.timezone"`
	// A shift that lasts this long becomes the new normal, as one event that is told.
	AcceptAfter duration `yaml:"accept_after" default:"48h"`
	// The promise: how many false alarms the detector may raise, over all its series together, after M of N and before grouping.
	Expect Rate `yaml:"expect" default:"=1/30d"`
	// The same promise for each series alone. At 1,000 series `1/30d` is 33 false alarms a day.
	ExpectPerSeries Rate `yaml:"expect_per_series"`
	// The share of the detector's alarms that may be false, in the long run: `10%`. It is no number of alarms: where nothing happens for long it takes more to alarm, and where much does, less.
	FDR share `yaml:"fdr"`
	// A fixed width of the band in standard deviations, as in CloudWatch: a point counts if it lies outside, and nothing else does. It promises nothing.
	Band float64 `yaml:"band"`
	// Which deviations count: `both`, `above` or `below` what is expected.
	Direction Direction `yaml:"direction" default:"both"`
	// Least deviation that counts, in the metric's own unit (`0.01`) or relative (`30%`). It is taken from what the hour of the week lets expect, which does not follow a lasting fault as the drawn expectation does.
	MinDeviation MinDeviation `yaml:"min_deviation" default:"=none"`
	// Valid values of the metric, `[least, greatest]`; `null` leaves an end open. The band never leaves them.
	Range valueRange `yaml:"range" default:"=[null, null]"`
	// Times that are never learnt from and never alarm. A range that is added later is not unlearnt.
	Exclude []rawExclude `yaml:"exclude"`
	// When breaching points become an alarm: CloudWatch's M of N.
	Alarm rawAlarm `yaml:"alarm"`
	// M of N must have held for this long before the alarm is raised. A multiple of `step`.
	For duration `yaml:"for" default:"0s"`
	// The alarm stays for this long after M of N has ceased to hold. A multiple of `step`.
	KeepFiringFor duration `yaml:"keep_firing_for" default:"0s"`
	// Output series alive at a time. While there are more, those that were judged before are judged on, new ones are left out, and a message
	// says so; with more at the first start, or ten times as many, the detector is off.
	MaxSeries int `yaml:"max_series" default:"1000"`
	// Whether its data are checked: values that cannot be judged are neither judged nor learnt, and have the state DATA_QUALITY instead.
	DataQuality bool `yaml:"data_quality" default:"true"`
	// Time between two samples, which is the scrape interval: samples that come less often are told of. Without it only missing points are.
	ExpectInterval duration `yaml:"expect_interval" default:"=none"`
	// Longest time without a value, for each series. Without it that of the detector as a whole is inferred.
	MaxGap duration `yaml:"max_gap" default:"=inferred"`
	// Labels that every series must have; one without them is neither judged nor learnt.
	RequireLabels []string `yaml:"require_labels"`
	// Labels added to its alarms; routes and groups see them.
	Labels map[string]string `yaml:"labels"`
	// Texts of its messages, Go templates over `.Labels`, `.Value`, `.Expected`, `.Lower`, `.Upper` and `.Score`; `$labels` and `$value` as in Prometheus. `summary`, `description`, `runbook_url` and `dashboard_url` have their place in the message.
	Annotations map[string]string `yaml:"annotations"`
	// Unit in messages and charts: `percent` (a ratio: 0.062 is shown as 6.2 %), `percent100` (already in percent), `bytes`, `bytes/s`, `seconds`, `/s`; any other text stands behind the number.
	Unit string `yaml:"unit" default:"=taken from name and expression"`
	// `false` does everything but send messages.
	Notify bool `yaml:"notify" default:"true"`
	// `false` leaves the detector out, for example one of a preset.
	Enabled bool `yaml:"enabled" default:"true"`
}

// rawJoin makes groups of up to 100 series which are judged as one: what they usually do together is discounted, what remains is added up. A message says which series it came from.
type rawJoin struct {
	// Series whose labels named here have equal values are one group, for example `[instance]`. Without it all series of the detector are.
	By []string `yaml:"by"`
	// Further expressions whose series join those of `expr`. With them every series has the label `channel`, the expression that it came from.
	Exprs []string `yaml:"exprs"`
}

// rawAlarm is CloudWatch's rule for turning points into an alarm.
type rawAlarm struct {
	// M: so many points must breach …
	Datapoints int `yaml:"datapoints" default:"3"`
	// … of the last N. At most 60, and at most a day of points.
	Of int `yaml:"of" default:"5"`
	// One point that lies far enough outside alarms by itself; half of the promised false alarms are for such points. By default so where neither `datapoints`, `of`, `for` nor `band` is given and a step lasts 5 minutes or more: there three points are a quarter of an hour.
	AtOnce bool `yaml:"at_once" default:"=where a step lasts 5m or more, see above"`
	// Hysteresis: once in ALARM, a point counts as recovered only at this score or below. 1 is where points breach; `0.7` asks for more.
	RecoveryScore float64 `yaml:"recovery_score" default:"1"`
	// How many real points an OK must rest on before its incident ends; until they have come the message says that data stopped. 0 lets the state alone count.
	ResolveDatapoints int `yaml:"resolve_datapoints" default:"=of"`
	// What a missing point means, with CloudWatch's words: `ignore` keeps the state, `missing`, `breaching`, `notBreaching`.
	Missing treatment `yaml:"missing" default:"ignore"`
}

// rawExclude is a time that is never learnt from and never alarms: either a single range, `start` and `end` as RFC 3339 times, or one that recurs, `start` and `end` as times of day (`"22:00"`) in the detector's time zone.
type rawExclude struct {
	// When it begins: `2026-12-24T00:00:00+01:00` or `"22:00"`.
	Start moment `yaml:"start" required:"true"`
	// When it ends. A time of day that is not after `start` lies on the next day.
	End moment `yaml:"end" required:"true"`
	// Days on which a recurring one begins, for example `[sat, sun]`.
	Weekdays []weekday `yaml:"weekdays" default:"=every day"`
}
