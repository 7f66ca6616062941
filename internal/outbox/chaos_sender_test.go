package outbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/store"
)

// chaosEnv is how the test tells the process that it starts what to do.
type chaosEnv struct {
	Dir, URL string
	Seed     int64
	Kill     float64       // chance of a sudden death at each point around a request
	Deadline time.Duration // sudden death after this; 0 is none
	Run      int           // shifts the clock, so that a restart need not wait for the lease to end
}

const (
	chaosKeys     = 15
	chaosVersions = 5
)

// chaosNotices is what the engine decides: the same in every run.
func chaosNotices() (all []*alerting.Notice) {
	rng := rand.New(rand.NewSource(7))
	next := make([]int, chaosKeys)
	for len(all) < chaosKeys*chaosVersions {
		k := rng.Intn(chaosKeys)
		if next[k] == chaosVersions {
			continue
		}
		next[k]++
		n := &alerting.Notice{Key: fmt.Sprintf("key-%02d", k), Version: next[k], Headline: fmt.Sprintf("state %d", next[k])}
		if rng.Intn(3) == 0 {
			n.Reply = fmt.Sprintf("reply of %d", next[k])
		}
		all = append(all, n)
	}
	return all
}

// chaosMain is the process that may die at any moment: like the service it decides everything again from the start, queues
// it, and sends.
func chaosMain(env chaosEnv) error {
	if env.Deadline > 0 {
		time.AfterFunc(env.Deadline, die)
	}
	clock := func() time.Time { return time.Now().Add(time.Duration(env.Run) * time.Hour) }
	s, err := store.Open(env.Dir, store.Options{Clock: clock})
	if err != nil {
		return err
	}
	n := &chaosNotifier{env: env, rng: rand.New(rand.NewSource(env.Seed))}
	o, err := New(Options{
		Store: s, Notifiers: map[string]alerting.Notifier{"chat": n}, Clock: clock,
		Interval: time.Millisecond, Settle: 2 * time.Millisecond, MinBackoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	for i, notice := range chaosNotices() {
		rows, err := Rows(notice, "chat")
		if err == nil {
			err = s.Commit(context.Background(), store.Batch{Notices: rows})
		}
		if err != nil {
			return err
		}
		if i%4 == 3 {
			if err := o.Drain(context.Background()); err != nil {
				return err
			}
		}
	}
	return errors.Join(o.Drain(context.Background()), s.Close())
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// chaosNotifier brings notices to a receiver and follows the contract: whatever may have arrived is looked up first.
type chaosNotifier struct {
	env chaosEnv
	rng *rand.Rand
}

// chaosState is the notifier's own part of a Delivery.
type chaosState struct {
	ID      int
	Replied []int
}

func (c *chaosNotifier) Notify(ctx context.Context, n *alerting.Notice, d alerting.Delivery) (alerting.Delivery, error) {
	var st chaosState
	if len(d.State) > 0 {
		if err := json.Unmarshal(d.State, &st); err != nil {
			return d, alerting.Permanent(err)
		}
	}
	err := c.bring(ctx, n, d.Unknown, &st)
	state, merr := json.Marshal(st)
	if merr != nil {
		return d, merr
	}
	d.State = state
	if err == nil {
		d.Sent, d.Unknown, d.UnknownSince = n.Version, false, 0
	}
	return d, err
}

func (c *chaosNotifier) bring(ctx context.Context, n *alerting.Notice, lookUp bool, st *chaosState) error {
	if lookUp {
		res, err := c.call(ctx, request{Op: "find", Key: n.Key})
		if err != nil {
			return err
		}
		st.ID, st.Replied = res.ID, res.Replies
	}
	op := "update"
	if st.ID == 0 {
		op = "post"
	}
	res, err := c.call(ctx, request{Op: op, ID: st.ID, Key: n.Key, Version: n.Version, Text: n.Headline})
	if err != nil {
		return err
	}
	st.ID = res.ID
	if n.Reply == "" || slices.Contains(st.Replied, n.Version) {
		return nil
	}
	if _, err := c.call(ctx, request{Op: "reply", ID: st.ID, Version: n.Version, Text: n.Reply}); err != nil {
		return err
	}
	st.Replied = append(st.Replied, n.Version)
	return nil
}

func (c *chaosNotifier) maybeDie() {
	if c.rng.Float64() < c.env.Kill {
		die()
	}
}

func (c *chaosNotifier) call(ctx context.Context, q request) (res response, err error) {
	c.maybeDie()
	defer c.maybeDie()
	body, err := json.Marshal(q)
	if err != nil {
		return res, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.env.URL, bytes.NewReader(body))
	if err != nil {
		return res, err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return res, fmt.Errorf("%w: %w", err, alerting.ErrUnknown)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	switch answer.StatusCode {
	case http.StatusOK:
		if err := json.NewDecoder(answer.Body).Decode(&res); err != nil {
			return res, fmt.Errorf("%w: %w", err, alerting.ErrUnknown)
		}
		return res, nil
	case http.StatusTooManyRequests:
		ms, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		return res, &alerting.RetryAfterError{After: time.Duration(ms) * time.Millisecond, Err: errors.New("429")}
	case http.StatusInternalServerError:
		return res, fmt.Errorf("status 500: %w", alerting.ErrUnknown)
	case http.StatusServiceUnavailable:
		return res, errors.New("status 503") // this receiver's 503 is known to have done nothing
	default:
		return res, alerting.Permanent(errors.New(answer.Status))
	}
}
