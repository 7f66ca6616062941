package demo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/simfleet"
)

// runData plays recorded series instead of the simulated fleet: each file's last third is decided on what came before it.
func runData(ctx context.Context, o Options) error {
	rec, err := loadData(ctx, o.Data)
	if err != nil {
		return err
	}
	s := &stage{o: o, started: time.Now()}
	defer s.close()
	begin := rec.end - (rec.length / 3) - mod(rec.end-rec.length/3, rec.step)
	if s.world, err = simfleet.Open(ctx, "", rec.feed, rec.end-rec.length, begin); err != nil {
		return err
	}
	s.o.History = time.Duration(begin-(rec.end-rec.length)) * time.Millisecond
	if err := s.open(ctx, begin, dataConfig(rec)); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "%d recorded series; %s of history, then %s are decided.\nSlack (fake): %s\nTidewatch:    %s\n\n", rec.series, s.o.History,
		time.Duration(rec.end-begin)*time.Millisecond, s.slack.URL(), s.cfg.Global.ExternalURL)
	return s.svc.RunWith(ctx, func(ctx context.Context) error {
		if err := s.walk(ctx, begin, rec.end+time.Minute.Milliseconds()); err != nil {
			return err
		}
		if err := s.svc.AwaitSent(ctx); err != nil {
			return err
		}
		fmt.Fprintf(o.Out, "%d alarms, %d messages\n", len(s.alarms), len(s.slack.Messages(channel)))
		if !o.Once {
			<-ctx.Done()
		}
		return nil
	})
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }

// recording is what a directory of CSV files holds, all files shifted to end together.
type recording struct {
	feed         *simfleet.Recorded
	series       int
	step, length int64 // ms
	end          int64 // Unix ms
}

func loadData(ctx context.Context, path string) (*recording, error) {
	files, err := csvFiles(path)
	if err != nil {
		return nil, err
	}
	r := &recording{step: math.MaxInt64}
	blocks := make([]tidewatch.Block, len(files))
	for i, f := range files {
		src, err := ingest.OpenCSV(f, ingest.CSVOptions{})
		if err != nil {
			return nil, err
		}
		first, last := src.Bounds()
		step := src.Step().Milliseconds()
		from, to := first.UnixMilli(), last.UnixMilli()
		from -= mod(from, step)
		to += mod(-to, step)
		if blocks[i], err = src.Read(ctx, ingest.Query{Detector: "Recorded", From: from, To: to, Step: step}); err != nil {
			return nil, err
		}
		r.step, r.length, r.end = min(r.step, step), max(r.length, to-from), max(r.end, to)
	}
	r.feed, err = simfleet.LoadSeries(r.points(blocks))
	return r, err
}

// points gives the series of all blocks, each block shifted by whole weeks and its rest so that it ends at r.end.
func (r *recording) points(blocks []tidewatch.Block) iter.Seq2[labels.Labels, []tidewatch.Point] {
	return func(yield func(labels.Labels, []tidewatch.Point) bool) {
		for _, b := range blocks {
			shift := r.end - b.Time(b.N-1)
			for _, row := range b.Rows {
				pts := make([]tidewatch.Point, 0, b.N)
				for i, v := range row.V {
					if !math.IsNaN(v) {
						pts = append(pts, tidewatch.Point{T: b.Time(i) + shift, V: v})
					}
				}
				r.series++
				if !yield(metric(row.Series.Labels), pts) {
					return
				}
			}
		}
	}
}

// metric gives a recorded series a metric name that PromQL can write.
func metric(ls labels.Labels) labels.Labels {
	name := strings.Map(func(c rune) rune {
		if c == '_' || c == ':' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, ls.Get(model.MetricNameLabel))
	return labels.NewBuilder(ls).Set(model.MetricNameLabel, "recorded").Set("series", name).Labels()
}

func csvFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("demo --data: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var out []string
	for _, pattern := range []string{"*.csv", "*.csv.gz"} {
		m, err := filepath.Glob(filepath.Join(path, pattern))
		if err != nil {
			return nil, err
		}
		for _, f := range m {
			if filepath.Base(f) != "MANIFEST.csv" {
				out = append(out, f)
			}
		}
	}
	if len(out) == 0 {
		return nil, errors.New("demo --data: no .csv or .csv.gz files in " + path)
	}
	return out, nil
}

// dataConfig watches every recorded series.
func dataConfig(r *recording) []byte {
	return fmt.Appendf(nil, `
global: {step: %[1]ds, history: 365d}
sources: [{name: recorded, url: "http://127.0.0.1:9090/api/v1/read"}]
detectors:
  - name: Recorded
    expr: max_over_time(recorded[%[1]ds])
    expect_per_series: 1/14d
route: {receiver: demo, group_by: [series], group_wait: 1s}
receivers:
  - name: demo
    slack_configs: [{channel: "#oncall", app_token: simulated, app_url: "http://127.0.0.1:9094/api/"}]
`, r.step/1000)
}
