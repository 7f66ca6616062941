package outbox

import (
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/internal/store"
)

// Rows encodes a notice for each of the integrations of its receiver: what goes into store.Batch.Notices, so that it is
// queued in the same transaction as the transitions that caused it.
func Rows(n *alerting.Notice, integrations ...string) ([]store.NoticeRow, error) {
	payload, err := alerting.EncodeNotice(n)
	if err != nil {
		return nil, err
	}
	rows := make([]store.NoticeRow, len(integrations))
	for i, name := range integrations {
		rows[i] = store.NoticeRow{
			Integration: name, Key: n.Key, Version: n.Version, HasReply: n.Reply != "", At: n.At, Payload: payload,
		}
	}
	return rows, nil
}
