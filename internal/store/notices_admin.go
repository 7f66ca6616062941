package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tidewatch/tidewatch/alerting"
)

// RetryNotices gives the failed messages of an integration (all integrations if empty) another chance and says how many.
func (s *Store) RetryNotices(ctx context.Context, integration string) (n int, err error) {
	err = s.update(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `
UPDATE messages SET failed = '', attempts = 0, next_at = 0 WHERE failed != '' AND (?1 = '' OR integration = ?1)`, integration)
		if err != nil {
			return err
		}
		affected, err := res.RowsAffected()
		n = int(affected)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("retry notices: %w", err)
	}
	if n > 0 {
		s.signalQueued()
	}
	return n, nil
}

// RewindNotices is for a clock that has been moved back: times that were set in what is now the future keep their distance to
// now.
func (s *Store) RewindNotices(ctx context.Context, now int64) error {
	err := s.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
UPDATE messages SET next_at = max(0, next_at - updated_at + ?1), updated_at = ?1 WHERE updated_at > ?1`, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("rewind notices: %w", err)
	}
	return nil
}

// NoticeCounts counts what waits, by integration; integrations that are not configured any more are among them.
func (s *Store) NoticeCounts(ctx context.Context) (map[string]NoticeCount, error) {
	rows, err := s.db.read.QueryContext(ctx, `
SELECT integration, count(*), count(DISTINCT iif(m.failed = '', NULL, key)) FROM notices JOIN messages m USING (integration, key)
GROUP BY integration`)
	if err != nil {
		return nil, fmt.Errorf("count notices: %w", explain(err))
	}
	counts := map[string]NoticeCount{}
	err = scanAll(rows, func() error {
		var name string
		var c NoticeCount
		if err := rows.Scan(&name, &c.Pending, &c.Failed); err != nil {
			return err
		}
		counts[name] = c
		return nil
	})
	return counts, err
}

// Delivery is what is remembered about a message; ok is false if it was never queued or has been pruned.
func (s *Store) Delivery(ctx context.Context, integration, key string) (d alerting.Delivery, ok bool, err error) {
	var text string
	err = s.db.read.QueryRowContext(ctx, `SELECT delivery FROM messages WHERE integration = ? AND key = ?`, integration, key).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return d, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &d)
	}
	if err != nil {
		return d, false, fmt.Errorf("delivery of %s: %w", key, explain(err))
	}
	return d, true, nil
}
