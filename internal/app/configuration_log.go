package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/internal/store"
)

// configurationKind is the kind of the rows, among those of controls, that say from when on another configuration decided.
const configurationKind = "configuration"

// configurationKey is where the store keeps the SHA-256 of the newest.
const configurationKey = "configuration"

// Reconfiguration says that another configuration has decided from then on. Its JSON form is stable.
type Reconfiguration struct {
	SHA256  string   `json:"sha256"`            // of the text of the configuration and its detector files
	Changes []string `json:"changes,omitempty"` // what it meant for detectors; none are known where it was read at a start
}

// String says what has changed.
func (r *Reconfiguration) String() string {
	if len(r.Changes) == 0 {
		return "the configuration " + r.SHA256[:12] + " has decided from here on"
	}
	return "the configuration " + r.SHA256[:12] + " has decided from here on: " + strings.Join(r.Changes, "; ")
}

// logConfiguration writes down from when on cfg decides, if it is not what has decided before. changes are what a reload means.
func (s *Service) logConfiguration(ctx context.Context, cfg *configs.Config, changes []configs.Change) error {
	before, _, err := s.store.Meta(ctx, configurationKey)
	if err != nil || before == cfg.SHA256 {
		return err
	}
	r := Reconfiguration{SHA256: cfg.SHA256}
	for _, c := range changes {
		if c.Kind != configs.Kept {
			r.Changes = append(r.Changes, c.String())
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	s.deciding.Lock()
	defer s.deciding.Unlock()
	at := max(s.lastNow, s.nowMilli())
	s.backlog = append(s.backlog, store.Batch{
		Controls: []store.ControlRow{{
			ID: fmt.Sprintf("%s-%s-%d", configurationKind, cfg.SHA256, at), Kind: configurationKind, At: at, Until: at, Data: data,
		}},
		Meta: map[string]string{configurationKey: cfg.SHA256},
	})
	s.drainBacklog(context.WithoutCancel(ctx))
	return nil
}
