package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/app"
)

func recordingGroup(a *kingpin.Application) *kingpin.CmdClause {
	if c := a.GetCommand("recording"); c != nil {
		return c
	}
	return a.Command("recording", "Look at recordings, and turn them into other formats and back.")
}

func recordingListCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := recordingGroup(a).Command("ls", "Say what a recording holds. Every byte of it is checked.").Alias("verify")
	dir := c.Arg("directory", "The recording.").Required().String()
	return c.FullCommand(), func(context.Context) error {
		rec, err := ingest.OpenRecording(*dir)
		if err != nil {
			return err
		}
		defer func() { _ = rec.Close() }() // it was only read
		out := &page{w: e.stdout}
		printRecording(out, rec)
		return out.err
	}
}

func printRecording(out *page, rec *ingest.Recording) {
	m := &rec.Manifest
	if rec.From != 0 {
		out.printf("decision times %s – %s\n", stamp(rec.From), stamp(rec.To))
	}
	for _, s := range m.Segments {
		name := s.SHA256
		if name == "" {
			name = "(being written)"
		}
		out.printf("segment %s: %d bytes, %d series, %d samples, %d points", name, s.Bytes, s.Series, s.Samples, s.Points)
		if s.Samples+s.Points > 0 {
			out.printf(", %s – %s", stamp(s.From), stamp(s.To))
		}
		out.printf("\n")
	}
	for _, r := range m.Ranges() {
		out.printf("source %s: %s, %s – %s\n", r.Source, r.Selector, stamp(r.From), stamp(r.To))
	}
	for _, d := range m.Points() {
		out.printf("detector %s of %s: %d points every %s, %s – %s: %s\n", d.Detector, d.Source, d.Points,
			time.Duration(d.Step)*time.Millisecond, stamp(d.From), stamp(d.To), d.Expr)
	}
	if l := m.LeftOut; l.Segments > 0 {
		out.printf("left out by the bound on the size, up to %s: %d samples and %d points in %d segments, %d bytes\n",
			stamp(l.To), l.Samples, l.Points, l.Segments, l.Bytes)
	}
	if rec.Torn > 0 {
		out.printf("the last %d bytes were cut short and are left out\n", rec.Torn)
	}
	out.printf("%d bytes in all, whole\n", m.Bytes())
}

// formats of export and import.
const (
	openMetrics = "openmetrics"
	blocks      = "blocks"
	csvFiles    = "csv"
)

func recordingExportCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := recordingGroup(a).Command("export", "Write the samples of a recording as OpenMetrics text, as Prometheus's TSDB blocks, or as CSV files for bench.")
	format := c.Flag("format", "openmetrics, blocks or csv.").Default(openMetrics).Enum(openMetrics, blocks, csvFiles)
	source := c.Flag("source", "Which source; not needed where there is one.").String()
	output := c.Flag("output", "File, or directory of blocks or CSV files; standard output by default.").Short('o').String()
	dir := c.Arg("directory", "The recording.").Required().String()
	return c.FullCommand(), func(ctx context.Context) error {
		rec, err := ingest.OpenRecording(*dir)
		if err != nil {
			return err
		}
		defer func() { _ = rec.Close() }() // it was only read
		if *source, err = oneSource(rec, *source); err != nil {
			return err
		}
		switch {
		case *format == openMetrics:
			return exportText(e, rec, *source, *output)
		case *output == "":
			return fmt.Errorf("--output: name the directory for the %s", *format)
		case *format == csvFiles:
			series, samples, err := rec.WriteCSV(*output, *source)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.stdout, "%d samples of %d series; series.txt names them\n", samples, series)
			return err
		}
		n, samples, err := app.ExportBlocks(ctx, rec, *source, *output)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "%d samples in %d blocks; move them into Prometheus's data directory\n", samples, n)
		return err
	}
}

func oneSource(rec *ingest.Recording, name string) (string, error) {
	all := rec.Sources()
	if name == "" && len(all) == 1 {
		return all[0], nil
	}
	if name == "" {
		return "", fmt.Errorf("--source: choose one of %s", strings.Join(all, ", "))
	}
	return name, nil
}

func exportText(e *env, rec *ingest.Recording, source, output string) (err error) {
	w := e.stdout
	if output != "" {
		f, err := os.Create(output)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		w = f
	}
	report, err := rec.WriteOpenMetrics(w, source)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(e.stderr, "%d samples of %d series\n", report.Samples, report.Series)
	if report.Stale+report.Histograms > 0 {
		_, _ = fmt.Fprintf(e.stderr, "left out, because OpenMetrics has no words for them: %d staleness markers, %d samples of native histograms; --format=blocks keeps them\n",
			report.Stale, report.Histograms)
	}
	return nil
}

func recordingImportCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := recordingGroup(a).Command("import", "Make a recording of OpenMetrics text or of Prometheus's TSDB blocks.")
	format := c.Flag("format", "openmetrics or blocks.").Default(openMetrics).Enum(openMetrics, blocks)
	source := c.Flag("source", "Name of the source in the configuration that it stands for.").Required().String()
	external := c.Flag("external-label", "name=value of the server's external_labels; repeatable.").StringMap()
	output := c.Flag("output", "New or empty directory for the recording.").Short('o').Required().String()
	input := c.Arg("input", "File, or directory of blocks; standard input by default.").String()
	return c.FullCommand(), func(ctx context.Context) error {
		if *format == blocks && *input == "" {
			return errors.New("name the directory of the blocks")
		}
		if err := emptyDirectory(*output); err != nil {
			return err
		}
		rec, err := ingest.NewRecorder(*output, ingest.RecorderOptions{})
		if err != nil {
			return err
		}
		rec.Declare(ingest.RecordedSource{Name: *source, External: labels.FromMap(*external)})
		if *format == blocks {
			_, err = app.ImportBlocks(ctx, rec, *source, *input)
		} else {
			err = importText(rec, *source, *input)
		}
		if err := errors.Join(err, rec.Close()); err != nil {
			return fmt.Errorf("import %s: %w", *input, err)
		}
		m := rec.Manifest()
		_, err = fmt.Fprintf(e.stdout, "%d samples in %d segments, %d bytes\n", m.Samples(), len(m.Segments), m.Bytes())
		return err
	}
}

func importText(rec *ingest.Recorder, source, name string) (err error) {
	f := os.Stdin
	if name != "" {
		if f, err = os.Open(name); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
	}
	return rec.ImportOpenMetrics(source, f)
}
