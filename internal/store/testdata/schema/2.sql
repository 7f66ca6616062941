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
CREATE TABLE controls (
	seq   INTEGER PRIMARY KEY AUTOINCREMENT,
	id    TEXT NOT NULL UNIQUE,
	at    INTEGER NOT NULL,
	until INTEGER NOT NULL,
	kind  TEXT NOT NULL,
	actor TEXT NOT NULL,
	data  BLOB NOT NULL
);
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
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
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
CREATE TABLE schema_version (version INTEGER NOT NULL);
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
CREATE INDEX anomalies_starts ON anomalies (starts_at, id);
CREATE INDEX transitions_alarm ON transitions (alarm_id, t, id);
CREATE INDEX transitions_t ON transitions (t, id);
INSERT INTO anomalies (id, detector, series_id, labels, starts_at, ends_at, peak, peak_t, value, mid, lower, upper, surprise, channel, state, points, alarmed) VALUES ('ended', 'Errors', -9223372036854775808, '{}', 1000, 2000, 2.0, 1000, 6.2, 0.4, NULL, 9.0e+999, 0.0, 'band', 'firing', 0, 0);
INSERT INTO anomalies (id, detector, series_id, labels, starts_at, ends_at, peak, peak_t, value, mid, lower, upper, surprise, channel, state, points, alarmed) VALUES ('open', 'Errors', -9223372036854775808, '{}', 1000, 0, 1.5, 1000, 6.2, 0.4, NULL, 9.0e+999, 0.0, 'band', 'firing', 0, 0);
INSERT INTO controls (seq, id, at, until, kind, actor, data) VALUES (1, 's1', 1000, 5000, 'silence', 'anna (api)', X'7B226964223A227331222C2273696C656E6365223A7B22656E64735F6174223A353030307D7D');
INSERT INTO messages (integration, key, enqueued, attempts, next_at, failed, delivery, updated_at) VALUES ('slack', 'failed', 1, 1, 0, 'channel_not_found', '{"sent":0}', 1795402800000);
INSERT INTO messages (integration, key, enqueued, attempts, next_at, failed, delivery, updated_at) VALUES ('slack', 'sent', 1, 0, 0, '', '{"sent":1}', 1795402800000);
INSERT INTO messages (integration, key, enqueued, attempts, next_at, failed, delivery, updated_at) VALUES ('slack', 'unknown', 1, 1, 60000, '', '{"sent":0,"unknown":true,"unknown_since":1}', 1795402800000);
INSERT INTO messages (integration, key, enqueued, attempts, next_at, failed, delivery, updated_at) VALUES ('slack', 'waits', 2, 1, 60000, '', '{"sent":0,"unknown":true,"unknown_since":1}', 1795402800000);
INSERT INTO meta (key, value) VALUES ('open_troubles', '{}');
INSERT INTO notices (seq, integration, key, version, has_reply, at, payload) VALUES (3, 'slack', 'waits', 2, 1, 2, X'7761697473207632');
INSERT INTO notices (seq, integration, key, version, has_reply, at, payload) VALUES (4, 'slack', 'unknown', 1, 0, 1, X'756E6B6E6F776E207631');
INSERT INTO notices (seq, integration, key, version, has_reply, at, payload) VALUES (5, 'slack', 'failed', 1, 0, 1, X'6661696C6564207631');
INSERT INTO schema_version (version) VALUES (1);
INSERT INTO schema_version (version) VALUES (2);
INSERT INTO transitions (id, alarm_id, detector, series_id, labels, t, decided_at, from_state, to_state, rule, note, reason, score, data) VALUES ('t1', 'alarm', 'Errors', -2, '{"job":"a"}', 1000, 61000, 'OK', 'ALARM', 'm-of-n', 'note', 'Threshold Crossed: ä', 2.5, X'7B2276657273696F6E73223A5B312C325D7D');
INSERT INTO transitions (id, alarm_id, detector, series_id, labels, t, decided_at, from_state, to_state, rule, note, reason, score, data) VALUES ('t2', 'alarm', 'Errors', -2, '{"job":"b"}', 2000, 62000, 'OK', 'ALARM', 'm-of-n', 'note', 'Threshold Crossed: ä', 2.5, X'7B2276657273696F6E73223A5B312C325D7D');
