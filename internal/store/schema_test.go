package store

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/alerting"
)

var update = flag.Bool("update", false, "write the database of the present schema if testdata has none")

// schemaFile is a database that the release with this schema has filled, as SQL. It is written once and never again.
func schemaFile(version int) string {
	return filepath.Join("testdata", "schema", fmt.Sprintf("%d.sql", version))
}

// filling is what each of the databases holds, as far as its schema can: history, what people asked for, events, a message that was
// sent, one that waits with its reply, one whose sending has an unknown outcome and one that failed.
func filling() Batch {
	return Batch{
		Transitions: []TransitionRow{transition("t1", 1000, "job", "a"), transition("t2", 2000, "job", "b")},
		Anomalies:   []AnomalyRow{anomaly("open", 1000, 0, 1.5), anomaly("ended", 1000, 2000, 2)},
		Notices: []NoticeRow{
			notice("sent", 1, false), notice("waits", 1, false), notice("waits", 2, true), notice("unknown", 1, false), notice("failed", 1, false),
		},
		Meta:     map[string]string{"open_troubles": "{}"},
		Controls: []ControlRow{{ID: "s1", Kind: "silence", Actor: "anna (api)", At: 1000, Until: 5000, Data: []byte(`{"id":"s1","silence":{"ends_at":5000}}`)}},
		Events:   []EventRow{{ID: "e1", T: 1000, KnownAt: 1100, Kind: "deploy", Text: "job a: 1.4 → 1.5", Mark: "1.5", Origin: "api"}},
	}
}

// fillStore puts the filling into a new store.
func fillStore(t *testing.T, s *Store) {
	t.Helper()
	commit(t, s, filling())
	for range 4 {
		switch q, _ := next(t, s); q.Key {
		case "sent":
			finish(t, s, q, Outcome{Sent: true, Delivery: alerting.Delivery{Sent: 1}})
		case "failed":
			finish(t, s, q, Outcome{Failed: "channel_not_found"})
		default: // waits or unknown: put behind the others
			finish(t, s, q, Outcome{Delivery: alerting.Delivery{Unknown: true, UnknownSince: 1}, NextAt: 60_000})
		}
	}
}

// TestSchemas opens a database of every schema there was. A migration without such a file fails: run the test with -update.
func TestSchemas(t *testing.T) {
	newest := len(migrations)
	if _, err := os.Stat(schemaFile(newest)); *update && errors.Is(err, os.ErrNotExist) {
		s := open(t, t.TempDir())
		fillStore(t, s)
		if err := os.WriteFile(schemaFile(newest), []byte(dump(t, s.db.write)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := filling()
	for version := 1; version <= newest; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			s := openDump(t, schemaFile(version))
			var got Batch
			var err error
			check := func(e error) { err = errors.Join(err, e) }
			var e error
			got.Transitions, _, e = s.Transitions(t.Context(), TransitionQuery{})
			check(e)
			got.Anomalies, _, e = s.Anomalies(t.Context(), AnomalyQuery{})
			check(e)
			got.Controls, e = s.Controls(t.Context())
			check(e)
			got.Events, _, e = s.Events(t.Context(), EventQuery{})
			check(e)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Transitions) != 2 || len(got.Anomalies) != 2 {
				t.Errorf("%d transitions and %d anomalies, want 2 of each", len(got.Transitions), len(got.Anomalies))
			}
			if version >= 2 {
				if d := cmp.Diff(want.Controls, got.Controls); d != "" {
					t.Errorf("controls (-want +got):\n%s", d)
				}
			}
			if version >= 3 && len(got.Events) != 1 {
				t.Errorf("events %+v, want one", got.Events)
			}
			commit(t, s, want) // the journal repeats all of it: nothing is queued twice
			wantWaiting(t, s)
			n := notice("sent", 2, false)
			n.At = testTime.UnixMilli() + 1
			commit(t, s, Batch{Notices: []NoticeRow{n}})
			if q, _ := next(t, s); q.Key != "sent" || q.Version != 2 || q.Delivery.Sent != 1 {
				t.Errorf("next is %s version %d, sent %d; want the second version of what was sent", q.Key, q.Version, q.Delivery.Sent)
			}
		})
	}
}

// wantWaiting checks the outbox of the filling.
func wantWaiting(t *testing.T, s *Store) {
	t.Helper()
	counts, err := s.NoticeCounts(t.Context())
	if d := cmp.Diff(map[string]NoticeCount{"slack": {Pending: 3, Failed: 1}}, counts); d != "" || err != nil {
		t.Errorf("outbox (-want +got), %v:\n%s", err, d)
	}
	d, ok, err := s.Delivery(t.Context(), "slack", "unknown")
	if !ok || err != nil || !d.Unknown {
		t.Errorf("delivery %+v, %v, %v; want one of unknown outcome", d, ok, err)
	}
}

// openDump opens a store over a database that is made of SQL.
func openDump(t *testing.T, file string) *Store {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run this test with -update", err)
	}
	dir := t.TempDir()
	db, err := openSQLite(filepath.Join(dir, dbFile), 1, "journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), string(text))
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return open(t, dir)
}

// dump is a database as the SQL that makes it.
func dump(t *testing.T, db *sql.DB) string {
	t.Helper()
	var out strings.Builder
	column := func(query string) (all []string) {
		rows, err := db.QueryContext(t.Context(), query) //nolint:sqlclosecheck // scanAll closes them
		if err != nil {
			t.Fatal(query, err)
		}
		err = scanAll(rows, func() error {
			var text string
			err := rows.Scan(&text)
			all = append(all, text)
			return err
		})
		if err != nil {
			t.Fatal(query, err)
		}
		return all
	}
	for _, text := range column(`SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY type DESC, name`) {
		fmt.Fprintf(&out, "%s;\n", text)
	}
	for _, table := range column(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name`) {
		names := column(`SELECT name FROM pragma_table_info('` + table + `') ORDER BY cid`)
		list := `quote(` + strings.Join(names, `) || ', ' || quote(`) + `)`
		for _, row := range column(`SELECT ` + list + ` FROM ` + table + ` ORDER BY 1`) {
			fmt.Fprintf(&out, "INSERT INTO %s (%s) VALUES (%s);\n", table, strings.Join(names, ", "), row)
		}
	}
	return out.String()
}
