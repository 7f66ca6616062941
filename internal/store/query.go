package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// cursor is the last row of a page in the order (t descending, id ascending); rows that are added or change later move none.
type cursor struct {
	t  int64
	id string
}

var firstPage = cursor{t: math.MaxInt64}

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.t, 10) + ":" + c.id))
}

func parseCursor(s string) (cursor, error) {
	if s == "" {
		return firstPage, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	t, id, found := strings.Cut(string(b), ":")
	n, nerr := strconv.ParseInt(t, 10, 64)
	if err != nil || nerr != nil || !found {
		return cursor{}, fmt.Errorf("%w %q", ErrCursor, s)
	}
	return cursor{n, id}, nil
}

// where collects conditions and their arguments.
type where struct {
	conds []string
	args  []any
}

func (w *where) add(on bool, cond string, args ...any) {
	if on {
		w.conds, w.args = append(w.conds, cond), append(w.args, args...)
	}
}

func (w *where) String() string { return " WHERE " + strings.Join(w.conds, " AND ") }

// after restricts to the rows behind a cursor in the order of column t descending, id ascending.
func (w *where) after(column string, c cursor) {
	w.add(true, "("+column+" < ? OR ("+column+" = ? AND id > ?))", c.t, c.t, c.id)
}

func upTo(t int64) int64 {
	if t == 0 {
		return math.MaxInt64
	}
	return t
}

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
SELECT id, detector, series_id, labels, starts_at, ends_at, peak, peak_t, value, mid, lower, upper, channel, state
FROM anomalies`+w.String()+` ORDER BY starts_at DESC, id`, w.args, q.Limit, q.Selectors, scanAnomaly)
}

func scanAnomaly(rows *sql.Rows) (r AnomalyRow, c cursor, ls labels.Labels, err error) {
	var id int64
	var text string
	var peak, value, mid, lower, upper sql.NullFloat64
	err = rows.Scan(&r.ID, &r.Detector, &id, &text, &r.StartsAt, &r.EndsAt, &peak, &r.PeakT, &value, &mid, &lower, &upper, &r.Channel, &r.State)
	if err == nil {
		err = json.Unmarshal([]byte(text), &r.Labels)
	}
	r.SeriesID, r.Peak, r.Value = uint64(id), nan(peak), nan(value)
	r.Mid, r.Lower, r.Upper = nan(mid), nan(lower), nan(upper)
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

// page reads the rows that match until the limit is reached; one more tells whether there is a next page.
func page[R any](ctx context.Context, db *sql.DB, query string, args []any, limit int, sel []Selector,
	scan func(*sql.Rows) (R, cursor, labels.Labels, error),
) (out []R, next string, err error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, "", fmt.Errorf("query: %w", explain(err))
	}
	var last cursor
	err = scanAll(rows, func() error {
		r, c, ls, err := scan(rows)
		if err != nil || !matchesAny(sel, ls) {
			return err
		}
		if len(out) == limit {
			next = last.String()
			return errEnough
		}
		out, last = append(out, r), c
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return out, next, nil
}

var errEnough = errors.New("enough rows")

// scanAll calls fn for each row until it returns an error; errEnough ends without one.
func scanAll(rows *sql.Rows, fn func() error) error {
	var err error
	for err == nil && rows.Next() {
		err = fn()
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("read rows: %w", explain(err))
	}
	return nil
}

func matchesAny(selectors []Selector, ls labels.Labels) bool {
	for _, sel := range selectors {
		if matches(sel, ls) {
			return true
		}
	}
	return len(selectors) == 0
}

func matches(sel Selector, ls labels.Labels) bool {
	for _, m := range sel {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}

// OpenAnomalies is every episode that has not ended, oldest first: what the service continues after a restart.
func (s *Store) OpenAnomalies(ctx context.Context) (out []AnomalyRow, err error) {
	rows, err := s.db.read.QueryContext(ctx, `
SELECT id, detector, series_id, labels, starts_at, ends_at, peak, peak_t, value, mid, lower, upper, channel, state
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
