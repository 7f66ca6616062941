package notify

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// lookBack is how long before the attempt in question the look-up begins: the attempt was stamped by this machine's clock, which may
// be ahead of Slack's, and what lies before the beginning is posted again. Wrong by so much is a clock that is set to the wrong zone
// or summer time.
const lookBack = 2 * time.Hour

// pageSize is how many messages one look-up request asks for. Slack may give fewer.
const pageSize = 200

// lookUp finds out what an attempt without an answer has done, by the metadata of what is in the channel.
func (a *attempt) lookUp(ctx context.Context) error {
	if a.st.TS == "" {
		if err := a.findMessage(ctx, a.oldest()); err != nil {
			return err
		}
	}
	// An edit may be sent again blindly: it does not show. A reply may not.
	if a.st.TS != "" && a.n.Reply != "" && a.st.Replied < a.n.Version {
		return a.findReply(ctx)
	}
	return nil
}

// oldest is where the look-up begins, as Slack writes time stamps.
func (a *attempt) oldest() string {
	since := a.d.UnknownSince
	if since == 0 { // the process died before it could note when the attempt began
		since = a.n.StartsAt
		if since == 0 || (a.n.At != 0 && a.n.At < since) {
			since = a.n.At
		}
	}
	since = min(since, a.began) // the clock may have been moved back
	t := max(0, since-lookBack.Milliseconds())
	return fmt.Sprintf("%d.%03d000", t/1000, t%1000)
}

func (a *attempt) findMessage(ctx context.Context, oldest string) error {
	channel, err := a.channelID(ctx)
	if err != nil {
		return err
	}
	cursor := ""
	for {
		page, err := a.client.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: channel, Oldest: oldest, Inclusive: true, Limit: pageSize, Cursor: cursor, IncludeAllMetadata: true,
		})
		if err != nil {
			return lookUpFailed("looking for an earlier attempt in the channel's history", err)
		}
		for i := range page.Messages {
			if v, reply, ok := a.mine(&page.Messages[i]); ok && !reply {
				a.st.Channel, a.st.TS, a.st.Posted = channel, page.Messages[i].Timestamp, v
				return nil
			}
		}
		if cursor = page.ResponseMetaData.NextCursor; cursor == "" {
			return nil
		}
	}
}

// findReply reads the whole thread: it is short, and needs no clock.
func (a *attempt) findReply(ctx context.Context) error {
	cursor := ""
	for {
		msgs, _, next, err := a.client.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: a.st.Channel, Timestamp: a.st.TS, Limit: pageSize, Cursor: cursor, IncludeAllMetadata: true,
		})
		if c := code(err); c == "thread_not_found" || c == "message_not_found" {
			return nil
		}
		if err != nil {
			return lookUpFailed("looking for an earlier reply in the thread", err)
		}
		for i := range msgs {
			if v, reply, ok := a.mine(&msgs[i]); ok && reply {
				a.st.Replied = max(a.st.Replied, v)
			}
		}
		if cursor = next; cursor == "" {
			return nil
		}
	}
}

// mine reads a message's metadata: the version, and whether it is a thread reply, if it belongs to this notice.
func (a *attempt) mine(m *slack.Message) (version int, reply, ok bool) {
	md := m.Metadata
	if md.EventType != metadataEvent || md.EventPayload["key"] != a.n.Key {
		return 0, false, false
	}
	v, _ := md.EventPayload["version"].(float64)
	reply, _ = md.EventPayload["reply"].(bool)
	return int(v), reply, true
}

// lookUpFailed is the error of a look-up. Nothing was sent, so the outcome is as unknown as before and no more.
func lookUpFailed(doing string, err error) error {
	unknown, out := classify(doing, err)
	if unknown {
		return fmt.Errorf("%s: %s", doing, explain(err))
	}
	return out
}

var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{8,}$`)

// channelID is the ID of the configured channel: history wants one, unlike posting.
func (a *attempt) channelID(ctx context.Context) (string, error) {
	if channelID.MatchString(a.cfg.Channel) {
		return a.cfg.Channel, nil
	}
	if id := a.ids.get(); id != "" {
		return id, nil
	}
	id, err := findChannel(ctx, a.client, a.cfg.Channel)
	if err != nil {
		return "", lookUpFailed("finding the channel's ID, which an unanswered post needs (configure the ID instead of the name to do without)", err)
	}
	a.ids.set(id)
	return id, nil
}

// findChannel looks a channel's name up among those that the bot can see. A scope that is missing for one sort of channel
// does not matter if the other sort has it.
func findChannel(ctx context.Context, client *slack.Client, name string) (string, error) {
	name = strings.TrimPrefix(name, "#")
	var missing error
	for _, kind := range []string{"public_channel", "private_channel"} {
		id, err := findAmong(ctx, client, name, kind)
		switch {
		case code(err) == "missing_scope":
			missing = err
		case err != nil:
			return "", err
		case id != "":
			return id, nil
		}
	}
	if missing != nil {
		return "", missing
	}
	return "", slack.SlackErrorResponse{Err: "channel_not_found"}
}

func findAmong(ctx context.Context, client *slack.Client, name, kind string) (string, error) {
	cursor := ""
	for {
		channels, next, err := client.GetConversationsContext(ctx, &slack.GetConversationsParameters{
			Cursor: cursor, Limit: pageSize, Types: []string{kind}, ExcludeArchived: true,
		})
		if err != nil {
			return "", err
		}
		for i := range channels {
			if channels[i].Name == name {
				return channels[i].ID, nil
			}
		}
		if cursor = next; cursor == "" {
			return "", nil
		}
	}
}
