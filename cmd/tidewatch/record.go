package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kingpin/v2"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/app"
)

func recordCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := a.Command("record", "Keep what detectors read for a past range, their history included, so that it can be replayed without the server.")
	file := c.Flag("config.file", "Configuration file.").Default("tidewatch.yml").String()
	from := c.Flag("from", "Start of the decided range: RFC 3339, or a duration before the end. History before it is recorded as well.").Default("7d").String()
	to := c.Flag("to", "End of the decided range, RFC 3339; now by default.").String()
	detectors := c.Flag("detector", "Only for this detector; repeatable.").Strings()
	state := c.Flag("state", "Directory of a service's state, which may be running: its silences, acknowledgements, feedback and events are kept as well.").String()
	dir := c.Flag("output", "New or empty directory for the recording.").Short('o').Required().String()
	return c.FullCommand(), func(ctx context.Context) error {
		cfg, err := configs.Load(*file)
		if err != nil {
			return err
		}
		o := app.RecordOptions{Config: cfg, Detectors: *detectors, Logger: e.logger()}
		if o.From, o.To, err = parseRange(*from, *to, app.ReplayEnd(cfg, e.now())); err != nil {
			return err
		}
		return record(ctx, e, o, *dir, *state)
	}
}

func record(ctx context.Context, e *env, o app.RecordOptions, dir, state string) (err error) {
	if err := emptyDirectory(dir); err != nil {
		return err
	}
	var inputs app.Inputs
	if state != "" {
		if inputs, err = app.ReadInputs(ctx, state, o.To); err != nil {
			return fmt.Errorf("--state: %w", err)
		}
	}
	rec, err := ingest.NewRecorder(dir, ingest.RecorderOptions{})
	if err != nil {
		return err
	}
	show, done := progress(e.stderr, "record")
	o.Recorder, o.Progress = rec, show
	o.Failed = func(detector string, err error) {
		_, _ = fmt.Fprintf(e.stderr, "detector %s is left out: %v\n", detector, err)
	}
	n, err := app.Record(ctx, o)
	done()
	if err == nil && len(inputs) > 0 {
		err = app.WriteInputs(dir, inputs)
	}
	if err := errors.Join(err, rec.Close()); err != nil {
		return err
	}
	m := rec.Manifest()
	_, err = fmt.Fprintf(e.stdout, "%s – %s: %d detectors, %d samples in %d segments, %d bytes; replay with --recording=%s\n",
		stamp(o.From), stamp(o.To), n, m.Samples(), len(m.Segments), m.Bytes(), dir)
	return err
}

// emptyDirectory refuses a directory with something in it: two recordings in one would answer for each other.
func emptyDirectory(dir string) error {
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("--output: %s is not empty; name a new directory", dir)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}
