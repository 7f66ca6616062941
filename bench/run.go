package bench

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tidewatch/tidewatch/bench/corpus"
	"github.com/tidewatch/tidewatch/bench/measure"
	"github.com/tidewatch/tidewatch/configs"
)

// Options say what to run.
type Options struct {
	Data      string   // directory
	Corpora   []string // names; empty: all
	Detectors []string // names; empty: all
	Baselines bool
	Scores    string // directory for the scores of each series; "": none are written
	Cost      bool   // measure time, allocations and memory as well, one detector at a time
	Workers   int    // files at a time; 0: GOMAXPROCS. Results do not depend on it.
	Corpus    corpus.Options
	Commit    string              // for the report
	Progress  func(share float64) // may be nil
}

// run is a run under way.
type run struct {
	Options
	cfg       configs.Detector
	detectors []Detector
	files     atomic.Int64 // times detectors that are done
	total     int64
	mu        sync.Mutex // of Progress
}

// Run measures detectors on every corpus under a directory. Files that cannot be read are left out and told.
func Run(ctx context.Context, o Options) (*Report, error) {
	r := &run{Options: o}
	var err error
	if r.cfg, err = productionDetector(); err != nil {
		return nil, err
	}
	if r.detectors, err = Detectors(o.Baselines || len(o.Detectors) > 0); err != nil {
		return nil, err
	}
	if r.detectors, err = choose(r.detectors, o.Detectors); err != nil {
		return nil, err
	}
	corpora, err := corpus.Open(o.Data, o.Corpus)
	if err != nil {
		return nil, err
	}
	if corpora, err = chooseCorpora(corpora, o.Corpora); err != nil {
		return nil, err
	}
	for _, c := range corpora {
		r.total += int64(len(c.Files) * len(r.detectors))
		if o.Cost {
			r.total += int64(len(r.detectors))
		}
	}
	rep := &Report{Commit: o.Commit, ConfigHash: configHash(r.cfg), Machine: machine()}
	h := sha256.New()
	for _, c := range corpora {
		cr, err := r.corpus(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("corpus %s: %w", c.Name, err)
		}
		h.Write([]byte(cr.DataHash))
		rep.Corpora = append(rep.Corpora, cr)
	}
	rep.DataHash = hex.EncodeToString(h.Sum(nil)[:8])
	return rep, nil
}

func chooseCorpora(all []corpus.Corpus, names []string) ([]corpus.Corpus, error) {
	if len(names) == 0 {
		return all, nil
	}
	var known []string
	for _, c := range all {
		known = append(known, c.Name)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("unknown corpus %q, there are %s", n, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all, func(c corpus.Corpus) bool { return !slices.Contains(names, c.Name) }), nil
}

// result is what became of one file.
type result struct {
	series *corpus.Series // without its values
	judged []*judgement   // by detector
	err    error
}

// corpus runs all detectors over all files and measures what they said.
func (r *run) corpus(ctx context.Context, c corpus.Corpus) (CorpusReport, error) {
	results := make([]result, len(c.Files))
	r.parallel(len(c.Files), func(i int) { results[i] = r.file(ctx, c.Files[i]) })
	rep := CorpusReport{Name: c.Name}
	for _, p := range c.Problems {
		rep.Problems = append(rep.Problems, p.Error())
	}
	var good []result
	for _, res := range results {
		var p corpus.Problem
		switch {
		case errors.As(res.err, &p):
			rep.Problems = append(rep.Problems, res.err.Error())
		case res.err != nil:
			return rep, res.err
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
	if r.Cost {
		errs = append(errs, r.costs(ctx, c, &rep))
	}
	rep.Detectors = slices.DeleteFunc(rep.Detectors, func(d DetectorReport) bool { return d.Digest == "" })
	return rep, errors.Join(errs...)
}

// parallel calls each for 0 … n-1 on the run's workers.
func (r *run) parallel(n int, each func(i int)) {
	workers := r.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				each(i)
			}
		})
	}
	wg.Wait()
}

func (r *run) file(ctx context.Context, f corpus.File) (res result) {
	if res.err = ctx.Err(); res.err != nil {
		return res
	}
	if res.series, res.err = f.Read(); res.err != nil {
		return res
	}
	res.judged = make([]*judgement, len(r.detectors))
	for i := range r.detectors {
		if res.judged[i], res.err = r.judge(ctx, i, res.series); res.err != nil {
			return res
		}
		r.progress()
	}
	res.series.Values = nil // they may be large, and nothing needs them any more
	return res
}

// judge has the i-th detector judge a series, if it can, and writes the scores of the first.
func (r *run) judge(ctx context.Context, i int, s *corpus.Series) (*judgement, error) {
	d := r.detectors[i]
	if !d.judges(s) {
		return nil, nil
	}
	keep := r.Scores != "" && i == 0
	j, err := judge(ctx, r.cfg, d, s, keep)
	if err != nil || !keep {
		return j, err
	}
	err = writeScores(r.Scores, s, j)
	j.point = nil // large, and written
	return j, err
}

func (r *run) progress() {
	n := r.files.Add(1)
	if r.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Progress(float64(n) / float64(r.total))
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

func (c *CorpusReport) hash(results []result) {
	h := sha256.New()
	for _, r := range results {
		h.Write(r.series.Hash[:])
	}
	c.DataHash = hex.EncodeToString(h.Sum(nil)[:8])
}

// measure turns what one detector said of all files into figures; the report of one that cannot judge all of them is empty.
func (r *run) measure(c corpus.Corpus, results []result, d int) (DetectorReport, error) {
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
	if c.NAB {
		if rep.NABResult, err = nab(results, d); err != nil {
			return rep, fmt.Errorf("measuring %s: %w", rep.Name, err)
		}
	}
	return rep, nil
}
