package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
)

// The limits of the server. Selectors may be long, so the header may be, too.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 2 * time.Minute
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 256 << 10
	shutdownTimeout   = 10 * time.Second
)

// Listen opens a TCP listener on each address. Port 0 picks a free one; Addr of the listener says which. On an error none
// stays open.
func Listen(addrs ...string) ([]net.Listener, error) {
	if len(addrs) == 0 {
		return nil, errors.New("listening: no address given; for example :9880")
	}
	var listeners []net.Listener
	for _, addr := range addrs {
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listening on %q: %w", addr, err), closeAll(listeners))
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

func closeAll(listeners []net.Listener) error {
	var errs []error
	for _, l := range listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, fmt.Errorf("closing the listener on %s: %w", l.Addr(), err))
		}
	}
	return errors.Join(errs...)
}

// Serve answers on the listeners, which it closes, until the context ends; then it lets requests under way finish for up to
// ten seconds. webConfigFile is Prometheus's web configuration file (TLS, basic auth, headers); "" means plain HTTP. It
// returns nil after an orderly end.
func Serve(ctx context.Context, listeners []net.Listener, h http.Handler, webConfigFile string, log *slog.Logger) error {
	if err := web.Validate(webConfigFile); err != nil {
		return errors.Join(fmt.Errorf("web configuration file %q: %w", webConfigFile, err), closeAll(listeners))
	}
	// A server of its own for each listener, because the toolkit changes the server that it is given.
	servers := make([]*http.Server, len(listeners))
	ended := make(chan error, len(listeners))
	for i, l := range listeners {
		servers[i] = newServer(h, log)
		go func() { ended <- serveOne(l, servers[i], webConfigFile, log) }()
	}
	var first error
	left := len(listeners)
	select {
	case <-ctx.Done():
	case first = <-ended:
		left--
	}
	errs := []error{first, shutdown(servers)}
	for range left {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}

func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

func serveOne(l net.Listener, srv *http.Server, webConfigFile string, log *slog.Logger) error {
	err := web.Serve(l, srv, &web.FlagConfig{WebConfigFile: &webConfigFile}, log)
	if err == nil || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return errors.Join(fmt.Errorf("serving HTTP on %s: %w", l.Addr(), err), closeAll([]net.Listener{l}))
}

// shutdown ends the servers at the same time; what has not finished in time is cut off.
func shutdown(servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	errs := make(chan error, len(servers))
	for _, srv := range servers {
		go func() {
			err := srv.Shutdown(ctx)
			if err != nil {
				err = errors.Join(fmt.Errorf("shutting down HTTP: %w", err), srv.Close())
			}
			errs <- err
		}()
	}
	var all []error
	for range servers {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}
