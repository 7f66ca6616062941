package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// controlSubject is the id of what a control makes or changes. What concerns one subject goes together: a silence that still holds
// cannot be had back without the control that made it, nor one that was ended be kept from coming back without the one that ended it.
const controlSubject = `coalesce(json_extract(CAST(data AS TEXT), '$.target'), json_extract(CAST(data AS TEXT), '$.silence.id'), id)`

// Pruned is how many rows Prune removed.
type Pruned struct{ Transitions, Anomalies, Events, Messages, Controls int64 }

// Prune removes history from before a time: transitions, ended episodes, events, and what is remembered about messages that have
// nothing left to send. Open episodes and unsent notices are kept however old they are.
func (s *Store) Prune(ctx context.Context, before time.Time) (Pruned, error) {
	var p Pruned
	ms := before.UnixMilli()
	err := s.update(ctx, func(tx *sql.Tx) error {
		for _, d := range []struct {
			query string
			n     *int64
		}{
			{`DELETE FROM transitions WHERE t < ?`, &p.Transitions},
			{`DELETE FROM anomalies WHERE ends_at > 0 AND ends_at < ?`, &p.Anomalies},
			{`DELETE FROM events WHERE t < ?`, &p.Events},
			{`DELETE FROM messages WHERE updated_at < ? AND NOT EXISTS
				(SELECT 1 FROM notices n WHERE n.integration = messages.integration AND n.key = messages.key)`, &p.Messages},
			{`DELETE FROM controls WHERE ` + controlSubject + ` NOT IN (SELECT ` + controlSubject + ` FROM controls WHERE until >= ?)`, &p.Controls},
		} {
			res, err := tx.ExecContext(ctx, d.query, ms)
			if err != nil {
				return err
			}
			if *d.n, err = res.RowsAffected(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Pruned{}, fmt.Errorf("prune: %w", err)
	}
	return p, nil
}
