package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// Commit writes a batch in one durable transaction. Repeating a batch (after a restart that decides the same again) changes
// nothing.
func (s *Store) Commit(ctx context.Context, b Batch) error {
	if b.Empty() {
		return nil
	}
	err := s.update(ctx, func(tx *sql.Tx) error {
		for _, step := range []func(context.Context, *sql.Tx) error{b.transitions, b.anomalies, b.events, s.notices(b.Notices), b.controls, b.meta} {
			if err := step(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("commit %d transitions, %d anomalies, %d events, %d notices: %w", len(b.Transitions), len(b.Anomalies), len(b.Events), len(b.Notices), err)
	}
	if len(b.Notices) > 0 {
		s.signalQueued()
	}
	return nil
}

// update runs fn in one writing transaction and explains and counts its failure.
func (s *Store) update(ctx context.Context, fn func(*sql.Tx) error) error {
	err := s.db.inTx(ctx, fn)
	if err != nil && ctx.Err() == nil {
		s.m.writeErrors.WithLabelValues(partDatabase).Inc()
	}
	return explain(err)
}

func (s *Store) signalQueued() {
	select {
	case s.queued <- struct{}{}:
	default: // the reader has not taken the last one yet
	}
}

const insertTransition = `
INSERT INTO transitions (id, alarm_id, detector, series_id, labels, t, decided_at, from_state, to_state, rule, note, reason, score, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`

func (b Batch) transitions(ctx context.Context, tx *sql.Tx) error {
	return execEach(ctx, tx, insertTransition, b.Transitions, func(r TransitionRow) ([]any, error) {
		ls, err := json.Marshal(r.Labels)
		if err != nil {
			return nil, fmt.Errorf("transition %s: labels: %w", r.ID, err)
		}
		return []any{
			r.ID, r.AlarmID, r.Detector, int64(r.SeriesID), string(ls), r.T, r.DecidedAt, r.From, r.To, r.Rule, r.Note, r.Reason,
			nullNaN(r.Score), []byte(r.Data),
		}, nil
	})
}

const upsertAnomaly = `
INSERT OR REPLACE INTO anomalies (id, detector, series_id, labels, starts_at, ends_at, peak, peak_t, value, mid, lower, upper, surprise,
 channel, state, points, alarmed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (b Batch) anomalies(ctx context.Context, tx *sql.Tx) error {
	return execEach(ctx, tx, upsertAnomaly, b.Anomalies, func(r AnomalyRow) ([]any, error) {
		ls, err := json.Marshal(r.Labels)
		if err != nil {
			return nil, fmt.Errorf("anomaly %s: labels: %w", r.ID, err)
		}
		return []any{
			r.ID, r.Detector, int64(r.SeriesID), string(ls), r.StartsAt, r.EndsAt, nullNaN(r.Peak), r.PeakT,
			nullNaN(r.Value), nullNaN(r.Mid), nullNaN(r.Lower), nullNaN(r.Upper), nullNaN(r.Surprise), r.Channel, r.State,
			r.Points, r.Alarmed,
		}, nil
	})
}

const insertControl = `
INSERT INTO controls (id, at, until, kind, actor, data) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`

func (b Batch) controls(ctx context.Context, tx *sql.Tx) error {
	return execEach(ctx, tx, insertControl, b.Controls, func(r ControlRow) ([]any, error) {
		return []any{r.ID, r.At, r.Until, r.Kind, r.Actor, []byte(r.Data)}, nil
	})
}

const upsertMeta = `INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`

func (b Batch) meta(ctx context.Context, tx *sql.Tx) error {
	keys := make([]string, 0, len(b.Meta))
	for k := range b.Meta {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return execEach(ctx, tx, upsertMeta, keys, func(k string) ([]any, error) { return []any{k, b.Meta[k]}, nil })
}

// execEach runs one prepared statement for each row.
func execEach[R any](ctx context.Context, tx *sql.Tx, query string, rows []R, args func(R) ([]any, error)) error {
	if len(rows) == 0 {
		return nil
	}
	stmt, err := tx.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	for _, r := range rows {
		a, err := args(r)
		if err == nil {
			_, err = stmt.ExecContext(ctx, a...)
		}
		if err != nil {
			_ = stmt.Close() //nolint:sqlclosecheck // the transaction is rolled back anyway
			return err
		}
	}
	return stmt.Close()
}

// nullNaN is what SQLite stores for a figure: it has no NaN.
func nullNaN(v float64) sql.NullFloat64 { return sql.NullFloat64{Float64: v, Valid: !math.IsNaN(v)} }

// nan is the figure that nullNaN stored.
func nan(v sql.NullFloat64) float64 {
	if !v.Valid {
		return math.NaN()
	}
	return v.Float64
}
