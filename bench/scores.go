package bench

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tidewatch/tidewatch/bench/corpus"
)

// scoreHeader is the first line of a file of scores; where the channels of a file are judged one by one it has one more column, which names the one that decided.
var scoreHeader = []string{"timestamp", "value", "anomaly_score", "page_score", "p", "yhat", "yhat_lower", "yhat_upper", "alarm"}

// writeScores writes a judgement to a file of the series' own name under dir, gzipped where that one is: a row for each usable row,
// in the file's order, with its own time stamp.
func writeScores(dir string, s *corpus.Series, j *judgement) (err error) {
	path := filepath.Join(dir, filepath.FromSlash(s.Name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing scores: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing scores: %w", err)
	}
	out := io.WriteCloser(f)
	if strings.HasSuffix(path, ".gz") {
		out = gzip.NewWriter(f)
	}
	buf := bufio.NewWriterSize(out, 1<<16)
	err = errors.Join(scoreRows(csv.NewWriter(buf), s, j), buf.Flush())
	if out != f {
		err = errors.Join(err, out.Close())
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing scores to %s: %w", path, err)
	}
	return nil
}

func scoreRows(w *csv.Writer, s *corpus.Series, j *judgement) error {
	head := scoreHeader
	if len(s.Channels) > 1 && !j.together {
		head = append(head[:len(head):len(head)], "channel")
	}
	if err := w.Write(head); err != nil {
		return err
	}
	line := make([]string, len(head))
	for _, row := range s.Rows {
		i := row.Point
		p := j.point[i]
		page, prob := 0.0, math.NaN()
		if row.Last { // a page is sent once
			page = j.Page[i]
		}
		if j.P != nil {
			prob = j.P[i]
		}
		line[0] = row.Stamp
		for k, v := range [...]float64{p.value, j.Score[i], page, prob, p.band.Mid, p.band.Lower, p.band.Upper} {
			line[k+1] = cell(v)
		}
		line[8] = "0"
		if j.Alarm[i] {
			line[8] = "1"
		}
		if len(head) > len(scoreHeader) {
			line[9] = s.Channels[p.channel]
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// cell is a number in as many digits as it has; empty where there is none.
func cell(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
