package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// stream is one stream under way: requests for window after window, the answer at hand and, in spare slots, those to the next.
type stream struct {
	r     *Remote
	sel   Selection
	chunk func(n int, id *identity, c *chunk) error
	stats StreamStats

	matchers []*labels.Matcher
	names    *interner
	numbers  numbering
	wire     wireSeries
	lastKey  []byte // the Label fields of the series met last,
	lastID   *identity
	lastN    int // and its number

	read   int64 // samples of the batch at hand
	window int64 // milliseconds of one request
	next   int64 // where the next request begins
	line   pipeline
}

func newStream(r *Remote, sel Selection) *stream {
	s := &stream{r: r, sel: sel, next: sel.From, lastN: -1}
	s.line = pipeline{r: r, next: s.ask}
	return s
}

// callerError is what the consumer of a stream failed with, as opposed to the stream.
type callerError struct{ err error }

func (e *callerError) Error() string { return e.err.Error() }
func (e *callerError) Unwrap() error { return e.err }

func ofCaller(err error) error {
	if err == nil {
		return nil
	}
	return &callerError{err}
}

// named gives the error of a stream its kind and counts it; the consumer's own goes back as it was.
func (s *stream) named(ctx context.Context, err error) error {
	var own *callerError
	var damage *corruptError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own.err
	case ErrorKind(err) != KindNone:
	case errors.As(err, &damage):
		err = s.r.damaged(err)
	case ctx.Err() != nil:
		err = &Error{Kind: transportKind(ctx, ctx.Err()), Source: s.r.cfg.Name, Op: s.op(), Err: ctx.Err()}
	default:
		err = &Error{Kind: KindLimit, Source: s.r.cfg.Name, Op: s.op(), URL: s.r.shown, Err: err}
	}
	s.r.countFailure(err)
	return err
}

func (s *stream) op() string { return "stream " + matcherString(s.sel.Matchers) }

// run reads everything; what was asked for ahead is given up with an error.
func (s *stream) run(ctx context.Context) error {
	if len(s.sel.Matchers) == 0 || s.sel.To < s.sel.From {
		return queryError(matcherString(s.sel.Matchers), fmt.Errorf("nothing to stream: %d matchers, range %d to %d", len(s.sel.Matchers), s.sel.From, s.sel.To))
	}
	if err := s.r.prepare(ctx); err != nil {
		return err
	}
	var strip []string
	s.matchers, strip = withExternal(s.sel.Matchers, s.r.external(), s.r.cfg.DropLabels)
	s.names = s.r.names.of(strip)
	s.window = s.r.cfg.Window.Milliseconds()
	defer s.line.giveUp()
	for {
		a, err := s.line.head(ctx)
		if err != nil {
			return err
		}
		if a == nil {
			break
		}
		if err := s.consume(ctx, a); err != nil && !s.again(a, err) {
			return err
		}
	}
	if len(s.numbers.list) == 0 {
		s.r.foundNothing()
	}
	return nil
}

// ask gives the next window.
func (s *stream) ask() (part, bool) {
	if s.next > s.sel.To {
		return part{}, false
	}
	if s.r.sampled.Load() {
		s.window = min(s.window, sampledWindow.Milliseconds())
	}
	p := part{matchers: s.matchers, from: s.next, to: min(s.sel.To, s.next+s.window-1)}
	s.next = p.to + 1
	s.stats.Requests++
	return p, true
}

// consume hands over one answer and takes it off the queue.
func (s *stream) consume(ctx context.Context, a *incoming) error {
	for {
		select {
		case b, more := <-a.batches:
			if !more {
				s.stats.Bytes += a.bytes
				if a.err == nil {
					s.line.done()
				}
				return a.err
			}
			err := s.take(a, b)
			a.done(b)
			s.r.countSamples(s.read)
			s.read = 0
			if err != nil {
				return err
			}
			s.line.ahead(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// again says whether the answer's error can be avoided by asking for less at a time, and does so.
func (s *stream) again(a *incoming, err error) bool {
	length := a.to - a.from + 1
	if !isLimit(err) || a.taken || length < 2*smallestWindow.Milliseconds() {
		return false
	}
	s.line.giveUp()
	s.window, s.next = (length+1)/2, a.from
	s.r.countSplit(err)
	s.r.cfg.Logger.Debug("window halved", "source", s.r.cfg.Name, "window", time.Duration(s.window)*time.Millisecond, "reason", err)
	return true
}
