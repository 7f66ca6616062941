package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// heartbeat tells an external watchdog that Tidewatch lives: a GET after a tick that went well, at most one per interval, and none
// while messages wait for a store that cannot be written.
type heartbeat struct {
	last    atomic.Int64 // Unix milliseconds
	sending atomic.Bool
	client  http.Client
}

const heartbeatTimeout = 10 * time.Second

// beat sends in the background if it is time.
func (s *Service) beat(ctx context.Context) {
	hb, h := s.config().Global.Heartbeat, &s.heart
	now := s.nowMilli()
	if hb.URL == "" || s.faulty("store") || now-h.last.Load() < hb.Interval.Milliseconds() || !h.sending.CompareAndSwap(false, true) {
		return
	}
	h.last.Store(now)
	go func() {
		defer h.sending.Store(false)
		if err := h.send(context.WithoutCancel(ctx), string(hb.URL)); err != nil {
			s.m.errors.WithLabelValues("heartbeat").Inc()
			s.log.Warn("heartbeat failed", "err", err)
		}
	}()
}

// send never puts the URL, which is a secret, into its error.
func (h *heartbeat) send(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, heartbeatTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return errors.New("heartbeat.url is not a URL")
	}
	resp, err := h.client.Do(req)
	if err != nil {
		var timeout interface{ Timeout() bool }
		if errors.As(err, &timeout) && timeout.Timeout() {
			return errors.New("the watchdog did not answer in time")
		}
		return errors.New("the watchdog cannot be reached")
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the watchdog answered %s", resp.Status)
	}
	return nil
}
