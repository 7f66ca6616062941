package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// OpenMetricsReport counts what WriteOpenMetrics wrote, and what the format has no words for.
type OpenMetricsReport struct {
	Series, Samples int
	Stale           int // staleness markers, left out: a reader looks back over the end of the series instead
	Histograms      int // samples of native histograms, left out
}

// WriteOpenMetrics writes the samples of a source as OpenMetrics text, with their times: what `promtool tsdb create-blocks-from
// openmetrics` takes. Values and times come back as they were.
func (r *Recording) WriteOpenMetrics(w io.Writer, source string) (OpenMetricsReport, error) {
	o := &metricsWriter{w: bufio.NewWriterSize(w, 1<<20)}
	err := r.EachSeries(source, o.series)
	if err != nil {
		return o.report, err
	}
	_, _ = o.w.WriteString("# EOF\n") // Flush gives the error
	return o.report, o.w.Flush()
}

type metricsWriter struct {
	w      *bufio.Writer
	name   string // of the family that is being written
	report OpenMetricsReport
	line   []byte
}

func (o *metricsWriter) series(s storage.Series) error {
	name := s.Labels().Get(model.MetricNameLabel)
	head := seriesHead(name, s.Labels())
	if name != o.name || o.report.Series == 0 {
		o.name = name
		o.line = append(append(append(o.line[:0], "# TYPE "...), metricName(name)...), " unknown\n"...)
		_, _ = o.w.Write(o.line)
	}
	o.report.Series++
	it := s.Iterator(nil)
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		if kind != chunkenc.ValFloat {
			o.report.Histograms++
			continue
		}
		t, v := it.At()
		if value.IsStaleNaN(v) {
			o.report.Stale++
			continue
		}
		o.report.Samples++
		o.line = append(append(o.line[:0], head...), ' ')
		o.line = append(appendValue(o.line, v), ' ')
		o.line = append(appendSeconds(o.line, t), '\n')
		if _, err := o.w.Write(o.line); err != nil {
			return err
		}
	}
	return it.Err()
}

// metricName is a metric's name as it stands in the text; one that is no classic name is quoted.
func metricName(name string) string {
	if model.LegacyValidation.IsValidMetricName(name) {
		return name
	}
	return strconv.Quote(name)
}

// seriesHead is a series as it stands before a sample.
func seriesHead(name string, ls labels.Labels) string {
	var parts []string
	classic := model.LegacyValidation.IsValidMetricName(name)
	if !classic && name != "" {
		parts = append(parts, strconv.Quote(name))
	}
	ls.Range(func(l labels.Label) {
		if l.Name == model.MetricNameLabel {
			return
		}
		n := l.Name
		if !model.LegacyValidation.IsValidLabelName(n) {
			n = strconv.Quote(n)
		}
		parts = append(parts, n+`="`+escapeValue.Replace(l.Value)+`"`)
	})
	if classic {
		if len(parts) == 0 {
			return name
		}
		return name + "{" + strings.Join(parts, ",") + "}"
	}
	return "{" + strings.Join(parts, ",") + "}"
}

var escapeValue = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func appendValue(b []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, "NaN"...)
	case math.IsInf(v, 0):
		return append(b, map[bool]string{true: "+Inf", false: "-Inf"}[v > 0]...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendSeconds writes milliseconds as seconds.
func appendSeconds(b []byte, ms int64) []byte {
	if ms < 0 {
		b, ms = append(b, '-'), -ms
	}
	b = strconv.AppendInt(b, ms/1000, 10)
	if ms %= 1000; ms != 0 {
		b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	}
	return b
}

// textSeries are the samples of one series of a text.
type textSeries struct {
	series
	ts []int64
	vs []float64
}

// ImportOpenMetrics records the samples of an OpenMetrics text, which must all have a time, as all there is of a source. The text is
// read whole: its size and 16 bytes a sample in memory. Exemplars are not kept.
func (r *Recorder) ImportOpenMetrics(source string, text io.Reader) error {
	b, err := io.ReadAll(text)
	if err != nil {
		return err
	}
	list, last, err := parseOpenMetrics(b)
	if err != nil {
		return err
	}
	for _, s := range list {
		s.chunks = []chunk{decodedChunk(s.ts, s.vs)}
		if _, err := r.Samples(source, &s.series); err != nil {
			return err
		}
	}
	r.Whole(source, last+LookbackDelta.Milliseconds())
	return nil
}

// parseOpenMetrics gives the series of a text in order of labels, and the newest time.
func parseOpenMetrics(b []byte) (list []*textSeries, last int64, err error) {
	p := textparse.NewOpenMetricsParser(b, labels.NewSymbolTable())
	byKey, n := map[string]*textSeries{}, 0
	last = math.MinInt64
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, 0, fmt.Errorf("OpenMetrics, after %d samples: %w", n, err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		raw, t, v := p.Series()
		if t == nil {
			return nil, 0, fmt.Errorf("OpenMetrics: the sample %q has no time", raw)
		}
		s := byKey[string(raw)]
		if s == nil {
			s = &textSeries{series: series{mint: math.MinInt64, maxt: math.MaxInt64}}
			p.Labels(&s.lset)
			byKey[string(raw)] = s
			list = append(list, s)
		}
		s.ts, s.vs, last = append(s.ts, *t), append(s.vs, v), max(last, *t)
		n++
	}
	if n == 0 {
		return nil, 0, errors.New("OpenMetrics: there is no sample in it")
	}
	slices.SortFunc(list, func(a, b *textSeries) int { return labels.Compare(a.lset, b.lset) })
	return list, last, nil
}
