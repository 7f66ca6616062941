package app

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are the service's own; sources, store, outbox and API register theirs.
type metrics struct {
	points           *prometheus.CounterVec
	transitions      *prometheus.CounterVec
	notices          *prometheus.CounterVec
	verdicts         *prometheus.CounterVec
	dataQuality      *prometheus.GaugeVec
	events           *prometheus.CounterVec
	eventsLeftOut    *prometheus.GaugeVec
	errors           *prometheus.CounterVec
	controls         *prometheus.CounterVec
	stage            *prometheus.HistogramVec
	detectorUp       *prometheus.GaugeVec
	seriesLeftOut    *prometheus.GaugeVec
	lastEvaluation   *prometheus.GaugeVec
	sourceUp         *prometheus.GaugeVec
	backlog          prometheus.Gauge
	faults           *prometheus.GaugeVec
	snapshotSeconds  prometheus.Gauge
	snapshotPause    prometheus.Gauge
	clockBehind      prometheus.Gauge
	reloads          *prometheus.CounterVec
	reloadSuccessful prometheus.Gauge
	reloadTime       prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: "tidewatch_" + name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return f.NewGaugeVec(prometheus.GaugeOpts{Name: "tidewatch_" + name, Help: help}, labels)
	}
	m := &metrics{
		points:         counter("points_total", "Real points judged, in training on history and live.", "mode"),
		transitions:    counter("alarm_transitions_total", "Changes of alarms' states.", "detector", "to"),
		notices:        counter("notices_total", "Versions of messages decided on.", "receiver", "kind", "status"),
		verdicts:       counter("data_quality_verdicts_total", "Faults of data found, by reason.", "detector", "reason"),
		dataQuality:    gauge("data_quality", "Series whose data has the fault now, 1 where the whole detector has it; absent where there is none.", "detector", "reason"),
		events:         counter("events_total", "Deploys, restarts and other events taken in.", "kind", "origin"),
		eventsLeftOut:  gauge("events_left_out_series", "Series of a kind of event that is left out because there are too many; 0 is normal.", "source", "kind"),
		errors:         counter("errors_total", "Errors of the service by part.", "part"),
		controls:       counter("controls_total", "What people asked for and got: silences, acknowledgements, feedback.", "kind", "from"),
		seriesLeftOut:  gauge("detector_left_out_series", "Series that the detector does not judge because there are more than max_series; 0 is normal.", "detector"),
		detectorUp:     gauge("detector_up", "Whether the newest evaluation of the detector was good.", "detector"),
		lastEvaluation: gauge("detector_last_evaluation_timestamp_seconds", "Grid time of the newest evaluated point.", "detector"),
		sourceUp:       gauge("source_up", "Whether the newest read of the source was good.", "source"),
		backlog:        f.NewGauge(prometheus.GaugeOpts{Name: "tidewatch_store_backlog", Help: "Results that wait for the store to take them."}),
		faults:         gauge("state_fault", "Whether a part of the state cannot be written at the moment.", "part"),
		snapshotSeconds: f.NewGauge(prometheus.GaugeOpts{
			Name: "tidewatch_snapshot_duration_seconds", Help: "How long the newest snapshot took in all.",
		}),
		snapshotPause: f.NewGauge(prometheus.GaugeOpts{
			Name: "tidewatch_snapshot_pause_seconds", Help: "For how long the newest snapshot held up decisions.",
		}),
		clockBehind: f.NewGauge(prometheus.GaugeOpts{
			Name: "tidewatch_clock_behind_seconds", Help: "By how much the clock stands before the newest decision; 0 is normal.",
		}),
		reloads:          counter("config_reloads_total", "Reloads of the configuration by outcome.", "outcome"),
		reloadSuccessful: f.NewGauge(prometheus.GaugeOpts{Name: "tidewatch_config_last_reload_successful", Help: "1 if the newest (re)load was good."}),
		reloadTime: f.NewGauge(prometheus.GaugeOpts{
			Name: "tidewatch_config_last_reload_success_timestamp_seconds", Help: "When the configuration in force was loaded.",
		}),
	}
	m.stage = f.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tidewatch_tick_stage_duration_seconds", Help: "Time of a tick by stage: read, decide, journal.",
		Buckets: prometheus.ExponentialBuckets(0.001, 4, 9),
	}, []string{"stage"})
	return m
}
