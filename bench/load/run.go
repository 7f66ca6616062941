package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/app"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// begin is where the virtual clock stands at the first tick: a time that is an epoch's, so that runs compare.
const begin = int64(20_500 * 86_400_000)

// run is one load run under way.
type run struct {
	o     Options
	url   string
	dir   string
	watch *watch
	clock *app.Virtual
	reg   *prometheus.Registry
	rep   Report
	prof  *profiles
	rss   *sampler
}

// Run loads a service and reports what it cost.
func Run(ctx context.Context, o Options) (rep Report, err error) {
	if err := o.check(); err != nil {
		return rep, err
	}
	r := &run{o: o, dir: o.Dir, watch: &watch{meter: newMeter()}, clock: app.NewVirtual(begin), prof: &profiles{dir: o.Profiles}, rss: newSampler()}
	defer r.rss.stop()
	r.rep = newReport(o)
	if r.dir == "" {
		if r.dir, err = os.MkdirTemp("", "tidewatch-load-"); err != nil {
			return rep, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	}
	url, stop, err := generator(ctx, o.URL, o.World)
	if err != nil {
		return rep, err
	}
	r.url = url
	defer func() { err = errors.Join(err, stop()) }()
	r.rss.memory() // a new peak
	if err := r.first(ctx); err != nil {
		return rep, err
	}
	if err := r.second(ctx); err != nil {
		return rep, err
	}
	r.rep.Load[1] = machineLoad()
	return r.rep, nil
}

// service makes the ordinary service over the generator.
func (r *run) service(ctx context.Context) (*app.Service, error) {
	r.reg = prometheus.NewRegistry()
	cfg, err := config(r.o.World, r.url, r.o.History, r.o.Step, r.o.Concurrency)
	if err != nil {
		return nil, err
	}
	open := app.RemoteSources(cfg, r.o.Logger)
	return app.New(ctx, app.Options{
		DataDir: r.dir, Clock: r.clock, Logger: r.o.Logger, Registry: r.reg, Workers: r.o.Workers,
		Load: func() (*configs.Config, error) { return cfg, nil },
		OpenSource: func(s configs.Source) (ingest.Source, error) {
			src, err := open(s.Name)
			return source{src, r.watch}, err
		},
		OnResult: func(res engine.Result) {
			r.watch.result()
			r.rep.Transitions += len(res.Changes)
			r.rep.Notices += len(res.Notices)
		},
	})
}

// first is the service's first life: it learns the history, ticks, and leaves a snapshot behind.
func (r *run) first(ctx context.Context) error {
	svc, err := r.service(ctx)
	if err != nil {
		return err
	}
	var end Cost
	err = svc.RunWith(ctx, func(ctx context.Context) error {
		if err := r.train(ctx, svc); err != nil {
			return err
		}
		if err := r.ticks(ctx, svc); err != nil {
			return err
		}
		end = r.watch.meter.now()
		return r.prof.heap()
	})
	if err != nil {
		return err
	}
	r.rep.Snapshot.Cost, r.rep.Snapshot.Memory = r.watch.meter.now().sub(end), r.rss.memory()
	return r.measureSnapshot()
}

func (r *run) train(ctx context.Context, svc *app.Service) error {
	_, err := r.profiled("train", func() error {
		from := r.watch.begin()
		if err := svc.Walk(ctx, r.clock, begin); err != nil {
			return err
		}
		r.rep.Training.Cost, r.rep.Training.Memory = r.watch.meter.now().sub(from), r.rss.memory()
		points, err := gathered(r.reg, "tidewatch_points_total", "mode", "history")
		r.rep.Training.Points = int64(points)
		if want := int64(r.o.Series) * int64(r.o.History/r.o.Step); err != nil || r.rep.Training.Points < want*9/10 {
			err = errors.Join(fmt.Errorf("%d points of history were learnt, want about %d; the log says why", r.rep.Training.Points, want), err)
		}
		return err
	})
	return err
}

// profiled runs what has a name under the CPU profiler.
func (r *run) profiled(name string, what func() error) ([]byte, error) {
	stop, err := r.prof.cpu(name)
	if err != nil {
		return nil, err
	}
	err = what()
	prof, perr := stop()
	return prof, errors.Join(err, perr)
}

func (r *run) ticks(ctx context.Context, svc *app.Service) error {
	prof, err := r.profiled("ticks", func() error { return r.measureTicks(ctx, svc) })
	if err != nil {
		return err
	}
	stacks, err := parseProfile(prof)
	r.rep.Ticks.Shares = sharesOf(stacks)
	return err
}

func (r *run) measureTicks(ctx context.Context, svc *app.Service) error {
	before, err := r.counters()
	if err != nil {
		return err
	}
	var sum Stages
	for i := 1; i <= r.o.Ticks; i++ {
		from := r.watch.begin()
		if err := svc.Walk(ctx, r.clock, begin+int64(i)*r.o.Step.Milliseconds()); err != nil {
			return err
		}
		t := r.watch.split(from)
		sum = sum.add(t)
		r.rep.Ticks.Slowest = max(r.rep.Ticks.Slowest, t.Total.Wall)
		if r.o.Progress != nil {
			r.o.Progress(float64(i) / float64(r.o.Ticks))
		}
	}
	r.rep.Ticks.Stages, r.rep.Ticks.Memory = sum.over(r.o.Ticks), r.rss.memory()
	after, err := r.counters()
	r.rep.Ticks.counted(before, after, r.o.Ticks)
	if want := float64(r.o.Series * r.o.Ticks); err == nil && after.points-before.points < want*99/100 {
		err = fmt.Errorf("%.0f points were judged in %d ticks, want %.0f; the log says why", after.points-before.points, r.o.Ticks, want)
	}
	return err
}

// counters are the service's own metrics that a report uses.
type counters struct{ points, journalBytes, journalSeconds, decideSeconds float64 }

func (r *run) counters() (c counters, err error) {
	for _, f := range []struct {
		to                 *float64
		name, label, value string
	}{
		{&c.points, "tidewatch_points_total", "mode", "live"},
		{&c.journalBytes, "tidewatch_journal_written_bytes_total", "", ""},
		{&c.journalSeconds, "tidewatch_tick_stage_duration_seconds", "stage", "journal"},
		{&c.decideSeconds, "tidewatch_tick_stage_duration_seconds", "stage", "decide"},
	} {
		if *f.to, err = gathered(r.reg, f.name, f.label, f.value); err != nil {
			return c, err
		}
	}
	return c, nil
}

// measureSnapshot reads what the service says of its newest snapshot, and its size from the disk.
func (r *run) measureSnapshot() error {
	pause, err := gathered(r.reg, "tidewatch_snapshot_pause_seconds", "", "")
	if err != nil {
		return err
	}
	r.rep.Snapshot.Pause = time.Duration(pause * float64(time.Second))
	dirs, err := filepath.Glob(filepath.Join(r.dir, "snapshots", "*"))
	if err != nil || len(dirs) == 0 {
		return fmt.Errorf("no snapshot in %s (%w)", r.dir, err)
	}
	return filepath.WalkDir(dirs[len(dirs)-1], func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			r.rep.Snapshot.Bytes += info.Size()
		}
		return err
	})
}

// second starts the service again on the state that the first life left, of which nothing is left in memory: a restart is another process.
func (r *run) second(ctx context.Context) error {
	r.reg = nil // it leads to the state
	debug.FreeOSMemory()
	debug.FreeOSMemory() // the files of the points for charts, which go with what lay in them
	r.rss.memory()
	from := r.watch.meter.now()
	svc, err := r.service(ctx)
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	r.rep.Restart.Cost, r.rep.Restart.Memory = r.watch.meter.now().sub(from), r.rss.memory()
	return svc.RunWith(ctx, func(context.Context) error { return nil })
}
