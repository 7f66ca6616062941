package app

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// beyond is how many times max_series an expression may give while its detector goes on with the series that it judges already. What is
// more is no growth but a mistake, and costs too much to read.
const beyond = 10

// ongoing is the query of a detector that judges series already; leaveOut is to be called on what it gives.
func ongoing(d configs.Detector, from, to int64) ingest.Query {
	q := query(d, from, to)
	q.Beyond = beyond
	return q
}

// partial is how much of an expression was not judged at the newest evaluation.
type partial struct {
	left, all int // series left out, of those alive at a time
	err       error
}

// leaveOut takes the series out of a block that are not judged yet, if more are alive at a time than may be. Those that are judged stay, so
// that the same are judged at every tick: a rollout that doubles the pods for minutes, or growth overnight, blinds nobody. Where all fit
// again, all come in.
func leaveOut(b *tidewatch.Block, q ingest.Query, known func(id uint64) bool) (p partial) {
	if q.MaxSeries <= 0 || len(b.Rows) <= q.MaxSeries {
		return p
	}
	if p.all = mostAlive(b); p.all <= q.MaxSeries {
		return partial{}
	}
	var all []labels.Labels
	b.Rows = slices.DeleteFunc(b.Rows, func(r tidewatch.Row) bool {
		if isBehind(r) {
			return false
		}
		all = append(all, r.Series.Labels)
		if known(r.Series.ID) {
			return false
		}
		p.left++
		return true
	})
	if p.left > 0 {
		p.err = ingest.TooManySeries(q, all)
	}
	return p
}

// isBehind reports whether a row says what samples are like, and is no series.
func isBehind(r tidewatch.Row) bool { return r.Series.Labels.Has(tidewatch.BehindLabel) }

// mostAlive is how many series of a block have a value at the same time, at most.
func mostAlive(b *tidewatch.Block) (most int) {
	for k := range b.N {
		n := 0
		for i := range b.Rows {
			if r := &b.Rows[i]; !isBehind(*r) && !math.IsNaN(r.V[k]) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// notePartial keeps what was left out of an evaluation. It is logged once, and announced when it lasts longer than a rollout.
func (s *Service) notePartial(ctx context.Context, d configs.Detector, now int64, p partial) {
	s.m.seriesLeftOut.WithLabelValues(d.Name).Set(float64(p.left))
	s.mu.Lock()
	st := s.status[d.Name]
	st.partial = p
	if p.left == 0 {
		since := st.room.ok()
		s.mu.Unlock()
		if since != 0 {
			s.announce(ctx, partialKey+d.Name, trouble{
				now: now, resolved: true, headline: fmt.Sprintf("Detector %s judges all of its series again", d.Name),
				body: fmt.Sprintf("New ones were left out for %s.", alerting.FormatSpan(now-since)),
			})
		}
		return
	}
	since, first := st.room.failed(now)
	s.mu.Unlock()
	if first {
		s.log.Warn("new series are left out: PARTIAL_DATA", "detector", d.Name, "left_out", p.left, "of", p.all, "err", p.err)
	}
	if now-since >= blindAfter.Milliseconds() {
		s.announce(ctx, partialKey+d.Name, trouble{
			now: now, from: since, body: p.text() + " " + p.err.Error(),
			headline: fmt.Sprintf("Detector %s leaves out %s of %s series: max_series is %s", d.Name, alerting.Thousands(p.left), alerting.Thousands(p.all), alerting.Thousands(d.MaxSeries)),
		})
	}
}

// text is what an API's evaluation_reason says.
func (p partial) text() string {
	return fmt.Sprintf("%s new series of %s are left out until all fit into max_series; those that were judged before are judged on.", alerting.Thousands(p.left), alerting.Thousands(p.all))
}
