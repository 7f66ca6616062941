package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
)

// database is state.db: one connection that writes, a few that read.
type database struct {
	path   string
	write  *sql.DB
	read   *sql.DB
	commit func(commit func() error) error // Options.Commit
}

func openDatabase(path string, opts Options) (*database, error) {
	sync := "FULL"
	if opts.NoSync {
		sync = "OFF"
	}
	d := &database{path: path, commit: opts.Commit}
	var err error
	if d.write, err = openSQLite(path, 1, "journal_mode(WAL)", "synchronous("+sync+")"); err != nil {
		return nil, err
	}
	if err := d.migrate(context.Background()); err != nil {
		return nil, errors.Join(err, d.close())
	}
	if d.read, err = openSQLite(path, 4, "query_only(1)"); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// openSQLite opens the file with at most conns connections, each of which is set up with the pragmas.
func openSQLite(path string, conns int, pragmas ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{"busy_timeout(10000)"}, pragmas...)}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	if err := db.PingContext(context.Background()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// migrate brings the schema up to date, one transaction for each step.
func (d *database) migrate(ctx context.Context) error {
	if _, err := d.write.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)`); err != nil {
		return err
	}
	version, err := schemaVersion(ctx, d.write)
	if err != nil {
		return err
	}
	for ; version < len(migrations); version++ {
		err := d.inTx(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO schema_version (version) VALUES (?)`, version+1)
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate schema to version %d: %w", version+1, err)
		}
	}
	return nil
}

// inTx runs fn in one transaction of the writing connection.
func (d *database) inTx(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) { // done: ctx has ended
			err = errors.Join(err, rerr)
		}
		return err
	}
	if err := d.commit(tx.Commit); err != nil {
		_ = tx.Rollback() // where the commit was not reached
		// SQLite may keep the transaction open when the disk is full; then the next one could not begin.
		_, _ = d.write.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return err
	}
	return nil
}

// schemaVersion is that of the database, which this release must know.
func schemaVersion(ctx context.Context, db *sql.DB) (version int, err error) {
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM schema_version`).Scan(&version)
	if err == nil && version > len(migrations) {
		err = fmt.Errorf("schema version %d, this tidewatch knows up to %d: run the newer version, or restore a backup: %w",
			version, len(migrations), ErrNewerSchema)
	}
	return version, err
}

func (d *database) close() error {
	var errs []error
	for _, db := range []*sql.DB{d.read, d.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
