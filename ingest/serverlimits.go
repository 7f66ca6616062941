package ingest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
)

// flagsPath is where a server tells its command line's flags.
const flagsPath = "/api/v1/status/flags"

// ServerLimits are the bounds that a Prometheus sets to remote-read, by its flags. 0 is no limit, or none that is known.
type ServerLimits struct {
	Samples int64 // of an answer without streaming: --storage.remote.read-sample-limit
	Reads   int   // at a time, of all its clients: --storage.remote.read-concurrent-limit
	Frame   int64 // bytes of a frame of a streamed answer, about: --storage.remote.read-max-bytes-in-frame

	// LookbackDelta is --query.lookback-delta, for which LookbackDelta of this package stands here; 0 is unknown.
	LookbackDelta time.Duration
}

// Limits asks a Prometheus for its flags. Other servers have no such page: an error of KindProtocol, as a rule.
func (a *API) Limits(ctx context.Context) (ServerLimits, error) {
	var flags map[string]string
	if err := a.get(ctx, flagsPath, nil, &flags); err != nil {
		return ServerLimits{}, err
	}
	var (
		l    ServerLimits
		errs []error
	)
	number := func(name string) int64 {
		text, ok := flags[name]
		if !ok {
			return 0
		}
		x, err := strconv.ParseFloat(text, 64) // some versions write 5e+07
		if err != nil || x < 0 || x > 1e18 {
			errs = append(errs, fmt.Errorf("the flag %s is %q, which is no number of them", name, text))
			return 0
		}
		return int64(x)
	}
	l.Samples = number("storage.remote.read-sample-limit")
	l.Reads = int(number("storage.remote.read-concurrent-limit"))
	l.Frame = number("storage.remote.read-max-bytes-in-frame")
	if d, err := model.ParseDuration(flags["query.lookback-delta"]); err == nil {
		l.LookbackDelta = time.Duration(d)
	}
	if err := errors.Join(errs...); err != nil {
		return l, a.fail("ask "+flagsPath, 0, KindProtocol, err)
	}
	return l, nil
}

const (
	// limitsAgain is how old a server's limits may be: it may be started again with others.
	limitsAgain = time.Hour
	// limitsWait is how long a read waits for a server to tell its limits.
	limitsWait = 5 * time.Second
)

// prepare finds out before a read what it depends on.
func (r *Remote) prepare(ctx context.Context) error {
	if err := r.knowExternal(ctx); err != nil {
		return err
	}
	r.knowLimits(ctx)
	return nil
}

// Limits are the server's limits as far as they are known.
func (r *Remote) Limits() ServerLimits {
	if l := r.limits.Load(); l != nil {
		return *l
	}
	return ServerLimits{}
}

// knowLimits asks the server for its limits, if that was asked for and was not done lately, and keeps to them. A server that does not tell
// is read all the same, and what it refuses is divided.
func (r *Remote) knowLimits(ctx context.Context) {
	if !r.cfg.DetectLimits {
		return
	}
	r.limitsMu.Lock()
	defer r.limitsMu.Unlock()
	now := r.cfg.Clock.Now()
	if !r.limitsAt.IsZero() && now.Sub(r.limitsAt) < limitsAgain {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, min(limitsWait, r.cfg.Timeout))
	defer cancel()
	l, err := r.API().Limits(ctx)
	if ErrorKind(err) == KindUnreachable || errors.Is(ctx.Err(), context.Canceled) {
		return // the next read asks again
	}
	r.limitsAt = now
	if err != nil {
		r.cfg.Logger.Debug("the server does not tell its limits", "source", r.cfg.Name, "err", err)
		return
	}
	r.limits.Store(&l)
	r.slots.narrow(l.Reads)
	if l.Reads > 0 && l.Reads < r.cfg.Concurrency {
		r.cfg.Logger.Info("the server takes fewer reads at a time than concurrency allows", "source", r.cfg.Name,
			"concurrency", r.cfg.Concurrency, "storage.remote.read-concurrent-limit", l.Reads)
	}
	if most := LargestFrame(r.cfg.MaxBytesInFlight, r.cfg.Concurrency); l.Frame > most {
		r.cfg.Logger.Warn("the server may send frames that are larger than a read may hold; raise max_bytes_in_flight, lower concurrency, or lower the server's flag",
			"source", r.cfg.Name, "storage.remote.read-max-bytes-in-frame", l.Frame, "largest", most)
	}
}

// LargestFrame is the largest frame of a streamed answer that one read can take, in bytes, where all reads together may hold
// maxBytesInFlight and concurrency of them run at a time.
func LargestFrame(maxBytesInFlight int64, concurrency int) int64 {
	return min(MaxFrame, shareOf(maxBytesInFlight, concurrency))
}

// saidLimit is how Prometheus words the refusal of an answer with too many samples.
var saidLimit = regexp.MustCompile(`exceeded sample limit \((\d+)\)`)

// learnLimit takes the limit from a refusal that names it.
func (r *Remote) learnLimit(err error) {
	var status *statusError
	if !errors.As(err, &status) {
		return
	}
	found := saidLimit.FindStringSubmatch(status.body)
	if found == nil {
		return
	}
	if n, err := strconv.ParseInt(found[1], 10, 64); err == nil && n > 0 {
		l := r.Limits()
		l.Samples = n
		r.limits.Store(&l)
	}
}

// fitSpan is the stretch of time to ask for next without streaming, after one of some length and samples was answered: four fifths of what
// the server's limit lets pass at that density, from a second to two hours; otherwise where there is no telling.
func (r *Remote) fitSpan(length, samples, otherwise int64) int64 {
	limit := r.Limits().Samples
	if limit <= 0 || samples <= 0 {
		return otherwise
	}
	fits := float64(length) / float64(samples) * 0.8 * float64(limit)
	return int64(max(float64(smallestWindow.Milliseconds()), min(float64(sampledWindow.Milliseconds()), fits)))
}
