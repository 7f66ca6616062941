package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// Keys of notices about Tidewatch itself; those of sources and detectors end in a name.
const (
	sourceKey   = "source/"
	detectorKey = "detector/"
	partialKey  = "series/" // of a detector that leaves some out
	clockKey    = "clock"
)

// trouble is one state of a notice about Tidewatch itself.
type trouble struct {
	now      int64
	from     int64 // when it began; not needed where resolved
	resolved bool
	headline string
	body     string
}

// openTrouble is a notice that has not ended yet. It is kept in the store, so that it ends after a restart, too.
type openTrouble struct {
	Since int64 `json:"since"` // when it was announced, Unix milliseconds
	From  int64 `json:"from"`  // when the trouble began
	// What was said, so that it can be told again.
	Headline string   `json:"headline,omitempty"`
	Body     []string `json:"body,omitempty"`
}

// openTroubles is the store's key of all of them.
const openTroubles = "open_troubles"

// announce opens or ends a notice about Tidewatch itself at the root's receiver, once each.
func (s *Service) announce(ctx context.Context, key string, t trouble) {
	visible := s.visible.Load()
	t.headline, t.body = visible.Text(t.headline), visible.Text(t.body) // errors name series
	var body []string
	if t.body != "" {
		body = []string{t.body}
	}
	s.deciding.Lock()
	defer s.deciding.Unlock()
	s.mu.Lock()
	st, open := s.troubles[key]
	if open != t.resolved { // said already
		s.mu.Unlock()
		return
	}
	if t.resolved {
		delete(s.troubles, key)
		s.log.Info(t.headline, "detail", t.body)
	} else {
		st = openTrouble{Since: t.now, From: t.from, Headline: t.headline, Body: body}
		s.troubles[key] = st
		s.log.Warn(t.headline, "detail", t.body)
	}
	receiver := s.cfg.Route.Receiver
	kept, err := json.Marshal(s.troubles)
	s.mu.Unlock()
	n := alerting.ServiceNotice(receiver, fmt.Sprintf("%s/%d", key, st.Since), t.now, t.resolved, t.headline, body)
	n.StartsAt = st.Since
	res := engine.Result{Now: t.now, Notices: []alerting.Notice{n}}
	b := s.batch(res)
	if err == nil { // a map of numbers can always be encoded
		b.Meta = map[string]string{openTroubles: string(kept)}
	}
	s.write(ctx, res, b)
}

// restoreTroubles loads the notices that were open when the process ended.
func (s *Service) restoreTroubles(ctx context.Context) error {
	text, ok, err := s.store.Meta(ctx, openTroubles)
	if err != nil || !ok {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := json.Unmarshal([]byte(text), &s.troubles); err != nil {
		return fmt.Errorf("%s in state.db: %w", openTroubles, err)
	}
	for key, st := range s.troubles {
		if name, ok := strings.CutPrefix(key, sourceKey); ok {
			s.health(name).since = st.From
		}
		if name, ok := strings.CutPrefix(key, detectorKey); ok && s.status[name] != nil {
			s.status[name].health.since = st.From
		}
		if name, ok := strings.CutPrefix(key, partialKey); ok && s.status[name] != nil {
			s.status[name].room.since = st.From
		}
	}
	return nil
}

// endTroubles ends the notices of sources and detectors that are not configured any more.
func (s *Service) endTroubles(ctx context.Context) {
	cfg := s.config()
	known := map[string]bool{clockKey: true}
	for _, d := range cfg.Detectors {
		known[detectorKey+d.Name], known[partialKey+d.Name], known[sourceKey+d.Source] = true, true, true
	}
	s.mu.RLock()
	var gone []string
	for key := range s.troubles {
		if !known[key] {
			gone = append(gone, key)
		}
	}
	s.mu.RUnlock()
	slices.Sort(gone)
	for _, key := range gone {
		kind, name, _ := strings.Cut(key, "/")
		s.announce(ctx, key, trouble{
			now: s.nowMilli(), resolved: true,
			headline: fmt.Sprintf("%s%s %s is not watched any more", strings.ToUpper(kind[:1]), kind[1:], name), body: "It was removed from the configuration.",
		})
	}
}
