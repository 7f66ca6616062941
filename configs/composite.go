package configs

import (
	"errors"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// NewComposites makes the composite alarms of the configuration, without any state.
func (c *Config) NewComposites() (*alerting.Composites, error) {
	return alerting.NewComposites(c.Composites, c.detectorNames())
}

func (c *Config) detectorNames() []string {
	names := make([]string, len(c.Detectors))
	for i, d := range c.Detectors {
		names[i] = d.Name
	}
	return names
}

// composites reads the composite alarms, after the detectors that they name.
func (b *builder) composites(s scope, raws []rawComposite) {
	seen := map[string]bool{}
	for _, name := range b.cfg.detectorNames() {
		seen[name] = true
	}
	for i, raw := range raws {
		it := s.index(i)
		checkName(it, "detector or composite alarm", raw.Name, seen)
		checkLabels(it.at("labels"), raw.Labels, "alertname")
		checkAnnotations(it.at("annotations"), raw.Annotations)
		rule, err := alerting.ParseCompositeRule(raw.Rule)
		if err != nil {
			it.at("rule").wrong(err.Error(), "")
			continue
		}
		b.cfg.Composites = append(b.cfg.Composites, alerting.CompositeSpec{
			Name: raw.Name, Rule: rule, Labels: raw.Labels, Annotations: raw.Annotations, Suppressor: suppressor(it, raw),
			Disabled: !raw.ActionsEnabled, Hash: hash(raw),
		})
	}
	if len(b.errors()) > 0 {
		return // what a rule names may be what could not be read
	}
	_, err := b.cfg.NewComposites()
	for _, err := range unjoin(err) {
		var wrong *alerting.CompositeError
		if errors.As(err, &wrong) {
			s.index(wrong.Index).at(wrong.Field).wrong(wrong.Error(), "")
		}
	}
}

// suppressor is nil where there is none.
func suppressor(s scope, raw rawComposite) *alerting.Suppressor {
	if raw.Suppressor == "" {
		for _, name := range []string{"actions_suppressor_wait_period", "actions_suppressor_extension_period"} {
			if s.written(name) {
				s.at(name).wrong("is set without actions_suppressor", "name the alarm that suppresses")
			}
		}
		return nil
	}
	o, err := alerting.ParseOperand(raw.Suppressor)
	if err != nil {
		s.at("actions_suppressor").wrong(err.Error(), "")
		return nil
	}
	atMost(s.at("actions_suppressor_wait_period"), time.Duration(raw.Wait), maxAlarmRange)
	atMost(s.at("actions_suppressor_extension_period"), time.Duration(raw.Extension), maxAlarmRange)
	return &alerting.Suppressor{Alarm: o, Wait: time.Duration(raw.Wait), Extension: time.Duration(raw.Extension)}
}

// unjoin are the errors that errors.Join has joined.
func unjoin(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		return j.Unwrap()
	}
	return []error{err}
}
