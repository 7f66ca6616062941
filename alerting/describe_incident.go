package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch"
)

// incidentText words a notice about an incident.
type incidentText struct {
	n            *Notice
	what         need
	open, total  int
	joined       int      // alarms that no notice has told of before
	joinedTitles []string // of those among them that the notice shows
	was          string   // why the first alarm was raised, if it is over
	again        int      // alarms that are not hidden any more
	ackEnded     string   // why the acknowledgement ended
	flapping     int      // alarms that have begun to flap
	stopped      int      // alarms whose data have stopped
	expiring     string   // a warning of silences that end soon
	cause, near  string   // what the alarms have in common, and events near where that began
	company      string   // why groups are told together
	groups       int      // of a storm; 0: it is none
	detectors    string   // of a storm
	loc          *time.Location
}

// Headline is line 1 of a message about these alarms, the most severe first, and the text fallback that a locked phone shows.
// It does not say how many alarms a notice has left out.
func Headline(views []AlarmView, groupLabels map[string]string, loc *time.Location) string {
	if len(views) == 0 {
		return ""
	}
	if loc == nil {
		loc = time.UTC
	}
	n := &Notice{Alarms: views, GroupLabels: groupLabels, Status: "resolved", StartsAt: views[0].StartsAt}
	open := 0
	for _, v := range views {
		n.StartsAt = min(n.StartsAt, v.StartsAt)
		n.EndsAt = max(n.EndsAt, v.EndsAt)
		n.At = max(n.At, v.StartsAt, v.EndsAt)
		if v.EndsAt == 0 {
			open++
			n.Status = "firing"
		}
	}
	return incidentText{n: n, open: open, total: len(views), loc: loc}.headline()
}

func (x incidentText) headline() string {
	if x.n.Status == "resolved" {
		return x.resolved()
	}
	worst := x.n.Alarms[0]
	if x.total == 1 {
		parts := append([]string{valueLine(worst)}, place(worst.Labels)...)
		return strings.Join(append(parts, "since "+x.when(x.n.StartsAt, true)), " · ")
	}
	count := plural(x.open, "alarm")
	if x.open < x.total {
		count = fmt.Sprintf("%s of %s still firing", Thousands(x.open), plural(x.total, "alarm"))
	}
	if x.groups > 0 {
		count += " in " + plural(x.groups, "group")
	}
	parts := append([]string{count}, x.group()...)
	worst.Title = x.withoutGroup(worst.Title)
	return strings.Join(append(parts, "worst "+valueLine(worst), "since "+x.when(x.n.StartsAt, true)), " · ")
}

// resolved is "Resolved 03:21 after 27 min · checkout · error ratio peaked 7.1 %".
func (x incidentText) resolved() string {
	worst := x.n.Alarms[0]
	word, tail := "Resolved", ""
	if isFinite(worst.Peak) {
		tail = worst.went() + FormatValue(worst.Peak, worst.Unit)
	}
	if note := x.commonNote(); note != "" {
		word, tail = "Closed", ", "+x.noteText(note)
	}
	parts := []string{fmt.Sprintf("%s %s after %s", word, x.when(x.n.EndsAt, false), FormatSpan(x.n.EndsAt-x.n.StartsAt))}
	if x.total > 1 {
		parts = append(append(parts, plural(x.total, "alarm")), x.group()...)
		worst.Title = "worst " + x.withoutGroup(worst.Title)
	}
	return strings.Join(append(parts, worst.Title+tail), " · ")
}

// went says where the value went that is farthest from its expectation.
func (v *AlarmView) went() string {
	switch {
	case v.Channel == tidewatch.ChannelFlat.String():
		return " stood still at "
	case v.Below:
		return " fell to "
	default:
		return " peaked "
	}
}

// commonNote is the note with which all the alarms ended, "" if they did not all end with the same.
func (x incidentText) commonNote() string {
	note := x.n.Alarms[0].Note
	for _, v := range x.n.Alarms {
		if v.Note != note {
			return ""
		}
	}
	return note
}

// noteText says why an alarm has ended; who called its level expected is named.
func (x incidentText) noteText(note string) string {
	switch note {
	case NoteRegimeAccepted:
		if by := x.expectedBy(); by != "" {
			return "called expected by " + by + ": the shift is the new normal"
		}
		return "the shift was accepted as the new normal"
	case NoteStoppedReporting:
		return "stopped reporting"
	case NoteDetectorRemoved:
		return "its detector was removed"
	case NoteSetByHand:
		return "set by hand"
	default:
		return note
	}
}

// expectedBy is who was the last to call the alarms expected, "" if nobody has.
func (x incidentText) expectedBy() string {
	for _, v := range slices.Backward(x.n.Verdicts) {
		if v.Verdict == FeedbackExpected {
			return v.By.String()
		}
	}
	return ""
}

// reasonOf is why an alarm is in its state. A model does not know that a person told it to accept a shift.
func (x incidentText) reasonOf(v AlarmView) string {
	if by := x.expectedBy(); v.Note == NoteRegimeAccepted && by != "" {
		return "Closed, not recovered: " + by + " has called it expected, so that the level is the new normal."
	}
	return v.Reason
}

// body are the lines below the headline: all there is to say of one alarm, or one line for each of several.
func (x incidentText) body() []string {
	notes := x.notes()
	if x.total == 1 {
		v := x.n.Alarms[0]
		v.Reason = x.reasonOf(v)
		return append(notes, alarmBody(v, x.was, x.n.SeverityText())...)
	}
	lines := notes
	for _, v := range x.n.Alarms {
		lines = append(lines, "• "+x.alarmLine(v))
	}
	if x.n.Omitted > 0 {
		lines = append(lines, "and "+Thousands(x.n.Omitted)+" more")
	}
	worst := x.n.Alarms[0]
	return append(lines, nonEmpty(x.detectors, x.cause, x.company, x.withoutGroup(worst.Title)+": "+x.reasonOf(worst), x.was, cmp.Or(x.near, worst.Nearby), worst.Why, promiseLine(worst), upperFirst(x.n.SeverityText()))...)
}

// notes say what people have done about the incident.
func (x incidentText) notes() []string {
	var lines []string
	if a := x.n.Acknowledged; a != nil {
		line := fmt.Sprintf("Acknowledged by %s at %s", a.By, x.when(a.At, false))
		if a.Comment != "" {
			line += ": " + a.Comment
		}
		lines = append(lines, line)
	}
	if text := flapText(x.n.Alarms[0]); x.total == 1 && text != "" {
		lines = append(lines, upperFirst(text))
	}
	lines = append(lines, x.verdicts()...)
	if x.total == 1 && x.n.Alarms[0].HidingText != "" {
		lines = append(lines, upperFirst(x.n.Alarms[0].HidingText))
	}
	if x.n.Hidden > 0 {
		lines = append(lines, plural(x.n.Hidden, "more alarm")+" not shown: hidden before it was told")
	}
	return lines
}

// alarmLine is one of several alarms in one line.
func (x incidentText) alarmLine(v AlarmView) string {
	v.Title = x.withoutGroup(v.Title)
	if v.EndsAt == 0 {
		line := valueLine(v) + " · since " + x.when(v.StartsAt, false)
		if v.Stopped {
			line += " · not known to be over"
		} else if v.State == InsufficientData.String() {
			line += " · no data now"
		}
		if text := flapText(v); text != "" {
			line += " · " + text
		}
		if v.HidingText != "" {
			line += " · " + v.HidingText
		}
		return line
	}
	word := "over"
	if v.Note != "" {
		word = x.noteText(v.Note)
	}
	return fmt.Sprintf("%s · %s–%s, %s", v.Title, x.when(v.StartsAt, false), x.when(v.EndsAt, false), word)
}

// reply is what the version adds to the thread.
func (x incidentText) reply() string {
	switch {
	case x.what == allOver:
		return x.resolved()
	case x.what == repeatAgain:
		return fmt.Sprintf("Still firing after %s · %s", FormatSpan(x.n.At-x.n.StartsAt), x.headline())
	case x.ackEnded != "":
		return x.ackEnded + " · " + x.headline()
	case x.expiring != "":
		return x.expiring
	case x.n.Acknowledged != nil: // somebody is on it: the message is kept up to date, the thread is quiet
		return ""
	case x.flapping > 0:
		return fmt.Sprintf("%s flapping: held open until calm again, changes are not told one by one", plural(x.flapping, "alarm"))
	case x.stopped > 0:
		return fmt.Sprintf("Data stopped: %s open until datapoints say that it is over", x.stoppedOf())
	case x.what == firingAgain:
		return fmt.Sprintf("Not hidden any more, still firing: %s · %s", plural(x.again, "alarm"), x.headline())
	case x.what == membersNew && x.joined > 0:
		names := x.joinedTitles[:min(3, len(x.joinedTitles))]
		text := fmt.Sprintf("%s joined", plural(x.joined, "more alarm"))
		if len(names) > 0 {
			text += ": " + strings.Join(names, "; ")
		}
		if more := x.joined - len(names); more > 0 && len(names) > 0 {
			text += "; and " + Thousands(more) + " more"
		}
		return text
	default:
		return ""
	}
}

// stoppedOf is "checkout · error ratio stays", or how many stay where there are several.
func (x incidentText) stoppedOf() string {
	switch {
	case x.total == 1:
		return x.n.Alarms[0].Title + " stays"
	case x.stopped == 1:
		return "1 alarm stays"
	}
	return plural(x.stopped, "alarm") + " stay"
}

// group are the values of the group labels, ordered by name.
func (x incidentText) group() []string {
	var vs []string
	for _, name := range slices.Sorted(maps.Keys(x.n.GroupLabels)) {
		if v := x.n.GroupLabels[name]; v != "" {
			vs = append(vs, titleValue(v))
		}
	}
	return vs
}

// withoutGroup is a title without what the group's values have already said.
func (x incidentText) withoutGroup(title string) string {
	group := x.group()
	parts := strings.Split(title, " · ")
	kept := slices.DeleteFunc(slices.Clone(parts[:len(parts)-1]), func(p string) bool { return slices.Contains(group, p) })
	return strings.Join(append(kept, parts[len(parts)-1]), " · ")
}

// when is the time of day, with the date if that is not the notice's, and the zone's abbreviation if asked for.
func (x incidentText) when(t int64, zone bool) string {
	at, now := time.UnixMilli(t).In(x.loc), time.UnixMilli(x.n.At).In(x.loc)
	layout := "15:04"
	if at.Format(time.DateOnly) != now.Format(time.DateOnly) {
		layout = "2 Jan 15:04"
	}
	if zone {
		layout += " MST"
	}
	return at.Format(layout)
}
