package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ReadControls is what people asked for, in the order in which it took effect, as the state directory dir keeps it. The directory's
// owner may be running; nothing is written. A directory of a newer schema is refused with ErrNewerSchema.
func ReadControls(ctx context.Context, dir string) (out []ControlRow, err error) {
	path := filepath.Join(dir, dbFile)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%s is not a state directory: %w", dir, err)
	}
	db, err := openSQLite(path, 1, "query_only(1)")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, explain(err))
	}
	d := database{path: path, read: db}
	defer func() { err = errors.Join(err, d.close()) }()
	const since = 2 // the schema from which on there are controls
	version, err := schemaVersion(ctx, db)
	if err != nil || version < since {
		return nil, explain(err)
	}
	return (&Store{db: &d}).Controls(ctx)
}
