package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Retention is the times before which each class of the state is not needed any more; the zero time keeps all of it.
type Retention struct {
	History   time.Time // transitions, and episodes that have ended
	Events    time.Time
	Silences  time.Time // by their ends, with all that concerns them
	Feedback  time.Time // by when it expires
	Incidents time.Time // what is remembered about messages with nothing left to send, and acknowledgements
	Unsent    time.Time // messages that were decided before it and never delivered
}

// Pruned is how many rows Prune removed.
type Pruned struct{ Transitions, Anomalies, Events, Silences, Feedback, Messages, Acknowledgements, Unsent int64 }

// controlSubject is the id of what a control makes or changes. What concerns one subject goes together: a silence that still holds
// cannot be had back without the control that made it, nor one that was ended be kept from coming back without the one that ended it.
const controlSubject = `coalesce(json_extract(CAST(data AS TEXT), '$.target'), json_extract(CAST(data AS TEXT), '$.silence.id'), id)`

// pruneControls removes the controls of some kinds, by subject.
func pruneControls(kinds string) string {
	return `DELETE FROM controls WHERE ` + kinds + ` AND ` + controlSubject +
		` NOT IN (SELECT ` + controlSubject + ` FROM controls WHERE until >= ?)`
}

// The classes of controls; what is none of the first two concerns incidents and alarms.
const (
	ofSilences  = `kind IN ('silence', 'expire_silence')`
	ofFeedback  = `kind IN ('feedback', 'retract_feedback')`
	ofSwitches  = `kind IN ('disable_alarm_actions', 'enable_alarm_actions')`
	ofIncidents = `kind NOT IN ('silence', 'expire_silence', 'feedback', 'retract_feedback')`
)

// pruneSwitches removes what switched actions off and on of targets whose actions are on.
const pruneSwitches = `DELETE FROM controls WHERE ` + ofSwitches + ` AND ` + controlSubject + ` IN (
	SELECT target FROM (SELECT ` + controlSubject + ` AS target, kind, at, max(seq) FROM controls WHERE ` + ofSwitches + ` GROUP BY target)
	WHERE kind = 'enable_alarm_actions' AND at < ?)`

// Prune removes what is from before the times of the retention. Open episodes are kept however old they are.
func (s *Store) Prune(ctx context.Context, r Retention) (Pruned, error) {
	var p Pruned
	err := s.update(ctx, func(tx *sql.Tx) error {
		for _, d := range []struct {
			query  string
			before time.Time
			n      *int64
		}{
			{`DELETE FROM transitions WHERE t < ?`, r.History, &p.Transitions},
			{`DELETE FROM anomalies WHERE ends_at > 0 AND ends_at < ?`, r.History, &p.Anomalies},
			{`DELETE FROM events WHERE t < ?`, r.Events, &p.Events},
			{pruneControls(ofSilences), r.Silences, &p.Silences},
			{pruneControls(ofFeedback), r.Feedback, &p.Feedback},
			{pruneSwitches, r.Incidents, &p.Acknowledgements},
			{pruneControls(ofIncidents), r.Incidents, &p.Acknowledgements},
			{`DELETE FROM notices WHERE at < ?`, r.Unsent, &p.Unsent},
			{`DELETE FROM messages WHERE updated_at < ? AND NOT EXISTS
				(SELECT 1 FROM notices n WHERE n.integration = messages.integration AND n.key = messages.key)`, r.Incidents, &p.Messages},
		} {
			res, err := tx.ExecContext(ctx, d.query, d.before.UnixMilli())
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			*d.n += n
		}
		return nil
	})
	if err != nil {
		return Pruned{}, fmt.Errorf("prune: %w", err)
	}
	s.m.countPruned(p)
	return p, nil
}
