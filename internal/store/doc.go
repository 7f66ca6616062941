// Package store keeps what must survive a crash in one state directory: an append-only journal, snapshots, and a SQLite
// database with alarm history, anomalies and the outbox. One process owns the directory at a time. Time comes in through
// Options.Clock; nothing here decides by reading a clock of its own.
//
// Layout: LOCK (pid of the owner), journal/<start position>.journal, snapshots/<sequence>/, state.db, damaged/ (what was
// set aside because it could not be read).
package store
