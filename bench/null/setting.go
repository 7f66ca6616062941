package null

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// Setting is what a user has set: a step and a promise, all else being the product's default.
type Setting struct {
	Step    time.Duration
	Promise string // as in a configuration, for example "expect: 1/30d"
}

// Settings are all that are measured.
func Settings() []Setting {
	var out []Setting
	for _, step := range []time.Duration{5 * time.Minute, time.Minute} {
		for _, promise := range []string{"expect: 1/30d", "expect_per_series: 1/14d"} {
			out = append(out, Setting{step, promise})
		}
	}
	return out
}

const production = `
sources: [{name: bench, url: "http://localhost/api/v1/read"}]
global: {timezone: UTC, step: %s}
detectors:
- {name: bench, expr: value, %s}
`

// detector is the engine's detector of a setting, by way of the configuration that a user would write.
func (s Setting) detector() (engine.Detector, error) {
	cfg, err := configs.Parse("the configuration of the null bench", fmt.Appendf(nil, production, model.Duration(s.Step), s.Promise))
	if err != nil {
		return engine.Detector{}, err
	}
	d := cfg.Detectors[0]
	p := engine.Promise{Count: d.Expect.Count, Per: d.Expect.Per}
	if d.ExpectPerSeries.Per > 0 {
		p = engine.Promise{Count: d.ExpectPerSeries.Count, Per: d.ExpectPerSeries.Per, PerSeries: true}
	}
	return engine.Detector{
		Name: d.Name, Expr: d.Expr, Location: d.Location, Model: d.ModelConfig(1), Alarm: d.Alarm, Direction: engine.Direction(d.Direction),
		Deviation: engine.Deviation{Relative: d.MinDeviation.Relative, Value: d.MinDeviation.Value},
		Promise:   p, ModelHash: d.ModelHash(), ConfigHash: d.ModelHash() + d.PolicyHash(),
	}, nil
}

// alarmText is how a detector alarms, in few words.
func alarmText(d engine.Detector) string {
	s := fmt.Sprintf("%d of %d", d.Alarm.Datapoints, d.Alarm.Of)
	if d.Alarm.AtOnce {
		s += ", or one point at once"
	}
	return s
}
