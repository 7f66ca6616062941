package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
)

// Anomalies is one page of the episodes that q selects, and the cursor of the next page, empty if there is none.
func (s *Store) Anomalies(ctx context.Context, q AnomalyQuery) ([]AnomalyRow, string, error) {
	c, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	var w where
	w.after("starts_at", c)
	w.add(true, "starts_at <= ? AND (ends_at = 0 OR ends_at >= ?)", upTo(q.To), q.From)
	w.add(q.MinScore > 0, "peak >= ?", q.MinScore)
	w.add(q.State != "", "state = ?", q.State)
	w.add(q.Detector != "", "detector = ?", q.Detector)
	w.add(q.SeriesID != 0, "series_id = ?", int64(q.SeriesID))
	return page(ctx, s.db.read, `
SELECT id, detector, series_id, labels, starts_at, ends_at, peak, peak_t, value, mid, lower, upper, surprise, channel, state, points, alarmed
FROM anomalies`+w.String()+` ORDER BY starts_at DESC, id`, w.args, q.Limit, q.Selectors, scanAnomaly)
}

func scanAnomaly(rows *sql.Rows) (r AnomalyRow, c cursor, ls labels.Labels, err error) {
	var id int64
	var text string
	var peak, value, mid, lower, upper, surprise sql.NullFloat64
	err = rows.Scan(&r.ID, &r.Detector, &id, &text, &r.StartsAt, &r.EndsAt, &peak, &r.PeakT, &value, &mid, &lower, &upper, &surprise, &r.Channel, &r.State,
		&r.Points, &r.Alarmed)
	if err == nil {
		err = json.Unmarshal([]byte(text), &r.Labels)
	}
	r.SeriesID, r.Peak, r.Value = uint64(id), nan(peak), nan(value)
	r.Mid, r.Lower, r.Upper, r.Surprise = nan(mid), nan(lower), nan(upper), nan(surprise)
	return r, cursor{r.StartsAt, r.ID}, r.Labels, err
}

// Transitions is one page of the transitions that q selects, and the cursor of the next page, empty if there is none.
func (s *Store) Transitions(ctx context.Context, q TransitionQuery) ([]TransitionRow, string, error) {
	c, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	var w where
	w.after("t", c)
	w.add(true, "t BETWEEN ? AND ?", q.From, upTo(q.To))
	w.add(q.AlarmID != "", "alarm_id = ?", q.AlarmID)
	w.add(q.Detector != "", "detector = ?", q.Detector)
	w.add(q.SeriesID != 0, "series_id = ?", int64(q.SeriesID))
	return page(ctx, s.db.read, `
SELECT id, alarm_id, detector, series_id, labels, t, decided_at, from_state, to_state, rule, note, reason, score, data
FROM transitions`+w.String()+` ORDER BY t DESC, id`, w.args, q.Limit, q.Selectors, scanTransition)
}

func scanTransition(rows *sql.Rows) (r TransitionRow, c cursor, ls labels.Labels, err error) {
	var id int64
	var text string
	var score sql.NullFloat64
	var data []byte
	err = rows.Scan(&r.ID, &r.AlarmID, &r.Detector, &id, &text, &r.T, &r.DecidedAt, &r.From, &r.To, &r.Rule, &r.Note, &r.Reason, &score, &data)
	if err == nil {
		err = json.Unmarshal([]byte(text), &r.Labels)
	}
	r.SeriesID, r.Score = uint64(id), nan(score)
	if len(data) > 0 {
		r.Data = data
	}
	return r, cursor{r.T, r.ID}, r.Labels, err
}

// OpenAnomalies is every episode that has not ended, oldest first: what the service continues after a restart.
func (s *Store) OpenAnomalies(ctx context.Context) (out []AnomalyRow, err error) {
	rows, err := s.db.read.QueryContext(ctx, `
SELECT id, detector, series_id, labels, starts_at, ends_at, peak, peak_t, value, mid, lower, upper, surprise, channel, state, points, alarmed
FROM anomalies WHERE ends_at = 0 ORDER BY starts_at, id`)
	if err != nil {
		return nil, fmt.Errorf("open anomalies: %w", explain(err))
	}
	err = scanAll(rows, func() error {
		r, _, _, err := scanAnomaly(rows)
		out = append(out, r)
		return err
	})
	return out, err
}

// Controls are what people asked for, in the order in which it took effect.
func (s *Store) Controls(ctx context.Context) (out []ControlRow, err error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT id, at, until, kind, actor, data FROM controls ORDER BY seq`)
	if err != nil {
		return nil, fmt.Errorf("controls: %w", explain(err))
	}
	err = scanAll(rows, func() error {
		var r ControlRow
		var data []byte
		err := rows.Scan(&r.ID, &r.At, &r.Until, &r.Kind, &r.Actor, &data)
		r.Data = data
		out = append(out, r)
		return err
	})
	return out, err
}

// Meta is the value of a key that a Batch set; ok is false if none did.
func (s *Store) Meta(ctx context.Context, key string) (value string, ok bool, err error) {
	err = s.db.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = ?`, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read meta %s: %w", key, explain(err))
	}
	return value, true, nil
}
