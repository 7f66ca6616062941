package ingest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/tidewatch/tidewatch/ingest/eval"
)

// feed is the storage that a plan of package eval sees during one read: the samples of its selectors, series by series as they
// come over the wire, window after window. A plan takes its selectors one after the other, each from its first series to its
// last, so that nothing needs to be kept: memory is one series of one window, what is in flight, and what the plan keeps.
type feed struct {
	r     *Remote
	ctx   context.Context // of the read; a feed lives no longer than it
	q     Query
	takes []take // what the plan takes in a window, in its order
	line  pipeline

	asked int   // requests
	from  int64 // begin of the window whose selectors are asked for next
	steps int64 // of a window
	drawn int   // how many of the window's takes were begun
	sets  int   // how many of the window's selectors are known
	room  *room
	at    *feedSet // the one that was begun last
}

// room is where the series at hand lies.
type room struct {
	bytes  slab[byte]
	chunks []chunk
}

var rooms = sync.Pool{New: func() any { return &room{} }}

// keep copies b and gives a slice that is slack bytes longer than b.
func (m *room) keep(b []byte) []byte {
	out := m.bytes.take(len(b)+slack, arenaBytes)
	copy(out, b)
	return out
}

// take is one selector of a plan: its place among the plan's selectors, and the span of its samples around a window.
type take struct {
	index    int
	matchers []*labels.Matcher
	before   int64 // from the window's first time to the oldest sample wanted, milliseconds
	after    int64 // from the window's last time to the newest
	names    *interner
}

// errOutOfOrder says that an answer's series are not in the order of their labels, or not each in one piece: a plan cannot take
// them as they come.
var errOutOfOrder = errors.New("the server's series are not in the order of their labels")

// newFeed prepares to read windows of a query; nil where its samples cannot be taken as they come: because the engine evaluates it, because the
// plan wants some of them twice, or because the server does not stream, or not in order.
func (r *Remote) newFeed(ctx context.Context, e *evaluation, window time.Duration) *feed {
	if e.plan == nil || r.sampled.Load() || r.disorder.Load() {
		return nil
	}
	f := &feed{r: r, ctx: ctx, q: e.q, from: e.q.From, steps: max(1, min((e.q.To-e.q.From)/e.q.Step+1, window.Milliseconds()/e.q.Step))}
	f.line = pipeline{r: r, next: f.ask}
	s := &surveyor{f: f}
	if err := e.plan.Run(ctx, s, eval.Grid{From: e.q.From, To: e.q.From, Step: e.q.Step}, eval.Options{LookbackDelta: e.lookback}, func(eval.Series) error { return nil }); err != nil {
		return nil
	}
	// Over a whole window selectors may want the same samples that do not at a single time.
	span := int64(0)
	for _, w := range s.wanted {
		span = max(span, w.end-w.start)
		w.end += (f.until(f.from) - f.from)
	}
	if len(f.takes) > 1 && e.q.To-e.q.From <= span {
		return nil // one request for all of them holds little more than a single time needs
	}
	if len(f.takes) != len(s.wanted) || len(groupSelections(s.wanted)) != len(s.wanted) {
		return nil
	}
	return f
}

// read evaluates windows, and says where another way has to go on: at the query's end, or where an answer cannot be taken as it comes.
func (f *feed) read(e *evaluation, rows *rows) (next int64, err error) {
	f.room = rooms.Get().(*room) //nolint:errcheck // nothing else is put there
	defer func() {
		f.giveUp()
		clear(f.room.chunks[:cap(f.room.chunks)])
		rooms.Put(f.room)
	}()
	for next = f.q.From; next <= f.q.To; {
		known := rows.mark()
		f.drawn = 0
		err := e.byPlan(f.ctx, f, next, f.until(next), rows)
		switch {
		case err == nil:
			if err := rows.tooMany(); err != nil {
				return next, err
			}
			if next = f.until(next) + f.q.Step; f.r.sampled.Load() {
				return next, nil
			}
		case f.smaller(next, err):
			rows.forget(known, next)
		case errors.Is(err, eval.ErrEngine), errors.Is(err, errOutOfOrder), isLimit(err):
			f.r.disorder.CompareAndSwap(false, errors.Is(err, errOutOfOrder))
			f.r.cfg.Logger.Debug("read into memory", "source", f.r.cfg.Name, "detector", f.q.Detector, "reason", err)
			rows.forget(known, next)
			if errors.Is(err, eval.ErrEngine) {
				e.plan = nil
			}
			return next, nil
		default:
			return next, err
		}
	}
	return next, nil
}

// smaller halves the window where a limit was met, and begins with it at next.
func (f *feed) smaller(next int64, err error) bool {
	if !isLimit(err) || f.steps == 1 {
		return false
	}
	f.giveUp()
	f.steps, f.from, f.asked = f.steps/2, next, 0
	f.r.countSplit(err)
	f.r.cfg.Logger.Debug("window halved", "source", f.r.cfg.Name, "detector", f.q.Detector, "steps", f.steps, "reason", err)
	return true
}

// giveUp ends all requests.
func (f *feed) giveUp() {
	if f.at != nil {
		f.at.dropBatch()
	}
	f.line.giveUp()
}

// isLimit tells an error that asking for less may avoid.
func isLimit(err error) bool {
	return isOwnLimit(err) || ErrorKind(err) == KindLimit && isSampleLimit(err)
}

// until is the last time of the window that begins at from.
func (f *feed) until(from int64) int64 { return min(f.q.To, from+(f.steps-1)*f.q.Step) }

// ask gives the next request: the next selector of a window, or the first one of the next.
func (f *feed) ask() (part, bool) {
	if f.from > f.q.To || f.r.sampled.Load() && f.asked%len(f.takes) == 0 {
		return part{}, false
	}
	t := f.takes[f.asked%len(f.takes)]
	p := part{matchers: t.matchers, from: f.from - t.before, to: f.until(f.from) + t.after}
	if f.asked++; f.asked%len(f.takes) == 0 {
		f.from += f.steps * f.q.Step
	}
	return p, true
}

// Querier implements storage.Queryable.
func (f *feed) Querier(_, _ int64) (storage.Querier, error) {
	f.sets = 0
	return &feedQuerier{feed: f}, nil
}

// feedQuerier gives the series of one window.
type feedQuerier struct {
	noLabels
	feed *feed
}

// Select notes the order of the selectors; the data comes with Next.
func (q *feedQuerier) Select(context.Context, bool, *storage.SelectHints, ...*labels.Matcher) storage.SeriesSet {
	s := &feedSet{f: q.feed, index: q.feed.sets}
	q.feed.sets++
	return s
}
