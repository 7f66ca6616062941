package load

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Options describe a run. Defaults is a good start; the zero value is refused.
type Options struct {
	World
	Ticks       int
	History     time.Duration // read and learnt before the first tick
	Step        time.Duration // of the detectors
	Concurrency int           // reads at a time, as in a source
	Workers     int           // engine goroutines; 0: one for each processor
	Dir         string        // where the state lies; "": a temporary directory
	URL         string        // of a generator that runs already; "": one is started in a process of its own
	Profiles    string        // directory for pprof profiles of training, ticks and heap; "": none
	Logger      *slog.Logger  // of the service; nil discards
	Progress    func(share float64)
}

// Defaults are 100,000 series in 100 detectors at a minute, six hours of history and ten ticks.
func Defaults() Options {
	return Options{
		World: World{Series: 100_000, Detectors: 100, Scrape: time.Minute},
		Ticks: 10, History: 6 * time.Hour, Step: time.Minute, Concurrency: 2,
	}
}

func (o Options) check() error {
	if err := o.World.check(); err != nil {
		return err
	}
	if o.Ticks < 1 {
		return fmt.Errorf("%d ticks, want at least one", o.Ticks)
	}
	if o.Step < time.Second || o.History < o.Step {
		return errors.New("step must be at least a second, and history at least a step")
	}
	return nil
}
