package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidewatch/tidewatch/bench/corpus"
)

// Options say what to run.
type Options struct {
	Data      string   // directory
	Corpora   []string // names; empty: all
	Detectors []string // names; empty: all
	Baselines bool
	Scores    string // directory for the scores of each series; "": none are written
	Files     bool   // report every file of the first detector as well
	Cost      bool   // measure time, allocations and memory as well, one detector at a time
	Workers   int    // files at a time; 0: GOMAXPROCS. Results do not depend on it.
	Corpus    corpus.Options
	Commit    string              // for the report
	Progress  func(share float64) // may be nil
}

// run is a run under way.
type run struct {
	Options
	detectors []Detector
	done      atomic.Int64 // judgements, and measurements of a cost
	total     int64
	mu        sync.Mutex // of Progress
}

// Run measures detectors on every corpus under a directory. Files that cannot be read are left out and told.
func Run(ctx context.Context, o Options) (*Report, error) {
	r := &run{Options: o}
	var err error
	cfg, err := productionDetector(time.Minute)
	if err != nil {
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
	rep := &Report{Commit: o.Commit, ConfigHash: configHash(cfg), Machine: machine()}
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

func (r *run) progress() {
	n := r.done.Add(1)
	if r.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Progress(float64(n) / float64(r.total))
}
