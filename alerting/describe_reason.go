package alerting

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch"
)

// maxReasonPoints is how many breaching points a reason spells out, the newest; it says how many it left out.
const maxReasonPoints = 5

// reason is CloudWatch's StateReason with the values. It names the channel that decided, and says "band" only of that.
func reason(f Facts) string {
	tr := f.Transition
	switch {
	case f.Set != nil:
		return f.Set.String()
	case f.DataStopped && f.Note == "":
		return dataStopped(f)
	case f.Composite != "" && f.Note == "":
		return f.Verdict
	case f.Note == NoteSetByHand:
		return "Closed: the state was set by hand, which the datapoints do not bear out."
	case tr.Rule == RuleStateSetOver:
		return fmt.Sprintf("The state that was set by hand is over: by its datapoints the alarm is in %s.", tr.To)
	case f.Note == NoteRegimeAccepted:
		return "Closed, not recovered: the shift has lasted long enough to be accepted as the new normal."
	case f.Note == NoteStoppedReporting:
		return "Closed, not known to have recovered: the series stopped reporting."
	case f.Note == NoteDetectorRemoved:
		return "Closed, not known to have recovered: the configuration no longer has this detector."
	case f.Note != "":
		return "Closed: " + f.Note + "."
	case tr.To == InsufficientData:
		return "Insufficient Data: no datapoint was received" + inRange(f) + "."
	case tr.To == OK:
		takes := ""
		if f.Policy.Datapoints > 0 {
			takes = fmt.Sprintf(", it takes %d", f.Policy.Datapoints)
		}
		if tr.From != Alarming {
			return fmt.Sprintf("Threshold not crossed: %d out of %s breached%s%s.", tr.Breaches, outOf(f), takes, filled(f))
		}
		did := "breached"
		if f.Policy.hysteresis() {
			did = fmt.Sprintf("scored above %v, the recovery score", f.Policy.Recovery)
		}
		return fmt.Sprintf("Threshold no longer crossed: %d out of %s %s%s%s.", tr.Breaches, outOf(f), did, takes, filled(f))
	}
	return crossed(f)
}

// dataStopped is why an incident stays open although nothing says that the breach goes on.
func dataStopped(f Facts) string {
	if f.State == OK {
		return fmt.Sprintf("Data stopped: OK, but on too few datapoints; %d more must come before it is over.", f.Owes)
	}
	return "Data stopped: no datapoint was received" + inRange(f) + ", so nothing says that it is over."
}

// crossed is the reason of an ALARM.
func crossed(f Facts) string {
	tr := f.Transition
	received := tr.Breaches
	if f.Policy.Missing == MissingBreaching {
		received -= tr.Missing
	}
	if received <= 0 && tr.Missing > 0 {
		return "Threshold Crossed: no datapoints were received" + filled(f) + "."
	}
	text := fmt.Sprintf("Threshold Crossed: %d out of %s %s", received, outOf(f), verdict(f, received))
	if tr.Rule == RuleDecisive {
		text += ", far enough for one to decide"
	}
	if points := pointList(f); points != "" {
		text += ": " + points
	}
	text += filled(f)
	if h := f.Held; h.Near > 0 {
		text += fmt.Sprintf(". Not over yet: %d out of the last %s score above %v, the recovery score", h.Breaches, plural(h.Of, "datapoint"), f.Policy.Recovery)
	}
	return text
}

// outOf names the evaluated points: "the last 5 datapoints".
func outOf(f Facts) string {
	tr := f.Transition
	n := tr.Of - tr.Missing
	switch tr.Rule {
	case RuleNewestReal, "":
		return "the last " + plural(n, "datapoint")
	case RuleEnoughReal, RuleDecisive:
		return "the last " + plural(n, "received datapoint")
	default:
		return "the " + plural(n, "datapoint") + " received" + inRange(f)
	}
}

// inRange is " in the last 7 periods", if the policy is known.
func inRange(f Facts) string {
	if f.Policy.Of == 0 {
		return ""
	}
	return " in the last " + plural(f.Policy.Range(), "period")
}

// filled says which missing points the treatment stood in for.
func filled(f Facts) string {
	n := f.Transition.Missing
	if n == 0 {
		return ""
	}
	was := "was"
	if n > 1 {
		was = "were"
	}
	return fmt.Sprintf("; %s %s treated as %s", plural(n, "missing datapoint"), was, f.Policy.Missing)
}

// verdict says what was wrong with the n points, in the words of the deciding channel.
func verdict(f Facts, n int) string {
	were := "were"
	if n == 1 {
		were = "was"
	}
	s, fig := f.Score, figure(f.Explanation)
	switch s.Channel {
	case tidewatch.ChannelBand:
		return were + " " + side(s.Side, "below", "outside", "above") + " the band"
	case tidewatch.ChannelSustained:
		return were + " part of a sustained shift " + side(s.Side, "below", "away from", "above") + " the expectation" + fig
	case tidewatch.ChannelShift:
		return "came after the level had moved" + side(s.Side, " down", "", " up") + fig
	case tidewatch.ChannelVariance:
		return were + " noisier or quieter than usual" + fig
	case tidewatch.ChannelIsolation:
		return were + " in a shape unlike any before" + fig
	case tidewatch.ChannelFlat:
		return were + " flat, where the series has always moved" + fig
	case tidewatch.ChannelMissing:
		return were + " missing, where the series was always there" + fig
	default:
		return were + " anomalous" + fig
	}
}

func side(s int8, below, none, above string) string {
	switch {
	case s < 0:
		return below
	case s > 0:
		return above
	default:
		return none
	}
}

// figure is the deciding channel's statistic and limit: " (9.1 σ, limit 5 σ)".
func figure(e tidewatch.Explanation) string {
	if e.Statistic == 0 && e.Limit == 0 || !isFinite(e.Statistic) {
		return ""
	}
	unit := ""
	if e.Unit != "" {
		unit = " " + e.Unit
	}
	if e.Limit == 0 || !isFinite(e.Limit) {
		return fmt.Sprintf(" (%s%s)", FormatValue(e.Statistic, ""), unit)
	}
	return fmt.Sprintf(" (%s%s, limit %s%s)", FormatValue(e.Statistic, ""), unit, FormatValue(e.Limit, ""), unit)
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// pointList is "02:54 4.1 %, 02:55 5.8 %".
func pointList(f Facts) string {
	ps := f.Breaching
	skipped := max(0, len(ps)-maxReasonPoints)
	parts := make([]string, 0, maxReasonPoints+1)
	if skipped > 0 {
		parts = append(parts, fmt.Sprintf("%d earlier", skipped))
	}
	for _, p := range ps[skipped:] {
		parts = append(parts, clock(p.T, f.Location, f.Step)+" "+FormatValue(p.V, f.Unit))
	}
	return strings.Join(parts, ", ")
}

// clock is the time of day, with seconds if the grid is finer than a minute.
func clock(t int64, loc *time.Location, step time.Duration) string {
	layout := "15:04"
	if step > 0 && step%time.Minute != 0 {
		layout = "15:04:05"
	}
	return time.UnixMilli(t).In(loc).Format(layout)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Thousands(n) + " " + noun + "s"
}

// Thousands groups the digits of a whole number: 10,000.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}
