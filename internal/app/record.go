package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/events"
)

// RecordOptions is what Record needs.
type RecordOptions struct {
	Config    *configs.Config
	Recorder  *ingest.Recorder
	Detectors []string // only these; none: all
	// From and To are decision times, Unix milliseconds: a replay of [From, To] will find everything that it reads, the
	// detectors' history before From included.
	From, To int64
	Logger   *slog.Logger
	// Failed is called with the error of a detector that cannot be read; the others go on.
	Failed func(detector string, err error)
	// Progress is told the share that is done, 0 to 1; it may be nil.
	Progress func(share float64)
}

// Record reads what a replay of the range reads, and has the recorder keep the samples that come. It gives how many detectors
// could be read.
func Record(ctx context.Context, o RecordOptions) (detectors int, err error) {
	if err := knownDetectors(o.Config, o.Detectors); err != nil {
		return 0, err
	}
	open := recordedSources(o.Config, o.Recorder, o.Logger)
	told := map[string]bool{}
	for i, d := range o.Config.Detectors {
		if len(o.Detectors) > 0 && !slices.Contains(o.Detectors, d.Name) {
			continue
		}
		src, err := open(d.Source)
		if err == nil {
			err = recordOne(ctx, o.Recorder, src, d, o.From, o.To)
		}
		if err == nil && !told[d.Source] {
			told[d.Source] = true
			err = recordEvents(ctx, src, o.Config, d.Source, o.From, o.To)
		}
		switch {
		case ctx.Err() != nil:
			return detectors, ctx.Err()
		case err != nil:
			o.Failed(d.Name, err)
		default:
			detectors++
		}
		if o.Progress != nil {
			o.Progress(float64(i+1) / float64(len(o.Config.Detectors)))
		}
	}
	if detectors == 0 {
		return 0, errors.New("no detector could be read")
	}
	o.Recorder.Range(o.From, o.To)
	return detectors, nil
}

func knownDetectors(cfg *configs.Config, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(cfg.Detectors, func(d configs.Detector) bool { return d.Name == name }) {
			return fmt.Errorf("the configuration has no detector %q", name)
		}
	}
	return nil
}

// recordOne reads a detector as a replay does.
func recordOne(ctx context.Context, rec *ingest.Recorder, src ingest.Source, d configs.Detector, from, to int64) error {
	trained := newestDue(d, from-1)
	keep := func(b tidewatch.Block) error {
		if ingest.SpokenBy(src) == ingest.ProtocolQueryRange { // there are no samples, but points
			rec.Points(d.Source, d.Expr, 0, true, b)
		}
		return nil
	}
	if err := readHistory(ctx, src, d, 0, trained, keep); err != nil {
		return err
	}
	for _, p := range spans(trained+d.Step.Milliseconds(), newestDue(d, to), d.Step) {
		b, err := readBehind(ctx, src, d, query(d, p[0], p[1]))
		if err != nil {
			return err
		}
		if err := keep(b); err != nil {
			return err
		}
	}
	return nil
}

// recordEvents reads the metrics of events as a replay does.
func recordEvents(ctx context.Context, src ingest.Source, cfg *configs.Config, name string, from, to int64) error {
	if cfg.Events.Interval == 0 {
		return nil
	}
	for _, p := range spans(eventsFrom(cfg, 0, eventsDue(cfg, from)), eventsDue(cfg, to), cfg.Events.Interval) {
		if _, err := findEvents(ctx, src, cfg, name, p[0], p[1], func(events.Kind, *ingest.TooManySeriesError) {}); err != nil {
			return err
		}
	}
	return nil
}

// recordedSources opens the configured sources such that all that they read is recorded.
func recordedSources(cfg *configs.Config, rec *ingest.Recorder, log *slog.Logger) func(name string) (ingest.Source, error) {
	return openOnce(cfg, func(s configs.Source) (ingest.Source, error) {
		c := remoteConfig(s, log, nil)
		c.Transport = recordingTransport(rec, s)
		return ingest.Open(c, s.Protocol)
	})
}

func recordingTransport(rec *ingest.Recorder, s configs.Source) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return rec.Transport(ingest.RecordedSource{Name: s.Name, URL: s.URL, External: labels.FromMap(s.ExternalLabels)}, next)
	}
}

// RecordingSources reads the configured sources from a recording instead.
func RecordingSources(cfg *configs.Config, rec *ingest.Recording, log *slog.Logger) func(name string) (ingest.Source, error) {
	return openOnce(cfg, func(s configs.Source) (ingest.Source, error) {
		c := remoteConfig(s, log, nil)
		c.RequestsPerSecond, c.SamplesPerSecond = 0, 0 // there is no server to spare
		return rec.Source(c)
	})
}

// openOnce opens configured sources when they are asked for.
func openOnce(cfg *configs.Config, open func(configs.Source) (ingest.Source, error)) func(name string) (ingest.Source, error) {
	opened := map[string]ingest.Source{}
	return func(name string) (ingest.Source, error) {
		if s, ok := opened[name]; ok {
			return s, nil
		}
		src, _ := cfg.Source(name)
		s, err := open(src)
		if err == nil {
			opened[name] = s
		}
		return s, err
	}
}

// RecordedTicks says when a recorded service decided the points of a detector.
func RecordedTicks(rec *ingest.Recording) func(configs.Detector) []ingest.Tick {
	return func(d configs.Detector) []ingest.Tick { return rec.Ticks(d.Source, query(d, 0, 0)) }
}
