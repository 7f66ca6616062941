package bench

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidewatch/tidewatch/bench/corpus"
	"github.com/tidewatch/tidewatch/bench/measure"
)

// result is what became of one file.
type result struct {
	series *corpus.Series // without its values once all have judged it
	judged []*judgement   // by detector
	errs   []error        // by detector; where the file could not be read, all are that error
	read   sync.Once
	left   atomic.Int64 // detectors that have not judged it
}

// corpus runs all detectors over all files and measures what they said.
func (r *run) corpus(ctx context.Context, c corpus.Corpus) (CorpusReport, error) {
	results, n := make([]result, len(c.Files)), len(r.detectors)
	for i := range results {
		results[i].judged, results[i].errs = make([]*judgement, n), make([]error, n)
		results[i].left.Store(int64(n))
	}
	r.parallel(len(c.Files)*n, func(k int) { r.file(ctx, c.Files[k/n], &results[k/n], k%n) })
	rep := CorpusReport{Name: c.Name, Problems: []string{}}
	for _, p := range c.Problems {
		rep.Problems = append(rep.Problems, p.Error())
	}
	var good []*result
	for i := range results {
		res := &results[i]
		var p corpus.Problem
		switch {
		case res.series == nil && errors.As(res.errs[0], &p):
			rep.Problems = append(rep.Problems, p.Error())
		case errors.Join(res.errs...) != nil:
			return rep, errors.Join(res.errs...)
		default:
			rep.count(res.series)
			good = append(good, res)
		}
	}
	if len(good) == 0 {
		return rep, fmt.Errorf("none of %d files can be used, the first problem: %s", len(c.Files), cmp.Or(rep.Problems...))
	}
	rep.hash(good)
	rep.Detectors = make([]DetectorReport, len(r.detectors))
	errs := make([]error, len(r.detectors))
	r.parallel(len(r.detectors), func(d int) { rep.Detectors[d], errs[d] = r.measure(c, good, d) })
	for _, d := range rep.Detectors {
		rep.Events = max(rep.Events, d.Events)
	}
	err := errors.Join(errs...)
	if r.Cost && err == nil {
		err = r.costs(ctx, c, &rep)
	}
	rep.Detectors = slices.DeleteFunc(rep.Detectors, func(d DetectorReport) bool { return d.Digest == "" })
	return rep, err
}

// file has one detector judge one file, which the first that comes reads.
func (r *run) file(ctx context.Context, f corpus.File, res *result, d int) {
	defer r.progress()
	var err error
	res.read.Do(func() {
		if err = ctx.Err(); err == nil {
			res.series, err = f.Read()
		}
		for i := range res.errs {
			res.errs[i] = err
		}
	})
	if res.series == nil {
		return
	}
	res.judged[d], res.errs[d] = r.judge(ctx, d, res.series)
	if res.left.Add(-1) == 0 {
		res.series.Values = nil // they may be large, and nothing needs them any more
	}
}

// judge has the i-th detector judge a series, if it can, and writes the scores of the first.
func (r *run) judge(ctx context.Context, i int, s *corpus.Series) (*judgement, error) {
	d := r.detectors[i]
	if spec, _ := d.model(s); spec.Kind == "" {
		return nil, nil
	}
	keep := r.Scores != "" && i == 0
	cfg, err := productionDetector(time.Duration(s.Step) * time.Millisecond)
	if err != nil {
		return nil, err
	}
	j, err := judge(ctx, cfg, d, s, keep)
	if err != nil || !keep {
		return j, err
	}
	err = writeScores(r.Scores, s, j)
	j.point = nil // large, and written
	return j, err
}

// count takes a file into the corpus's counts.
func (c *CorpusReport) count(s *corpus.Series) {
	c.Series++
	c.Channels = max(c.Channels, len(s.Channels))
	for _, m := range s.Missing {
		if !m {
			c.Points++
		}
	}
	c.BadRows += s.BadRows
	c.OutOfOrder += s.OutOfOrder
	c.Duplicates += s.Duplicates
	c.Merged += s.Merged
	for _, p := range s.Problems {
		c.Problems = append(c.Problems, p.Error())
	}
}

func (c *CorpusReport) hash(results []*result) {
	h := sha256.New()
	for _, r := range results {
		h.Write(r.series.Hash[:])
	}
	c.DataHash = hex.EncodeToString(h.Sum(nil)[:8])
}

// measure turns what one detector said of all files into figures; the report of one that cannot judge all of them is empty.
func (r *run) measure(c corpus.Corpus, results []*result, d int) (DetectorReport, error) {
	rep := DetectorReport{Name: r.detectors[d].Name, Baseline: r.detectors[d].Baseline}
	var list []measure.Series
	for _, res := range results {
		if res.judged[d] == nil {
			return rep, nil
		}
		list = append(list, res.judged[d].Series)
	}
	rep.Digest = digest(list)
	var err error
	if rep.Result, err = measure.Measure(list); err != nil {
		return rep, fmt.Errorf("measuring %s: %w", rep.Name, err)
	}
	if r.Files && d == 0 {
		if rep.Files, err = fileReports(list); err != nil {
			return rep, err
		}
	}
	if c.NAB {
		if rep.NABResult, err = nab(c, results, d); err != nil {
			return rep, fmt.Errorf("measuring %s: %w", rep.Name, err)
		}
	}
	return rep, nil
}

// fileReports measures every file by itself.
func fileReports(list []measure.Series) ([]FileReport, error) {
	out := make([]FileReport, len(list))
	for i := range list {
		res, err := measure.Measure(list[i : i+1])
		if err != nil {
			return nil, fmt.Errorf("measuring %s: %w", list[i].Name, err)
		}
		out[i] = FileReport{Name: list[i].Name, Result: res}
	}
	return out, nil
}
