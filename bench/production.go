package bench

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/engine"
	"github.com/tidewatch/tidewatch/internal/quality"
	"github.com/tidewatch/tidewatch/models"
)

// production is the one configuration of every measured detector: all that it does not say is the product's default, of which some
// depend on the step.
const production = `
sources: [{name: bench, url: "http://localhost/api/v1/read"}]
global: {timezone: UTC, step: %s}
detectors:
- {name: bench, expr: value, expect_per_series: 1/14d}
`

// longestStep is the longest step that the defaults are asked for at: a configuration wants an alarm's points within a day.
const longestStep = 4 * time.Hour

// productionDetector is the detector that production is parsed into at a step. What a configuration cannot say, because it wants
// whole seconds and an alarm's points within a day, has the defaults of the nearest step that it can.
func productionDetector(step time.Duration) (configs.Detector, error) {
	at := min(step.Truncate(time.Second), longestStep)
	cfg, err := configs.Parse("the bench's configuration", fmt.Appendf(nil, production, model.Duration(at)))
	if err != nil {
		return configs.Detector{}, err
	}
	d := cfg.Detectors[0]
	d.Step = step
	return d, nil
}

// configHash names the configuration: SHA-256 over what decides scores and alarms at the default step.
func configHash(d configs.Detector) string {
	sum := sha256.Sum256([]byte(d.ModelHash() + d.PolicyHash()))
	return hex.EncodeToString(sum[:8])
}

// engineDetector is the production detector d for one file: of that kind of model, for its channels together or each for itself. In
// the second case the promise is for the file: its channels share the budget.
func engineDetector(d configs.Detector, kind string, channels int, together bool) engine.Detector {
	d.Model = kind
	m := d.ModelConfig(1)
	m.Seed = 1
	out := engine.Detector{
		Name: d.Name, Expr: d.Expr, Location: d.Location, Model: m, Alarm: d.Alarm,
		Direction: engine.Direction(d.Direction),
		Deviation: engine.Deviation{Relative: d.MinDeviation.Relative, Value: d.MinDeviation.Value},
		Promise:   engine.Promise{Count: d.ExpectPerSeries.Count, Per: d.ExpectPerSeries.Per, PerSeries: together || channels == 1},
		ModelHash: d.ModelHash(), ConfigHash: d.ModelHash() + d.PolicyHash(),
		Quality: &quality.Expect{Step: d.Step, Min: d.Range[0], Max: d.Range[1], Accept: d.AcceptAfter},
	}
	if together {
		out.Join = []string{copyLabel} // all channels of the file
	}
	return out
}

// only is a registry of one kind.
func only(spec models.Spec) func(kind string) (models.Spec, error) {
	return func(kind string) (models.Spec, error) {
		if kind != spec.Kind {
			return models.Spec{}, fmt.Errorf("unknown model %q, want %q", kind, spec.Kind)
		}
		return spec, nil
	}
}
