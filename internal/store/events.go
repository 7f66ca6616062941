package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
)

const insertEvent = `
INSERT INTO events (id, t, known_at, kind, text, mark, labels, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`

func (b Batch) events(ctx context.Context, tx *sql.Tx) error {
	return execEach(ctx, tx, insertEvent, b.Events, func(r EventRow) ([]any, error) {
		ls, err := json.Marshal(r.Labels)
		if err != nil {
			return nil, fmt.Errorf("event %s: labels: %w", r.ID, err)
		}
		return []any{r.ID, r.T, r.KnownAt, r.Kind, r.Text, r.Mark, string(ls), r.Origin}, nil
	})
}

// Events is one page of the events that q selects, and the cursor of the next page, empty if there is none.
func (s *Store) Events(ctx context.Context, q EventQuery) ([]EventRow, string, error) {
	c, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	var w where
	w.after("t", c)
	w.add(true, "t BETWEEN ? AND ?", q.From, upTo(q.To))
	w.add(q.Kind != "", "kind = ?", q.Kind)
	return page(ctx, s.db.read, `SELECT id, t, known_at, kind, text, mark, labels, origin FROM events`+w.String()+` ORDER BY t DESC, id`,
		w.args, q.Limit, q.Selectors, scanEvent)
}

func scanEvent(rows *sql.Rows) (r EventRow, c cursor, ls labels.Labels, err error) {
	var text string
	err = rows.Scan(&r.ID, &r.T, &r.KnownAt, &r.Kind, &r.Text, &r.Mark, &text, &r.Origin)
	if err == nil {
		err = json.Unmarshal([]byte(text), &r.Labels)
	}
	return r, cursor{r.T, r.ID}, r.Labels, err
}
