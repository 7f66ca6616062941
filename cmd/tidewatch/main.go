package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // zones work in a container without them

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	promslogflag "github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
)

func main() { os.Exit(process(time.Now)) }

// process is main but for the exit: it runs until it is done or told to stop.
func process(now func() time.Time) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], &env{stdout: os.Stdout, stderr: os.Stderr, now: now})
}

// command is one subcommand: it adds its flags and returns what runs it.
type command func(app *kingpin.Application, env *env) (name string, run func(context.Context) error)

// commands in the order in which help lists them.
var commands = []command{
	serveCommand, statusCommand, reportCommand, alarmQueryCommand, alarmHistoryCommand, alarmSetStateCommand, alarmDisableCommand, alarmEnableCommand, silenceAddCommand, silenceQueryCommand, silenceUpdateCommand, silenceExpireCommand, routesShowCommand, routesTestCommand, initCommand, checkCommand, replayCommand, recordCommand, recordingListCommand, recordingExportCommand, recordingImportCommand, demoCommand, benchDataCommand, benchGenerateCommand, benchNullCommand, benchLoadCommand, benchStormCommand, benchReadCommand, benchLedgerCommand, benchGeneratorCommand, backupCommand,
}

// env is what all commands share. now is the time up to which they look back; the service lives by the wall's clock.
type env struct {
	stdout, stderr io.Writer
	logConfig      promslog.Config
	now            func() time.Time
}

// logger is made after the flags are parsed.
func (e *env) logger() *slog.Logger {
	c := e.logConfig
	c.Writer = e.stderr
	return promslog.New(&c)
}

// exitCode is an error that asks for a particular status and prints nothing.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// run parses args and runs a command; it returns the process's status: 0 good, 1 failed, 2 wrong usage.
func run(ctx context.Context, args []string, e *env) int {
	app := kingpin.New("tidewatch", "Anomaly detection for Prometheus metrics that keeps its promise of false alarms.")
	app.UsageWriter(e.stdout).ErrorWriter(e.stderr)
	if len(args) == 0 {
		app.UsageWriter(e.stderr)
	}
	app.Version(version.Print("tidewatch")).VersionFlag.Short('V')
	app.HelpFlag.Short('h')
	promslogflag.AddFlags(app, &e.logConfig)
	runs := map[string]func(context.Context) error{}
	for _, c := range commands {
		name, fn := c(app, e)
		runs[name] = fn
	}
	app.Command("version", "Print the version.")
	runs["version"] = func(context.Context) error {
		_, err := fmt.Fprintln(e.stdout, version.Print("tidewatch"))
		return err
	}
	name, err := parse(app, args)
	var done exitCode
	switch {
	case errors.As(err, &done) && len(args) == 0:
		return 2 // help was shown, but nothing was asked for
	case errors.As(err, &done):
		return int(done)
	case err != nil:
		_, _ = fmt.Fprintf(e.stderr, "tidewatch: %v, try --help\n", err)
		return 2
	}
	return status(runs[name](ctx), e.stderr)
}

// parse returns the command to run. Where kingpin has done what was asked for itself, such as showing help, and wants to end the
// process, the error is an exitCode; it takes for granted that its Terminate does not return.
func parse(app *kingpin.Application, args []string) (name string, err error) {
	app.Terminate(func(status int) { panic(exitCode(status)) })
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exitCode:
			err = r
		default:
			panic(r)
		}
	}()
	return app.Parse(joinDashes(args))
}

// joinDashes writes "--flag -" as "--flag=-": kingpin takes a lone dash for a flag without a name and drops it.
func joinDashes(args []string) []string {
	var out []string
	for _, a := range args {
		if n := len(out); a == "-" && n > 0 && strings.HasPrefix(out[n-1], "--") && !strings.Contains(out[n-1], "=") {
			out[n-1] += "=-"
			continue
		}
		out = append(out, a)
	}
	return out
}

func status(err error, stderr io.Writer) int {
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	_, _ = fmt.Fprintf(stderr, "tidewatch: %v\n", err)
	return 1
}
