package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tidewatch/tidewatch/alerting"
)

// QueuedNotice is the version of a message that has to be sent next, with what is known about the message.
type QueuedNotice struct {
	NoticeRow
	Attempts  int   // attempts since the last success
	NextAt    int64 // not to be sent before, Unix milliseconds
	UpdatedAt int64 // when NextAt was set; later than now if the clock has been moved back since
	Delivery  alerting.Delivery
}

// NoticeCount is how many versions wait, and how many messages have failed permanently and wait for RetryNotices.
type NoticeCount struct {
	Pending int // versions, including those of failed messages
	Failed  int // messages
}

// notices queues the rows: a new version replaces the unsent ones before it that carry no reply, and gives a message that
// had failed another chance. The time of a retry that is already due later stays.
//
// What is queued already is a version up to the newest one, of a time up to its time. A decision of a later time is a new one
// even where its version is not: the decider has forgotten what it had decided, as the journal could not be written or read. It is
// queued under the next number.
func (s *Store) notices(rows []NoticeRow) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		for _, r := range rows {
			if err := s.queueNotice(ctx, tx, r); err != nil {
				return fmt.Errorf("notice %s version %d for %s: %w", r.Key, r.Version, r.Integration, err)
			}
		}
		return nil
	}
}

func (s *Store) queueNotice(ctx context.Context, tx *sql.Tx, r NoticeRow) error {
	var version int
	err := tx.QueryRowContext(ctx, `
INSERT INTO messages (integration, key, enqueued, decided, decided_at, updated_at) VALUES (?1, ?2, ?3, ?3, ?4, ?5)
ON CONFLICT (integration, key) DO UPDATE SET enqueued = max(enqueued + 1, ?3), decided = ?3, decided_at = ?4, updated_at = ?5,
	next_at = iif(failed = '', next_at, 0), attempts = iif(failed = '', attempts, 0), failed = ''
WHERE decided < ?3 OR decided_at < ?4 RETURNING enqueued`,
		r.Integration, r.Key, r.Version, r.At, s.opts.Clock().UnixMilli()).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) { // a repetition
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM notices WHERE integration = ? AND key = ? AND has_reply = 0`, r.Integration, r.Key)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO notices (integration, key, version, has_reply, at, payload) VALUES (?, ?, ?, ?, ?, ?)`,
		r.Integration, r.Key, version, r.HasReply, r.At, r.Payload)
	return err
}

// NewestDecision is the newest time of a decision whose message was ever queued, Unix milliseconds; 0 if there is none.
func (s *Store) NewestDecision(ctx context.Context) (at int64, err error) {
	err = s.db.read.QueryRowContext(ctx, `SELECT coalesce(max(decided_at), 0) FROM messages`).Scan(&at)
	if err != nil {
		return 0, fmt.Errorf("newest decision: %w", explain(err))
	}
	return at, nil
}

// NextNotice is the notice that the given integrations have to send next: of the lowest unsent version of each message, the
// one whose NextAt is earliest, then the one queued first. ok is false when nothing waits.
func (s *Store) NextNotice(ctx context.Context, integrations ...string) (q QueuedNotice, ok bool, err error) {
	if len(integrations) == 0 {
		return q, false, nil
	}
	args := make([]any, len(integrations))
	for i, name := range integrations {
		args[i] = name
	}
	var delivery string
	err = s.db.read.QueryRowContext(ctx, `
SELECT n.integration, n.key, n.version, n.has_reply, n.at, n.payload, m.attempts, m.next_at, m.updated_at, m.delivery
FROM notices n JOIN messages m USING (integration, key)
WHERE m.failed = '' AND n.integration IN (?`+strings.Repeat(", ?", len(integrations)-1)+`)
	AND n.version = (SELECT min(version) FROM notices o WHERE o.integration = n.integration AND o.key = n.key)
ORDER BY m.next_at, n.seq LIMIT 1`, args...).
		Scan(&q.Integration, &q.Key, &q.Version, &q.HasReply, &q.At, &q.Payload, &q.Attempts, &q.NextAt, &q.UpdatedAt, &delivery)
	if errors.Is(err, sql.ErrNoRows) {
		return q, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(delivery), &q.Delivery)
	}
	if err != nil {
		return q, false, fmt.Errorf("next notice: %w", explain(err))
	}
	return q, true, nil
}

// MarkAttempt records, before an attempt, that its outcome is unknown until RecordAttempt says otherwise: a crash between
// the two is then known after the restart. Should it come to that, nothing is sent before nextAt.
func (s *Store) MarkAttempt(ctx context.Context, q QueuedNotice, now, nextAt int64) error {
	d := q.Delivery
	if !d.Unknown {
		d.Unknown, d.UnknownSince = true, now
	}
	delivery, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("mark attempt on %s: delivery: %w", q.Key, err)
	}
	return s.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
UPDATE messages SET delivery = ?, attempts = attempts + 1, next_at = ?, updated_at = ? WHERE integration = ? AND key = ?`,
			string(delivery), nextAt, now, q.Integration, q.Key)
		return err
	})
}

// Outcome is how an attempt ended.
type Outcome struct {
	Delivery alerting.Delivery // to remember in every case
	Sent     bool              // the version has arrived
	Failed   string            // why it must not be retried; empty if it may
	NextAt   int64             // when to try again, if neither Sent nor Failed
	Now      int64
}

// RecordAttempt records the outcome of an attempt on q that MarkAttempt announced.
func (s *Store) RecordAttempt(ctx context.Context, q QueuedNotice, o Outcome) error {
	delivery, err := json.Marshal(o.Delivery)
	if err != nil {
		return fmt.Errorf("record attempt on %s: delivery: %w", q.Key, err)
	}
	return s.update(ctx, func(tx *sql.Tx) error {
		if o.Sent {
			_, err := tx.ExecContext(ctx, `DELETE FROM notices WHERE integration = ? AND key = ? AND version <= ?`,
				q.Integration, q.Key, q.Version)
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `
UPDATE messages SET delivery = ?, failed = ?, next_at = ?, updated_at = ?, attempts = iif(?, 0, attempts) WHERE integration = ? AND key = ?`,
			string(delivery), o.Failed, o.NextAt, o.Now, o.Sent, q.Integration, q.Key)
		return err
	})
}
