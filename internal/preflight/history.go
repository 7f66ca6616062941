package preflight

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/configs"
)

// withHistory sets global.history of a generated configuration, unless it is the default.
func withHistory(text []byte, history time.Duration) ([]byte, error) {
	cfg, err := configs.Parse("generated", text)
	if err != nil {
		return nil, err
	}
	if cfg.Global.History == history {
		return text, nil
	}
	const head = "global:\n"
	at := bytes.Index(text, []byte(head))
	if at < 0 {
		return nil, errors.New("set the history: the generated configuration has no global section")
	}
	at += len(head)
	line := fmt.Sprintf("  history: %s\n", model.Duration(history))
	out := append(append(append([]byte(nil), text[:at]...), line...), text[at:]...)
	if _, err := configs.Parse("generated", out); err != nil {
		return nil, err
	}
	return out, nil
}
