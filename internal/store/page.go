package store

import (
	"context"
	"database/sql"
	"encoding/base64"
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
