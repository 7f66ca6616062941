package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/app"
	"github.com/tidewatch/tidewatch/internal/engine"
)

func replayCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := a.Command("replay", "Run the production engine over a past range and print what would have been decided and sent.")
	file := c.Flag("config.file", "Configuration file.").Default("tidewatch.yml").String()
	var fromGiven bool
	from := c.Flag("from", "Start of the decided range: RFC 3339, or a duration before the end.").Default("7d").IsSetByUser(&fromGiven).String()
	to := c.Flag("to", "End of the decided range, RFC 3339; now, or the end of the data.").String()
	csv := c.Flag("csv", "Read this CSV file or directory instead of the configured sources.").String()
	recording := c.Flag("recording", "Read this recording instead of the configured sources; --from and --to are its own unless given.").String()
	state := c.Flag("state", "Directory of a service's state, which may be running: silences, acknowledgements and feedback take effect as they did then.").String()
	asJSON := c.Flag("json", "One JSON object a line: transitions and notices.").Bool()
	return c.FullCommand(), func(ctx context.Context) error {
		r, err := newReplay(e, *file, *csv, *recording)
		if err != nil {
			return err
		}
		defer r.close()
		if r.from, r.to, err = parseRange(*from, *to, r.end); err != nil {
			return err
		}
		if r.begin != 0 && !fromGiven {
			r.from = r.begin
		}
		if fromGiven || *to != "" {
			r.ticks = nil
		}
		if *asJSON {
			r.each = jsonResult(e.stdout)
		} else {
			r.each = r.textResult(e.stdout)
		}
		switch {
		case *state != "":
			if r.inputs, err = app.ReadInputs(ctx, *state, r.to); err != nil {
				return fmt.Errorf("--state: %w", err)
			}
		case *recording != "":
			if r.inputs, err = app.RecordedInputs(ctx, *recording, r.to); err != nil {
				return fmt.Errorf("--recording: %w", err)
			}
		}
		report, err := r.run(ctx)
		for _, text := range report.WithoutEvents {
			_, _ = fmt.Fprintf(e.stderr, "without deploys and restarts: %s\n", text)
		}
		for _, text := range report.Reconfigured {
			_, _ = fmt.Fprintf(e.stderr, "reconfigured: %s\n", text)
		}
		for _, text := range report.Refused {
			_, _ = fmt.Fprintf(e.stderr, "without effect here: %s\n", text)
		}
		switch {
		case err != nil:
			return err
		case report.Detectors == 0:
			return errors.New("no detector could be read")
		case *asJSON:
			return nil
		}
		_, err = fmt.Fprintf(e.stdout, "%s – %s: %d detectors, %d series, %d points; %d alarms, %d messages (%d with their edits)\n",
			stamp(r.from), stamp(r.to), report.Detectors, report.Series, report.Points, report.Alarms, report.Notices, report.Versions)
		return err
	}
}

// replayRun is a replay with where it reads from and what it prints.
type replayRun struct {
	env      *env
	cfg      *configs.Config
	source   func(name string) (ingest.Source, error)
	from, to int64
	end      int64 // newest time that can be replayed
	begin    int64 // where a recording says that it begins, else 0
	ticks    func(configs.Detector) []ingest.Tick
	inputs   app.Inputs
	close    func()
	each     func(engine.Result) error
}

func newReplay(e *env, file, csv, recording string) (*replayRun, error) {
	cfg, err := configs.Load(file)
	if err != nil {
		return nil, err
	}
	r := &replayRun{env: e, cfg: cfg, end: app.ReplayEnd(cfg, e.now()), close: func() {}}
	switch {
	case csv != "" && recording != "":
		return nil, errors.New("--csv and --recording: read one of them")
	case recording != "":
		return r, r.openRecording(recording)
	case csv != "":
		return r, r.openCSV(csv)
	}
	r.source = app.RemoteSources(cfg, e.logger())
	return r, nil
}

// openRecording reads from a recording.
func (r *replayRun) openRecording(dir string) error {
	rec, err := ingest.OpenRecording(dir)
	if err != nil {
		return err
	}
	r.close = func() { _ = rec.Close() } // it was only read
	if rec.Torn > 0 {
		_, _ = fmt.Fprintf(r.env.stderr, "recording %s: %d bytes at its end were cut short and are left out\n", dir, rec.Torn)
	}
	if r.begin, r.end = rec.From, rec.To; r.end == 0 {
		r.end = app.ReplayEnd(r.cfg, time.UnixMilli(rec.Manifest.To()).Add(longestDelay(r.cfg)))
	}
	r.source, r.ticks = app.RecordingSources(r.cfg, rec, r.env.logger()), app.RecordedTicks(rec)
	return nil
}

// openCSV reads from CSV files.
func (r *replayRun) openCSV(csv string) error {
	src, err := ingest.OpenCSV(csv, ingest.CSVOptions{})
	if err != nil {
		return err
	}
	_, last := src.Bounds()
	r.end = app.ReplayEnd(r.cfg, last.Add(longestDelay(r.cfg)))
	if n, first := src.BadRows(); n > 0 {
		_, _ = fmt.Fprintf(r.env.stderr, "%d rows could not be read, the first: %v\n", n, first[0])
	}
	r.source = func(string) (ingest.Source, error) { return src, nil }
	return nil
}

func (r *replayRun) run(ctx context.Context) (app.ReplayReport, error) {
	show, done := progress(r.env.stderr, "replay")
	defer done()
	return app.Replay(ctx, app.ReplayOptions{
		Config: r.cfg, Source: r.source, From: r.from, To: r.to, Ticks: r.ticks, Inputs: r.inputs, Each: r.each, Progress: show,
		Failed: func(detector string, err error) {
			_, _ = fmt.Fprintf(r.env.stderr, "detector %s is left out: %v\n", detector, err)
		},
	})
}

// parseRange reads --from and --to; end is the newest time there is.
func parseRange(from, to string, end int64) (fromMs, toMs int64, err error) {
	toMs = end
	if to != "" {
		t, err := time.Parse(time.RFC3339, to)
		if err != nil {
			return 0, 0, fmt.Errorf("--to: %q is not a time like 2026-01-31T15:00:00Z", to)
		}
		toMs = t.UnixMilli()
	}
	if d, err := model.ParseDuration(from); err == nil {
		return toMs - time.Duration(d).Milliseconds(), toMs, nil
	}
	t, err := time.Parse(time.RFC3339, from)
	if err != nil {
		return 0, 0, fmt.Errorf("--from: %q is neither a duration like 7d nor a time like 2026-01-31T15:00:00Z", from)
	}
	if t.UnixMilli() >= toMs {
		return 0, 0, fmt.Errorf("--from: %s is not before the end %s", from, stamp(toMs))
	}
	return t.UnixMilli(), toMs, nil
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// textResult prints transitions as lines and each message as its receiver's notifiers would send it.
func (r *replayRun) textResult(w io.Writer) func(engine.Result) error {
	return func(res engine.Result) error {
		for _, q := range res.Quality {
			state := engine.DataQuality
			if q.Over {
				state = "data good again"
			}
			if _, err := fmt.Fprintf(w, "%s %s %s %s: %s\n", stamp(q.T), state, q.Detector, q.Reason, q.Text); err != nil {
				return err
			}
		}
		for _, ch := range res.Changes {
			if _, err := fmt.Fprintf(w, "%s %s → %s %s %s: %s\n", stamp(ch.Transition.T), ch.Transition.From, ch.Transition.To, ch.Detector,
				ch.Series.Labels, ch.View.Reason); err != nil {
				return err
			}
		}
		for i := range res.Notices {
			n := &res.Notices[i]
			if _, err := fmt.Fprintf(w, "%s → %s: [%s] %s\n", stamp(n.At), n.Receiver, n.Status, n.Headline); err != nil {
				return err
			}
			for _, line := range n.Body {
				if _, err := fmt.Fprintf(w, "    %s\n", line); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// qualityLine is a verdict on data that begins or, where Over, ends.
type qualityLine struct {
	Detector string `json:"detector"`
	Reason   string `json:"reason"`
	Text     string `json:"text"`
	T        int64  `json:"t"` // grid time, Unix milliseconds
	Series   int    `json:"series"`
	Withheld bool   `json:"withheld"`
	Over     bool   `json:"over"`
}

// jsonResult prints one object a line.
func jsonResult(w io.Writer) func(engine.Result) error {
	enc := json.NewEncoder(w)
	return func(res engine.Result) error {
		for _, q := range res.Quality {
			if err := enc.Encode(struct {
				Quality qualityLine `json:"data_quality"`
			}{qualityLine{q.Detector, q.Reason.String(), q.Text, q.T, q.Series, q.Reason.Withholds(), q.Over}}); err != nil {
				return err
			}
		}
		for _, ch := range res.Changes {
			if err := enc.Encode(struct {
				Transition app.TransitionLine `json:"transition"`
			}{app.NewTransitionLine(ch, res.Now)}); err != nil {
				return err
			}
		}
		for i := range res.Notices {
			if err := enc.Encode(struct {
				Notice *alerting.Notice `json:"notice"`
			}{&res.Notices[i]}); err != nil {
				return err
			}
		}
		return nil
	}
}

func longestDelay(cfg *configs.Config) time.Duration {
	var d time.Duration
	for _, det := range cfg.Detectors {
		d = max(d, det.Delay)
	}
	return d
}
