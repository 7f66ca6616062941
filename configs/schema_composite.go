package configs

// rawComposite is an alarm made of other alarms, as in CloudWatch. It has a state, a history and messages of its own; the alarms that it is made of keep theirs.
type rawComposite struct {
	// Name of the alarm, its `alertname`. No detector has the same.
	Name string `yaml:"name" required:"true"`
	// When it is in ALARM, in CloudWatch's language: `ALARM(ErrorRatio) AND NOT OK(Latency)`. A detector is in ALARM if any of its series is, else OK if any is; matchers choose among them: `ALARM(ErrorRatio{job="checkout"})`.
	Rule string `yaml:"rule" required:"true"`
	// Labels of the alarm; routes and groups see them.
	Labels map[string]string `yaml:"labels"`
	// Texts of its messages, as a detector's. `.Labels` are the alarm's own.
	Annotations map[string]string `yaml:"annotations"`
	// An alarm that keeps the actions of this one back while it is in ALARM: a detector, with matchers where it has several series, or another composite alarm.
	Suppressor string `yaml:"actions_suppressor"`
	// After a change of state, how long to wait for the suppressor to go into ALARM before the action is taken. Only with `actions_suppressor`.
	Wait duration `yaml:"actions_suppressor_wait_period" default:"60s"`
	// How long actions are still kept back after the suppressor has left ALARM. Only with `actions_suppressor`.
	Extension duration `yaml:"actions_suppressor_extension_period" default:"60s"`
	// `false` follows the alarm and sends no messages.
	ActionsEnabled bool `yaml:"actions_enabled" default:"true"`
}
