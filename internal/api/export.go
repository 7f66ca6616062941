package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// maxScrapes is how many scrapes may be under way at once.
const maxScrapes = 8

// newExposition serves the registry together with the exported series. These have a registry of their own, so that others
// who gather the registry do not pay for them.
func (s *server) newExposition() http.Handler {
	exports := prometheus.NewRegistry()
	exports.MustRegister(&exporter{s})
	return promhttp.HandlerFor(prometheus.Gatherers{s.opts.Registry, exports}, promhttp.HandlerOpts{
		ErrorLog:            printLogger{s.log},
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes,
		Timeout:             s.timeout,
		EnableOpenMetrics:   true,
	})
}

func (s *server) metrics(w http.ResponseWriter, r *http.Request, _ *args) error {
	s.exposition.ServeHTTP(w, r)
	return nil
}

// exporter shows scores and bands under vmanomaly's metric names. It is an unchecked collector: which series there are is
// known only when it is asked.
type exporter struct{ *server }

// Describe implements prometheus.Collector.
func (e *exporter) Describe(chan<- *prometheus.Desc) {}

// The exported gauges, vmanomaly's names.
var exported = [...]struct {
	name, help string
	value      func(BandPoint) Value
}{
	{"anomaly_score", "Above 1 breaches.", func(p BandPoint) Value { return p.Score }},
	{"y", "Observed value.", func(p BandPoint) Value { return p.Y }},
	{"yhat", "Expected value.", func(p BandPoint) Value { return p.Yhat }},
	{"yhat_lower", "Lower edge of the band.", func(p BandPoint) Value { return p.YhatLower }},
	{"yhat_upper", "Upper edge of the band.", func(p BandPoint) Value { return p.YhatUpper }},
}

var (
	omittedDesc = prometheus.NewDesc("tidewatch_export_series_omitted",
		"Series that the export selector chooses but that are not shown.", []string{"reason"}, nil)
	exportUpDesc = prometheus.NewDesc("tidewatch_export_up", "Whether the series to export could be read.", nil, nil)
)

// Collect implements prometheus.Collector.
func (e *exporter) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), e.timeout)
	defer cancel()
	seen, duplicates := map[string]bool{}, 0
	omitted, err := e.read(ctx, func(x ExportedSeries) bool {
		ls := exportLabels(x)
		if key := string(ls.Bytes(nil)); !seen[key] {
			seen[key] = true
			send(ch, ls, x.Point)
		} else {
			duplicates++
		}
		return ctx.Err() == nil
	})
	up := 1.0
	if err != nil {
		up = 0
		e.log.Error("Reading the series to export failed", "err", err)
	}
	ch <- prometheus.MustNewConstMetric(exportUpDesc, prometheus.GaugeValue, up)
	ch <- prometheus.MustNewConstMetric(omittedDesc, prometheus.GaugeValue, float64(omitted), "limit")
	ch <- prometheus.MustNewConstMetric(omittedDesc, prometheus.GaugeValue, float64(duplicates), "duplicate_labels")
}

// read guards against a panic of the backend, which would end the process: collectors run outside the handler's goroutine.
func (e *exporter) read(ctx context.Context, yield func(ExportedSeries) bool) (omitted int, err error) {
	defer func() {
		if p := recover(); p != nil {
			e.meters.panics.Inc()
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return e.backend.ExportSeries(ctx, yield)
}

// exportLabels are the series' labels without the metric's name, and the detector as "for". A label of the series that is
// called so moves to "exported_for", as Prometheus does with colliding labels.
func exportLabels(x ExportedSeries) labels.Labels {
	b := labels.NewBuilder(x.Labels)
	b.Del(model.MetricNameLabel)
	if own := x.Labels.Get("for"); own != "" {
		name := "exported_for"
		for x.Labels.Has(name) {
			name = "exported_" + name
		}
		b.Set(name, own)
	}
	b.Set("for", x.Detector)
	return b.Labels()
}

func send(ch chan<- prometheus.Metric, ls labels.Labels, p BandPoint) {
	names, values := make([]string, 0, ls.Len()), make([]string, 0, ls.Len())
	ls.Range(func(l labels.Label) {
		names = append(names, l.Name)
		values = append(values, strings.ToValidUTF8(l.Value, "\uFFFD"))
	})
	for _, g := range exported {
		m, err := prometheus.NewConstMetric(prometheus.NewDesc(g.name, g.help, names, nil), prometheus.GaugeValue, float64(g.value(p)), values...)
		if err != nil {
			m = prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
		}
		ch <- m
	}
}

// printLogger lends promhttp a logger.
type printLogger struct{ log *slog.Logger }

// Println implements promhttp.Logger.
func (l printLogger) Println(v ...any) {
	l.log.Error("Gathering metrics: " + strings.TrimSpace(fmt.Sprintln(v...)))
}
