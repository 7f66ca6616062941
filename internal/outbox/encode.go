package outbox

import (
	"bytes"
	"encoding/gob"

	"github.com/tidewatch/tidewatch/alerting"
)

// encodeNotice keeps everything, also what JSON leaves out or cannot hold: NaN, infinities and the chart.
func encodeNotice(n *alerting.Notice) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(n)
	return b.Bytes(), err
}

func decodeNotice(b []byte) (*alerting.Notice, error) {
	n := new(alerting.Notice)
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(n); err != nil {
		return nil, err
	}
	return n, nil
}
