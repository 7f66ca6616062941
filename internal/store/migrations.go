package store

// migrations bring the schema from version i to i+1; they are only ever appended to. Series ids are stored as the signed
// integers of the same bits; NULL figures are NaN.
var migrations = []string{
	// 1: the first schema.
	`
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE transitions (
	id         TEXT PRIMARY KEY,
	alarm_id   TEXT NOT NULL,
	detector   TEXT NOT NULL,
	series_id  INTEGER NOT NULL,
	labels     TEXT NOT NULL,
	t          INTEGER NOT NULL,
	decided_at INTEGER NOT NULL,
	from_state TEXT NOT NULL,
	to_state   TEXT NOT NULL,
	rule       TEXT NOT NULL,
	note       TEXT NOT NULL,
	reason     TEXT NOT NULL,
	score      REAL,
	data       BLOB
) WITHOUT ROWID;
CREATE INDEX transitions_t ON transitions (t, id);
CREATE INDEX transitions_alarm ON transitions (alarm_id, t, id);

CREATE TABLE anomalies (
	id        TEXT PRIMARY KEY,
	detector  TEXT NOT NULL,
	series_id INTEGER NOT NULL,
	labels    TEXT NOT NULL,
	starts_at INTEGER NOT NULL,
	ends_at   INTEGER NOT NULL,
	peak      REAL,
	peak_t    INTEGER NOT NULL,
	value     REAL,
	mid       REAL,
	lower     REAL,
	upper     REAL,
	surprise  REAL,
	channel   TEXT NOT NULL,
	state     TEXT NOT NULL,
	points    INTEGER NOT NULL,
	alarmed   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX anomalies_starts ON anomalies (starts_at, id);

-- One row for each message: how far its delivery is. enqueued is the highest version ever queued.
CREATE TABLE messages (
	integration TEXT NOT NULL,
	key         TEXT NOT NULL,
	enqueued    INTEGER NOT NULL,
	attempts    INTEGER NOT NULL DEFAULT 0,
	next_at     INTEGER NOT NULL DEFAULT 0,
	failed      TEXT NOT NULL DEFAULT '',
	delivery    TEXT NOT NULL DEFAULT '{}',
	updated_at  INTEGER NOT NULL,
	PRIMARY KEY (integration, key)
) WITHOUT ROWID;

-- The versions that are still to be sent.
CREATE TABLE notices (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	integration TEXT NOT NULL,
	key         TEXT NOT NULL,
	version     INTEGER NOT NULL,
	has_reply   INTEGER NOT NULL,
	at          INTEGER NOT NULL,
	payload     BLOB NOT NULL,
	UNIQUE (integration, key, version)
);
`,
	// 2: what people asked for. seq is the order in which it took effect.
	`
CREATE TABLE controls (
	seq   INTEGER PRIMARY KEY AUTOINCREMENT,
	id    TEXT NOT NULL UNIQUE,
	at    INTEGER NOT NULL,
	until INTEGER NOT NULL,
	kind  TEXT NOT NULL,
	actor TEXT NOT NULL,
	data  BLOB NOT NULL
);
`,
	// 3: events beside the watched series.
	`
CREATE TABLE events (
	id       TEXT PRIMARY KEY,
	t        INTEGER NOT NULL,
	known_at INTEGER NOT NULL,
	kind     TEXT NOT NULL,
	text     TEXT NOT NULL,
	mark     TEXT NOT NULL,
	labels   TEXT NOT NULL,
	origin   TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX events_t ON events (t, id);
`,
	// 4: which decision the newest queued version is. enqueued counts what was queued, decided is the decider's own number: it may
	// have decided anew what it had forgotten. Of messages from before this schema the last change is taken for the decision's time.
	`
ALTER TABLE messages ADD COLUMN decided INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN decided_at INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET decided = enqueued, decided_at = updated_at;
`,
}
