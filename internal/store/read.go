package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// ReadControls is what people asked for, in the order in which it took effect, as the state directory dir keeps it. The directory's
// owner may be running; nothing is written. A directory of a newer schema is refused with ErrNewerSchema.
func ReadControls(ctx context.Context, dir string) (out []ControlRow, err error) {
	const since = 2 // the schema from which on there are controls
	err = readOnly(ctx, dir, since, func(s *Store) error {
		out, err = s.Controls(ctx)
		return err
	})
	return out, err
}

// ReadEvents is every event that the state directory dir keeps, in the order in which they became known; as ReadControls.
func ReadEvents(ctx context.Context, dir string) (out []EventRow, err error) {
	const since = 3 // the schema from which on there are events
	err = readOnly(ctx, dir, since, func(s *Store) error {
		out, _, err = s.Events(ctx, EventQuery{Limit: math.MaxInt})
		return err
	})
	slices.SortFunc(out, func(a, b EventRow) int { return cmp.Or(cmp.Compare(a.KnownAt, b.KnownAt), cmp.Compare(a.ID, b.ID)) })
	return out, err
}

// readOnly looks into a state directory; one from before the schema since has nothing of what is wanted.
func readOnly(ctx context.Context, dir string, since int, look func(*Store) error) (err error) {
	path := filepath.Join(dir, dbFile)
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%s is not a state directory: %w", dir, err)
	}
	db, err := openSQLite(path, 1, "query_only(1)")
	if err != nil {
		return fmt.Errorf("%s: %w", path, explain(err))
	}
	d := database{path: path, read: db}
	defer func() { err = errors.Join(err, d.close()) }()
	version, err := schemaVersion(ctx, db)
	if err != nil || version < since {
		return explain(err)
	}
	return look(&Store{db: &d})
}
