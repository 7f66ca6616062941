package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tidewatch/tidewatch/internal/readserver"
)

// Handler serves a World as Prometheus's remote-read does, at /api/v1/read.
func Handler(w World) (http.Handler, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	return readserver.Handler(newFleet(w), readserver.Options{}), nil
}

// Generate serves a World on a free port of the loopback until ctx ends, and writes the server's URL to out as one line.
func Generate(ctx context.Context, w World, out io.Writer) error {
	h, err := Handler(w)
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() }) // Serve tells how it ended
	defer stop()
	if _, err := fmt.Fprintf(out, "http://%s\n", l.Addr()); err != nil {
		return errors.Join(err, l.Close())
	}
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// UntilEOF ends ctx when r does, as a pipe from a process that has died does.
func UntilEOF(ctx context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, r) // an error is an end as well
	}()
	return ctx
}

// generatorArgs is the command line of a generator in a process of its own.
func generatorArgs(w World) []string {
	return []string{
		"bench", "generator", "--series", strconv.Itoa(w.Series), "--detectors", strconv.Itoa(w.Detectors), "--scrape", w.Scrape.String(),
		"--until-eof", "--broken", strconv.Itoa(w.Broken), "--break-at", strconv.FormatInt(w.BreakAt, 10),
	}
}

// generator is the URL of a generator that runs already, or, where that is "", of one in a process of its own that runs until stop.
func generator(ctx context.Context, running string, w World) (url string, stop func() error, err error) {
	if running != "" {
		return running, func() error { return nil }, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	url, wait, err := child(ctx, w)
	if err != nil {
		cancel()
		return "", nil, err
	}
	return url, func() error { cancel(); return wait() }, nil
}

// child starts the generator in a process of its own, so that what it uses is not counted, and gives its URL. It ends with ctx, and with
// this process however that ends, as its standard input then does.
func child(ctx context.Context, w World) (url string, wait func() error, err error) {
	exe, err := os.Executable()
	if err != nil {
		return "", nil, fmt.Errorf("find the own binary: %w", err)
	}
	cmd := exec.CommandContext(ctx, exe, generatorArgs(w)...)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil { // held open, and closed by Wait
		return "", nil, err
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start the generator: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("the generator did not start: %w", err), cmd.Wait())
	}
	return strings.TrimSpace(line), func() error {
		if err := cmd.Wait(); err != nil && ctx.Err() == nil {
			return fmt.Errorf("generator: %w", err)
		}
		return nil
	}, nil
}
