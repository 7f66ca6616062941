package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/tidewatch/tidewatch/alerting"
)

// Finding is one result of CheckSlack, in plain words.
type Finding struct {
	OK   bool
	Text string
}

// String is the finding as `tidewatch check --slack` prints it.
func (f Finding) String() string {
	if f.OK {
		return "ok       " + f.Text
	}
	return "PROBLEM  " + f.Text
}

// CheckSlack tries out a Slack receiver: the token, its scopes, the bot's membership of the channel, then it posts a test
// message with a chart and resolves it. It stops where going on makes no sense. Every finding is free of secrets.
func CheckSlack(ctx context.Context, cfg SlackConfig) []Finding {
	n, err := NewSlack(cfg)
	if err != nil {
		return []Finding{{Text: err.Error()}}
	}
	c := &checkRun{ctx: ctx, notifier: n}
	if b, ok := n.(*bot); ok {
		if !c.botCan(b) {
			return c.findings
		}
	} else {
		c.add(true, "incoming webhook: %s", strings.Join(Capabilities{}.Lacks(), "; "))
	}
	cfg.setDefaults()
	c.try(cfg.Name, cfg.Clock)
	return c.findings
}

// checkRun is one call of CheckSlack.
type checkRun struct {
	ctx      context.Context //nolint:containedctx // lives as long as the one call of CheckSlack
	notifier alerting.Notifier
	findings []Finding
}

func (c *checkRun) add(ok bool, format string, v ...any) bool {
	c.findings = append(c.findings, Finding{ok, fmt.Sprintf(format, v...)})
	return ok
}

// botCan checks token, scopes and membership; it reports whether posting is worth a try.
func (c *checkRun) botCan(b *bot) bool {
	client, token, err := b.client()
	if err != nil {
		return c.add(false, "%v", err)
	}
	auth, err := client.AuthTestContext(c.ctx)
	if err != nil {
		return c.add(false, "%v", redact(fmt.Errorf("auth.test: %s", explain(err)), token))
	}
	c.add(true, "the token belongs to %s in the workspace %s", auth.User, auth.Team)
	var scopes []string
	for s := range strings.SplitSeq(auth.Header.Get("X-OAuth-Scopes"), ",") {
		scopes = append(scopes, strings.TrimSpace(s))
	}
	if !c.scopes(b.cfg.Channel, scopes) {
		return false
	}
	return c.member(b, client, scopes)
}

// scopes checks what the token may do; only chat:write is indispensable.
func (c *checkRun) scopes(channel string, have []string) bool {
	one := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(have, n) })
	}
	if !one("chat:write") {
		return c.add(false, "the scope chat:write is missing: the bot cannot post. Add it under \"OAuth & Permissions\" and reinstall the app")
	}
	good := true
	if !one("files:write") {
		good = c.add(false, "the scope files:write is missing: messages will have no charts")
	}
	if !one("channels:history", "groups:history") {
		good = c.add(false, "neither channels:history (public channels) nor groups:history (private ones) is there: a post whose answer is lost cannot be looked up, so it will not be sent again")
	}
	if !channelID.MatchString(channel) && !one("channels:read", "groups:read") {
		good = c.add(false, "neither channels:read nor groups:read is there, which looking %s up by its name needs: add one, or configure the channel's ID", channel)
	}
	if good {
		c.add(true, "the scopes suffice: %s", strings.Join(have, ", "))
	}
	return true
}

// member checks that the bot is in the channel, if it may look.
func (c *checkRun) member(b *bot, client *slack.Client, scopes []string) bool {
	if !slices.Contains(scopes, "channels:read") && !slices.Contains(scopes, "groups:read") {
		return c.add(true, "whether the bot is a member of %s shows only when it posts", b.cfg.Channel)
	}
	id := b.cfg.Channel
	if !channelID.MatchString(id) {
		found, err := findChannel(c.ctx, client, id)
		if err != nil {
			return c.add(false, "channel %s: %s", b.cfg.Channel, explain(err))
		}
		id = found
	}
	info, err := client.GetConversationInfoContext(c.ctx, &slack.GetConversationInfoInput{ChannelID: id})
	switch {
	case code(err) == "missing_scope":
		return c.add(true, "whether the bot is a member of %s shows only when it posts", b.cfg.Channel)
	case err != nil:
		return c.add(false, "channel %s: %s", b.cfg.Channel, explain(err))
	case info.IsArchived:
		return c.add(false, "channel %s: %s", b.cfg.Channel, hints["is_archived"])
	case !info.IsMember:
		return c.add(false, "channel %s: %s", b.cfg.Channel, hints["not_in_channel"])
	}
	b.ids.set(id)
	return c.add(true, "the bot is a member of %s (%s)", b.cfg.Channel, id)
}

// try posts a test message and resolves it.
func (c *checkRun) try(name string, clock func() time.Time) {
	now := clock().UnixMilli()
	n := &alerting.Notice{
		Key: fmt.Sprintf("check-%d", now), Version: 1, Kind: alerting.KindTest, Receiver: name, Status: "firing", At: now, StartsAt: now,
		Timezone: "UTC", Headline: "Tidewatch can post here", Body: []string{"A test by tidewatch check --slack, resolved at once."},
		Alarms: []alerting.AlarmView{{ID: "check", Detector: "check", Chart: testChart(now)}},
	}
	d, ok := c.notify("post a message", n, alerting.Delivery{})
	if !ok {
		return
	}
	if st, err := readState(d.State); err == nil && st.FileError != "" {
		c.add(false, "the message has no chart: %s", st.FileError)
	}
	end := *n
	end.Version, end.Status, end.EndsAt = 2, "resolved", now
	end.Headline, end.Reply = "Tidewatch could post, edit and reply here", "Test over."
	end.Alarms = nil
	c.notify("resolve it", &end, d)
}

// notify sends, waiting as long as Slack asks for, a few times at most.
func (c *checkRun) notify(what string, n *alerting.Notice, d alerting.Delivery) (alerting.Delivery, bool) {
	for attempt := 1; ; attempt++ {
		var err error
		d, err = c.notifier.Notify(c.ctx, n, d)
		if err == nil {
			return d, c.add(true, "could %s", what)
		}
		after, wait := retryDelay(err)
		if !wait || attempt == fileTries+1 {
			return d, c.add(false, "could not %s: %v", what, err)
		}
		select {
		case <-time.After(after):
		case <-c.ctx.Done():
			return d, c.add(false, "could not %s: %v", what, c.ctx.Err())
		}
	}
}

// testChart is a small chart that nobody takes for a real one.
func testChart(now int64) *alerting.Chart {
	c := &alerting.Chart{Title: "Test", Subtitle: "made up, to see whether charts arrive", Timezone: "UTC"}
	for i := range int64(61) {
		mid := float64(50 + (i%20-10)*(i%20-10)/4)
		v := mid + float64(i*7%5) - 2
		bad := i > 50 && i < 57
		if bad {
			v += 60
		}
		c.T = append(c.T, now-(60-i)*60_000)
		c.Y, c.Mid = append(c.Y, v), append(c.Mid, mid)
		c.Lower, c.Upper = append(c.Lower, mid-8), append(c.Upper, mid+8)
		c.Anomalous = append(c.Anomalous, bad)
	}
	return c
}
