package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	webflag "github.com/prometheus/exporter-toolkit/web/kingpinflag"
	"github.com/tidewatch/tidewatch/internal/app"
)

func serveCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := a.Command("serve", "Watch: read, decide, send, and answer over HTTP.")
	file := c.Flag("config.file", "Configuration file.").Default("tidewatch.yml").String()
	dir := c.Flag("storage.path", "Directory of the state.").Default("data/").String()
	dry := c.Flag("dry-run", "Do everything but send.").Bool()
	web := webflag.AddFlags(c, ":9880")
	return c.FullCommand(), func(ctx context.Context) error {
		log, reg := e.logger(), newRegistry()
		opts := app.Options{
			ConfigFile: *file, DataDir: *dir, ListenAddresses: *web.WebListenAddresses, WebConfigFile: *web.WebConfigFile,
			DryRun: *dry, Logger: log, Registry: reg,
			Progress: func(detector string, done, total time.Duration) {
				log.Debug("back-fill", "detector", detector, "done", done, "of", total)
			},
		}
		hup := make(chan os.Signal, 1)
		signal.Notify(hup, syscall.SIGHUP) // before the state is loaded: a signal would end the process until then
		defer signal.Stop(hup)
		s, err := app.New(ctx, opts)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil // stopped before it had begun
		case err != nil:
			return err
		}
		go reloadOnHangup(ctx, s, hup)
		return s.Run(ctx)
	}
}

// newRegistry is a registry with the process's own metrics.
func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		versioncollector.NewCollector("tidewatch"))
	return reg
}

func reloadOnHangup(ctx context.Context, s *app.Service, hup <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			_ = s.Reload(ctx) // logged and counted there
		}
	}
}
