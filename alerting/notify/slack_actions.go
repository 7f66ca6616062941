package notify

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/tidewatch/tidewatch/alerting"
)

// Deed is what a person asks for with a button.
type Deed string

// The deeds. Those that begin with undo take back what a confirmation tells of.
const (
	DeedAcknowledge     Deed = "ack"
	DeedUnacknowledge   Deed = "unack"
	DeedSilence         Deed = "silence"
	DeedExpected        Deed = Deed(alerting.FeedbackExpected)
	DeedNotAnomaly      Deed = Deed(alerting.FeedbackNotAnomaly)
	DeedAnomaly         Deed = Deed(alerting.FeedbackAnomaly)
	DeedUndoAcknowledge Deed = "undo_ack"
	DeedUndoSilence     Deed = "undo_silence"
	DeedUndoFeedback    Deed = "undo_feedback"
	slackActionsBlock        = "tidewatch"
	maxActionID              = 64  // bytes of an incident's, a silence's or a feedback's id in a value
	slackOption              = 150 // characters of an option's value, which is the shortest limit
	maxSilenceInAction       = 365 * 24 * time.Hour
)

// Action is what the value of a button or of an option says: what is asked for, of what, and which version of the message the
// person saw. Its text form is "1 DEED ID VERSION [DURATION]"; the first number is the form's own version.
type Action struct {
	Deed    Deed
	ID      string        // Notice.Key, or the id of a silence or feedback
	Version int           // Notice.Version; 0 in a confirmation
	For     time.Duration // of a silence, above 0
}

// Value is the text form, at most 150 characters.
func (a Action) Value() string {
	v := fmt.Sprintf("1 %s %s %d", a.Deed, a.ID, a.Version)
	if a.Deed == DeedSilence {
		v += " " + a.For.String()
	}
	return v
}

var actionID = regexp.MustCompile(`^[A-Za-z0-9._:-]+$`)

// ParseAction reads a text form. Its error does not repeat the text.
func ParseAction(value string) (Action, error) {
	f := strings.Split(value, " ")
	if len(value) > slackOption || len(f) < 4 || f[0] != "1" {
		return Action{}, fmt.Errorf("a value of %d characters in %d parts is not an action of this version of Tidewatch", len(value), len(f))
	}
	a := Action{Deed: Deed(f[1]), ID: f[2]}
	want := 4
	switch a.Deed {
	case DeedSilence:
		want = 5
	case DeedAcknowledge, DeedUnacknowledge, DeedExpected, DeedNotAnomaly, DeedAnomaly, DeedUndoAcknowledge, DeedUndoSilence, DeedUndoFeedback:
	default:
		return Action{}, fmt.Errorf("the action has %d characters and is none that Tidewatch offers", len(f[1]))
	}
	version, err := strconv.Atoi(f[3])
	if len(f) != want || err != nil || version < 0 || len(a.ID) > maxActionID || !actionID.MatchString(a.ID) {
		return Action{}, fmt.Errorf("an action %s with %d parts, an id of %d characters, or a bad version", a.Deed, len(f), len(a.ID))
	}
	a.Version = version
	if want == 5 {
		if a.For, err = time.ParseDuration(f[4]); err != nil || a.For <= 0 || a.For > maxSilenceInAction {
			return Action{}, fmt.Errorf("a silence needs a duration above 0 and of at most %s", maxSilenceInAction)
		}
	}
	return a, nil
}

// silenceSpans are the choices for a silence.
var silenceSpans = []time.Duration{time.Hour, 4 * time.Hour, 24 * time.Hour}

// buttons let people act on an incident: three silences share a menu, so that what remains fits into a line. One that is over can
// only be judged.
func (m *message) buttons(n *alerting.Notice) {
	if n.Kind != alerting.KindIncident || len(n.Key) > maxActionID || !actionID.MatchString(n.Key) {
		return
	}
	button := func(d Deed, text string) *slack.ButtonBlockElement {
		return slack.NewButtonBlockElement("tidewatch-"+string(d), Action{Deed: d, ID: n.Key, Version: n.Version}.Value(), plainText(text))
	}
	var row []slack.BlockElement
	if n.Status != "resolved" {
		ack := button(DeedAcknowledge, "Ack")
		ack.Style = slack.StylePrimary
		if n.Acknowledged != nil {
			ack = button(DeedUnacknowledge, "Take Ack back")
		}
		row = append(row, ack, silenceMenu(n))
	}
	row = append(row, button(DeedExpected, "Expected"), button(DeedNotAnomaly, "Not an anomaly"), button(DeedAnomaly, "Anomaly"))
	m.Blocks = append(m.Blocks, slack.NewActionBlock(slackActionsBlock, row...))
}

func silenceMenu(n *alerting.Notice) *slack.SelectBlockElement {
	var spans []*slack.OptionBlockObject
	for _, d := range silenceSpans {
		a := Action{Deed: DeedSilence, ID: n.Key, Version: n.Version, For: d}
		spans = append(spans, slack.NewOptionBlockObject(a.Value(), plainText("Silence "+alerting.FormatSpan(d.Milliseconds())), nil))
	}
	return slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText("Silence…"), "tidewatch-silence", spans...)
}

// UndoButton is the blocks of a confirmation that can be taken back.
func UndoButton(text string, d Deed, id string) []slack.Block {
	return []slack.Block{
		slack.NewSectionBlock(verbatim(text), nil, slack.NewAccessory(
			slack.NewButtonBlockElement("tidewatch-"+string(d)+"_"+id, Action{Deed: d, ID: id}.Value(), plainText("Undo")))),
	}
}

// EscapeSlack makes text mean itself in Slack's markup: no mention, no link.
func EscapeSlack(s string) string { return escape(s) }

func plainText(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, text, false, false)
}

// TextBlock is a block of text in Slack's markup.
func TextBlock(text string) slack.Block { return slack.NewSectionBlock(verbatim(text), nil, nil) }
