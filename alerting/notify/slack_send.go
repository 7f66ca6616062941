package notify

import (
	"context"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/tidewatch/tidewatch/alerting"
)

// metadataEvent is the event type of the metadata by which lookUp finds a message again.
const metadataEvent = "notice_key"

// attempt is one call of Notify: it brings the message from the remembered state to the notice's version.
type attempt struct {
	*bot
	client *slack.Client
	n      *alerting.Notice
	d      alerting.Delivery
	st     slackState
	began  int64 // Unix ms
}

func (a *attempt) run(ctx context.Context) error {
	if a.d.Sent >= a.n.Version && !a.d.Unknown {
		return nil
	}
	if a.d.Unknown {
		if err := a.lookUp(ctx); err != nil {
			return err
		}
	}
	if a.st.Digest && a.st.TS == "" && a.n.Status == "resolved" { // a digest told of it, and it is over
		a.d.Sent, a.d.Unknown, a.d.UnknownSince = a.n.Version, false, 0
		return nil
	}
	if a.st.Posted < a.n.Version {
		if err := a.send(ctx); err != nil {
			return err
		}
	}
	if a.n.Reply != "" && a.st.TS != "" && a.st.Replied < a.n.Version {
		if err := a.reply(ctx); err != nil {
			return err
		}
	}
	a.d.Sent, a.d.Unknown, a.d.UnknownSince = a.n.Version, false, 0
	return nil
}

// send posts the message, or edits it if it is there.
func (a *attempt) send(ctx context.Context) error {
	chart := a.chart(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	m := compose(a.cfg.dress(a.n), chart, a.style())
	opts := []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...), a.metadata(false),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if a.st.TS != "" {
		return a.edit(ctx, opts)
	}
	return a.post(ctx, opts)
}

func (a *attempt) post(ctx context.Context, opts []slack.MsgOption) error {
	channel, ts, err := a.client.PostMessageContext(ctx, a.cfg.Channel, append(opts, a.dress()...)...)
	if err == nil && ts == "" {
		err = errNoTS
	}
	if err != nil {
		return a.failed("posting the message", err, func() error { return a.send(ctx) })
	}
	a.ids.set(channel)
	a.st.Channel, a.st.TS, a.st.Posted, a.st.NotReady = channel, ts, a.n.Version, 0
	return nil
}

func (a *attempt) edit(ctx context.Context, opts []slack.MsgOption) error {
	_, _, _, err := a.client.UpdateMessageContext(ctx, a.st.Channel, a.st.TS, opts...)
	if code(err) == "message_not_found" {
		// Someone deleted it. A resolve needs no message of its own; anything else does.
		a.st.TS = ""
		if a.n.Status == "resolved" {
			a.st.Posted = a.n.Version
			return nil
		}
		return a.post(ctx, opts)
	}
	if err != nil {
		return a.failed("editing the message", err, func() error { return a.send(ctx) })
	}
	a.st.Posted, a.st.NotReady = a.n.Version, 0
	return nil
}

// reply adds the notice's line to the message's thread.
func (a *attempt) reply(ctx context.Context) error {
	m := composeReply(a.n)
	opts := append(a.dress(),
		slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...), slack.MsgOptionTS(a.st.TS), a.metadata(true),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	_, ts, err := a.client.PostMessageContext(ctx, a.st.Channel, opts...)
	if err == nil && ts == "" {
		err = errNoTS
	}
	if err != nil {
		return a.failed("replying in the thread", err, nil)
	}
	a.st.Replied = a.n.Version
	return nil
}

// dress is the name and icon that the message is posted under.
func (a *attempt) dress() []slack.MsgOption {
	var opts []slack.MsgOption
	if a.cfg.Username != "" {
		opts = append(opts, slack.MsgOptionUsername(a.cfg.Username))
	}
	if a.cfg.IconEmoji != "" {
		opts = append(opts, slack.MsgOptionIconEmoji(a.cfg.IconEmoji))
	}
	return opts
}

// metadata marks the message so that lookUp finds it.
func (a *attempt) metadata(reply bool) slack.MsgOption {
	payload := map[string]any{"key": a.n.Key, "version": a.n.Version}
	if reply {
		payload["reply"] = true
	}
	return slack.MsgOptionMetadata(slack.SlackMetadata{EventType: metadataEvent, EventPayload: payload})
}

// failed turns a client error into the notifier's, and notes whether the outcome is unknown. again, if not nil, sends once
// more without the chart when it is the chart that Slack does not take.
func (a *attempt) failed(doing string, err error, again func() error) error {
	if again != nil && badFile(err) {
		a.st.NotReady++
		if a.st.NotReady < fileTries {
			return &alerting.RetryAfterError{After: fileWait, Err: fmt.Errorf("%s: Slack is still processing the chart", doing)}
		}
		a.st.File, a.st.FileError, a.st.NotReady = "", "Slack did not finish processing it", 0
		return again()
	}
	unknown, out := classify(doing, err)
	if unknown {
		if !a.d.Unknown || a.d.UnknownSince == 0 {
			a.d.UnknownSince = a.began
		}
		a.d.Unknown = true
	}
	return out
}
