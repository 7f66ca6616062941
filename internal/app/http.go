package app

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/prometheus/common/version"
	"github.com/tidewatch/tidewatch/alerting/notify"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/web"
)

// serveHTTP answers until ctx ends; without addresses it only waits.
func (s *Service) serveHTTP(ctx context.Context) error {
	listeners := s.opts.Listeners
	if len(listeners) == 0 && len(s.opts.ListenAddresses) == 0 {
		<-ctx.Done()
		return nil
	}
	if len(listeners) == 0 {
		var err error
		if listeners, err = api.Listen(s.opts.ListenAddresses...); err != nil {
			return err
		}
	}
	for _, l := range listeners {
		s.log.Info("listening", "address", l.Addr().String())
	}
	h, err := s.handler()
	if err != nil {
		return err
	}
	return api.Serve(ctx, listeners, h, s.opts.WebConfigFile, s.log)
}

func (s *Service) handler() (http.Handler, error) {
	external, err := url.Parse(s.config().Global.ExternalURL)
	if err != nil {
		return nil, fmt.Errorf("external_url: %w", err)
	}
	b := backend{s}
	return api.New(api.Options{
		Backend: b, Controls: controls{s}, Slack: s.slack, Logger: s.log, Registry: s.opts.Registry, Reload: s.Reload, Ready: s.Ready, Chart: s.chart, ExternalURL: external,
		UI: web.New(web.Options{
			Backend: b, Logger: s.log, ExternalURL: external, Now: s.opts.Clock.Now, Location: s.config().Global.Location,
			Version: version.Version, Ready: s.Ready, DryRun: s.opts.DryRun, Chart: true,
		}),
		Version: api.BuildInfo{
			Version: version.Version, Revision: version.Revision, Branch: version.Branch, BuildUser: version.BuildUser,
			BuildDate: version.BuildDate, GoVersion: version.GoVersion,
		},
		Now: s.opts.Clock.Now,
	}), nil
}

// chart draws what is held of a series between two times as a PNG.
func (s *Service) chart(_ context.Context, seriesID uint64, from, to int64) ([]byte, error) {
	c, ok := s.core.Chart(seriesID, from, to)
	if !ok {
		return nil, api.NotFoundf("no series %d", seriesID)
	}
	return notify.RenderChart(c)
}
