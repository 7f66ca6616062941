package notify

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/tidewatch/tidewatch/alerting"
)

const (
	// Slack processes an upload asynchronously and refuses to show it until then (slackapi/node-slack-sdk#1865). The message
	// is offered again every fileWait, fileTries times, then goes without its chart.
	fileWait  = 2 * time.Second
	fileTries = 4
)

// badFile reports whether Slack refuses the message because of the file in its image block.
func badFile(err error) bool {
	var e slack.SlackErrorResponse
	if !errors.As(err, &e) || e.Err != "invalid_blocks" {
		return false
	}
	for _, m := range e.ResponseMetadata.Messages {
		if strings.Contains(m, "slack_file") || strings.Contains(m, "slack file") {
			return true
		}
	}
	return false
}

// chart uploads the notice's chart, once for each version, and says what to show. An amended message keeps the one that it has.
func (a *attempt) chart(ctx context.Context) chartRef {
	if a.n.Amends {
		return chartRef{FileID: a.st.File, Alt: a.st.FileAlt, Missing: a.st.FileError}
	}
	c, _ := chartOf(a.n)
	if c == nil {
		return chartRef{}
	}
	ref := chartRef{Alt: AltText(c)}
	if a.st.FileOf != a.n.Version {
		a.st.File, a.st.FileError, a.st.FileOf, a.st.NotReady = "", "", a.n.Version, 0
		id, err := a.upload(ctx, c, ref.Alt)
		a.st.File, a.st.FileAlt = id, ref.Alt
		if err != nil {
			a.st.FileError = explain(err)
		}
	}
	ref.FileID, ref.Missing = a.st.File, a.st.FileError
	return ref
}

func (a *attempt) upload(ctx context.Context, c *alerting.Chart, alt string) (string, error) {
	png, err := RenderChart(c)
	if err != nil {
		return "", err
	}
	f, err := a.client.UploadFileContext(ctx, slack.UploadFileParameters{
		Reader: bytes.NewReader(png), FileSize: len(png), Filename: "chart.png", Title: fit(c.Title, 200), AltTxt: fit(alt, 900),
	})
	if err != nil {
		return "", err
	}
	return f.ID, nil
}

// chartOf is the first chart of a notice and its alarm.
func chartOf(n *alerting.Notice) (*alerting.Chart, *alerting.AlarmView) {
	for i := range n.Alarms {
		if n.Alarms[i].Chart != nil {
			return n.Alarms[i].Chart, &n.Alarms[i]
		}
	}
	return nil, nil
}
