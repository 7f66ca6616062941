package load

import (
	"fmt"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/configs"
)

// config is the configuration under load: one detector for each part of the world, memory as it is and requests as a rate.
func config(w World, url string, history, step time.Duration, concurrency int) (*configs.Config, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "global: {step: %s, history: %s}\n", configDuration(step), configDuration(history))
	fmt.Fprintf(&b, "sources: [{name: generator, url: %q, concurrency: %d}]\n", url+"/api/v1/read", concurrency)
	b.WriteString("route: {receiver: log}\nreceivers: [{name: log, log_configs: [{}]}]\ndetectors:\n")
	for p := range w.Detectors {
		expr := fmt.Sprintf("%s{%s=%q}", metricName(p), partLabel, partName(p))
		if p%2 == 1 {
			expr = fmt.Sprintf("rate(%s[%s])", expr, configDuration(max(5*time.Minute, 4*w.Scrape)))
		}
		fmt.Fprintf(&b, "  - {name: Part%s, expr: '%s', max_series: %d}\n", partName(p), expr, w.partSize())
	}
	cfg, err := configs.Parse("load.yml", []byte(b.String()))
	if err != nil {
		return nil, fmt.Errorf("the load run's own configuration: %w", err)
	}
	return cfg, nil
}

// configDuration writes whole seconds as the configuration does.
func configDuration(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }
