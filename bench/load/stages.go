package load

import (
	"context"
	"sync"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/ingest"
)

// Stages are the parts of a tick. The service does one after the other: it reads all detectors, decides and writes the
// journal, then hands the result over and writes it to the store.
type Stages struct {
	Read   Cost `json:"read"`   // HTTP, decoding, PromQL, grid
	Decide Cost `json:"decide"` // journal record, models, alarms, incidents, journal
	Store  Cost `json:"store"`  // decisions and messages into the database
	Total  Cost `json:"total"`
}

func (s Stages) add(t Stages) Stages {
	return Stages{s.Read.add(t.Read), s.Decide.add(t.Decide), s.Store.add(t.Store), s.Total.add(t.Total)}
}

func (s Stages) over(n int) Stages {
	return Stages{s.Read.over(n), s.Decide.over(n), s.Store.over(n), s.Total.over(n)}
}

// watch notes where a tick is.
type watch struct {
	meter *meter

	mu      sync.Mutex
	read    Cost // when the last read came back
	decided Cost // when the result was there
	passed  bool // decided is of this tick
}

func (w *watch) begin() Cost {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.passed = false
	return w.meter.now()
}

func (w *watch) readDone() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read = w.meter.now()
}

func (w *watch) result() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.passed {
		w.decided, w.passed = w.meter.now(), true
	}
}

func (w *watch) split(from Cost) Stages {
	w.mu.Lock()
	defer w.mu.Unlock()
	to := w.meter.now()
	return Stages{w.read.sub(from), w.decided.sub(w.read), to.sub(w.decided), to.sub(from)}
}

// source is the service's own source with a note after every read.
type source struct {
	ingest.Source
	watch *watch
}

// Read implements ingest.Source.
func (s source) Read(ctx context.Context, q ingest.Query) (tidewatch.Block, error) {
	b, err := s.Source.Read(ctx, q)
	s.watch.readDone()
	return b, err
}
