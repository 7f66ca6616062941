package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tidewatch/tidewatch/alerting"
)

// untold are the messages of an integration of which nothing stands by itself, and nothing may: nothing has been sent, or a digest has
// told of them, which the delivery state says.
const untold = `
FROM notices n JOIN messages m USING (integration, key)
WHERE n.integration = ? AND m.failed = ''
	AND (coalesce(json_extract(m.delivery, '$.sent'), 0) = 0 OR json_extract(m.delivery, '$.state') = json(?))
	AND coalesce(json_extract(m.delivery, '$.unknown'), 0) = 0
	AND n.version = (SELECT max(version) FROM notices o WHERE o.integration = n.integration AND o.key = n.key)`

// UntoldRow is the newest version of a message that does not stand by itself.
type UntoldRow struct {
	NoticeRow
	Digested bool // a digest has told of an older version
}

// CountUntold is how many messages of an integration wait that do not stand by themselves. digested is the delivery state of those that
// a digest has told of.
func (s *Store) CountUntold(ctx context.Context, integration string, digested json.RawMessage) (n int, err error) {
	if err := s.db.read.QueryRowContext(ctx, `SELECT count(*)`+untold, integration, string(digested)).Scan(&n); err != nil {
		return 0, fmt.Errorf("count what waits: %w", explain(err))
	}
	return n, nil
}

// Untold is the newest version of each message that CountUntold counts, in the order in which they were queued.
func (s *Store) Untold(ctx context.Context, integration string, digested json.RawMessage) (out []UntoldRow, err error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT n.integration, n.key, n.version, n.has_reply, n.at, n.payload,
	coalesce(json_extract(m.delivery, '$.sent'), 0) > 0`+untold+` ORDER BY n.seq`, integration, string(digested))
	if err != nil {
		return nil, fmt.Errorf("what waits: %w", explain(err))
	}
	err = scanAll(rows, func() error {
		var r UntoldRow
		err := rows.Scan(&r.Integration, &r.Key, &r.Version, &r.HasReply, &r.At, &r.Payload, &r.Digested)
		out = append(out, r)
		return err
	})
	return out, err
}

// Digest puts one message in the place of many: in one transaction, the digest is queued and what it stands for is told, with the
// given delivery state. Without a digest, what is told needs no message any more. It is for the one sender.
func (s *Store) Digest(ctx context.Context, digest *NoticeRow, told []UntoldRow, state json.RawMessage) error {
	if len(told) == 0 {
		return errors.New("a digest of nothing")
	}
	err := s.update(ctx, func(tx *sql.Tx) error {
		for _, r := range told {
			delivery, err := json.Marshal(alerting.Delivery{Sent: r.Version, State: state})
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM notices WHERE integration = ? AND key = ? AND version <= ?`, r.Integration, r.Key, r.Version); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE messages SET delivery = ?, attempts = 0, next_at = 0 WHERE integration = ? AND key = ?`,
				string(delivery), r.Integration, r.Key); err != nil {
				return err
			}
		}
		if digest == nil {
			return nil
		}
		return s.queueNotice(ctx, tx, *digest)
	})
	if err != nil {
		return fmt.Errorf("digest of %d messages for %s: %w", len(told), told[0].Integration, err)
	}
	return nil
}
