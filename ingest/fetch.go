package ingest

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

const (
	// sampledWindow is how much time one request covers when the server does not stream: it builds the whole answer in
	// memory, and so do we.
	sampledWindow = 2 * time.Hour
	// smallestWindow ends the halving: less than a second does not help against a limit.
	smallestWindow = time.Second
)

// fetch reads the parts. Streamed, that is one request; sampled, one for each part and two hours. Where the server
// refuses with a limit, the work is halved, first by parts and then by time, and tried again.
func (r *Remote) fetch(ctx context.Context, parts []part) error {
	if !r.sampled.Load() {
		return r.fetchHalving(ctx, parts)
	}
	for _, p := range parts {
		if err := r.fetchPieces(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// fetchPieces reads a part by requests that the server's limit lets pass; it is known once one was refused.
func (r *Remote) fetchPieces(ctx context.Context, p part) error {
	span := sampledWindow.Milliseconds()
	for from := p.from; from <= p.to; {
		piece := p
		piece.from, piece.to = from, min(p.to, from+span-1)
		length, before := piece.to-from+1, p.into.budget.samples
		err := r.request(ctx, []part{piece})
		switch {
		case err == nil:
			from += length
			span = r.fitSpan(length, p.into.budget.samples-before, span)
		case r.dividable(piece, err):
			r.countSplit(err)
			r.learnLimit(err)
			span = length / 2
		default:
			return err
		}
	}
	return nil
}

// dividable says whether an error of a part may be avoided by asking for less time.
func (r *Remote) dividable(p part, err error) bool {
	return ErrorKind(err) == KindLimit && isSampleLimit(err) && p.to-p.from >= smallestWindow.Milliseconds()
}

func (r *Remote) fetchHalving(ctx context.Context, parts []part) error {
	err := r.request(ctx, parts)
	if err == nil || ErrorKind(err) != KindLimit {
		return err
	}
	if len(parts) > 1 {
		r.countSplit(err)
		// Some servers take one query per request only and say so with a 400 too.
		half := len(parts) / 2
		if err := r.fetchHalving(ctx, parts[:half]); err != nil {
			return err
		}
		return r.fetchHalving(ctx, parts[half:])
	}
	p := parts[0]
	if !r.dividable(p, err) {
		return err
	}
	r.countSplit(err)
	first, second := p, p
	first.to = p.from + (p.to-p.from)/2
	second.from = first.to + 1
	if err := r.fetchHalving(ctx, []part{first}); err != nil {
		return err
	}
	return r.fetchHalving(ctx, []part{second})
}

// isSampleLimit tells a 400 that smaller requests can avoid ("exceeded sample limit (…)") from one that they cannot.
func isSampleLimit(err error) bool {
	var status *statusError
	if !errors.As(err, &status) {
		return false
	}
	s := strings.ToLower(status.body)
	return strings.Contains(s, "limit") || strings.Contains(s, "exceed") || strings.Contains(s, "too many") || strings.Contains(s, "too large")
}

// withExternal adds the server's external labels to the matchers, as Prometheus's own remote-read client does: a label
// that the expression selects by itself is left alone, every other one becomes an equality matcher and is stripped from
// the results. A label that is dropped anyway (the replica's name of an HA pair) is never asked for, so that the other
// replica may answer as well.
func withExternal(ms []*labels.Matcher, external labels.Labels, drop []string) (all []*labels.Matcher, strip []string) {
	all, strip = slices.Clone(ms), slices.Clone(drop)
	external.Range(func(l labels.Label) {
		named := slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return m.Name == l.Name })
		if named || slices.Contains(drop, l.Name) {
			return
		}
		all = append(all, &labels.Matcher{Type: labels.MatchEqual, Name: l.Name, Value: l.Value})
		strip = append(strip, l.Name)
	})
	return all, strip
}

// matcherString writes matchers as a selector, sorted: {__name__="up",job="a"}.
func matcherString(ms []*labels.Matcher) string {
	parts := make([]string, len(ms))
	for i, m := range ms {
		parts[i] = m.String()
	}
	slices.Sort(parts)
	return "{" + strings.Join(slices.Compact(parts), ",") + "}"
}

// redactURLError removes the URL from net/http's error: it may hold a password, and the message names the host already. Of a token
// server's refusal it removes the answer, which may repeat the client's secret.
func redactURLError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if said, _, has := strings.Cut(err.Error(), "\nResponse:"); has { // as golang.org/x/oauth2 words it
		return tokenError{said + " (its answer is not shown)", err}
	}
	return err
}

// tokenError is an error of a token server in words that hold no secret.
type tokenError struct {
	said string
	err  error
}

func (e tokenError) Error() string { return e.said }
func (e tokenError) Unwrap() error { return e.err }
