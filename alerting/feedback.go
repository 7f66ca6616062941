package alerting

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// FeedbackVerdict is what a person makes of an alarm.
type FeedbackVerdict string

// The verdicts.
const (
	// FeedbackExpected: this is normal from now on. The models of the judged series accept the level that they see as a new
	// regime at their next point, which ends their alarms.
	FeedbackExpected FeedbackVerdict = "expected"
	// FeedbackNotAnomaly: nothing was wrong. Alarms in its scope are not told until it expires, as under a silence.
	FeedbackNotAnomaly FeedbackVerdict = "not_anomaly"
	// FeedbackAnomaly: something was wrong. It is remembered and hides nothing.
	FeedbackAnomaly FeedbackVerdict = "anomaly"
)

// FeedbackRetention is for how long feedback is listed after it has expired or was retracted.
const FeedbackRetention = 90 * 24 * time.Hour

// Feedback is a verdict with its scope and what it was given on.
type Feedback struct {
	Verdict   FeedbackVerdict `json:"verdict"`
	Matchers  Matchers        `json:"matchers"`   // its scope: alarms by their labels, alertname is the detector
	ExpiresAt int64           `json:"expires_at"` // Unix milliseconds
	Judged    []Judged        `json:"judged"`     // the alarms that the person saw, at least one
	// Incident is the key of the message that the person looked at, "" if it was none.
	Incident string `json:"incident,omitempty"`
}

// Judged is an alarm as it was when a person judged it.
type Judged struct {
	Alarm    string        `json:"alarm"` // AlarmID
	Detector string        `json:"detector"`
	SeriesID uint64        `json:"series_id,string"`
	Labels   labels.Labels `json:"labels"` // those that matchers see
	State    string        `json:"state"`
	Since    int64         `json:"since,omitempty"` // when it began, Unix milliseconds
	Reason   string        `json:"reason"`
	Score    float64       `json:"score"`
	Data     JudgedData    `json:"data"`
	Hash     string        `json:"hash"` // Data.Hash: what was seen can be proved later
}

// JudgedData are the newest points that a person could see, oldest first: a grid from From in steps of Step milliseconds. Floats
// are the base64 of their little-endian bits, so that NaN survives.
type JudgedData struct {
	From  int64  `json:"from"`
	Step  int64  `json:"step"`
	Y     floats `json:"y"`
	Lower floats `json:"lower"`
	Upper floats `json:"upper"`
}

// Hash is SHA-256 over the points and their times, in hexadecimal.
func (j *JudgedData) Hash() string {
	var b []byte
	for _, v := range []uint64{uint64(j.From), uint64(j.Step), uint64(len(j.Y))} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	for _, vs := range []floats{j.Y, j.Lower, j.Upper} {
		for _, v := range vs {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// FeedbackEntry is feedback as it is listed.
type FeedbackEntry struct {
	ID        string `json:"id"`
	At        int64  `json:"at"` // Unix milliseconds
	By        Actor  `json:"by"`
	Comment   string `json:"comment,omitempty"`
	Retracted *Actor `json:"retracted,omitempty"` // who took it back
	RetractAt int64  `json:"retracted_at,omitempty"`
	// Incidents are the keys of the messages that it is about: Incident, else those that the judged alarms were in.
	Incidents []string `json:"incidents,omitempty"`
	Feedback
}

// Active reports whether the feedback stands at time t.
func (f *FeedbackEntry) Active(t int64) bool {
	return f.Retracted == nil && t >= f.At && t < f.ExpiresAt
}

// FeedbackExpiry is until when feedback given at t stands where the person does not say: a day where it hides alarms, else a month.
func FeedbackExpiry(v FeedbackVerdict, t int64) int64 {
	if v == FeedbackNotAnomaly {
		return t + 24*time.Hour.Milliseconds()
	}
	return t + 30*24*time.Hour.Milliseconds()
}

// CommonMatchers is the scope of feedback where the person does not say: the labels that all judged alarms share.
func CommonMatchers(js []Judged) (ms Matchers) {
	if len(js) == 0 {
		return nil
	}
	js[0].Labels.Range(func(l labels.Label) {
		for i := range js {
			if js[i].Labels.Get(l.Name) != l.Value {
				return
			}
		}
		ms = append(ms, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value))
	})
	return ms
}

// hides reports whether the feedback keeps alarms in its scope from being told.
func (f *FeedbackEntry) hides(t int64) bool {
	return f.Verdict == FeedbackNotAnomaly && f.Active(t)
}

func (d *Dispatcher) checkFeedback(c *Control) error {
	f := c.Feedback
	switch f.Verdict {
	case FeedbackExpected, FeedbackNotAnomaly, FeedbackAnomaly:
	default:
		return fmt.Errorf("verdict %q is unknown, want expected, not_anomaly or anomaly", f.Verdict)
	}
	if err := f.Matchers.validate(); err != nil {
		return err
	}
	switch {
	case f.ExpiresAt <= c.At:
		return fmt.Errorf("expires at %s, which is not in the future", utc(f.ExpiresAt))
	case len(f.Judged) == 0:
		return refuse(ErrNoSuchTarget, "feedback names no alarm that it judges")
	case f.Incident != "" && d.incidentOf(f.Incident) == nil && d.ledger.judgeable(f.Incident, c.At) == nil:
		return refuse(ErrNoSuchTarget, "no incident %q that is open or ended less than %s ago", f.Incident, FormatSpan(JudgeableFor.Milliseconds()))
	}
	return nil
}

func (d *Dispatcher) checkRetract(c *Control) error {
	f, ok := d.feedback[c.Target]
	switch {
	case !ok:
		return refuse(ErrNoSuchTarget, "no feedback %q", c.Target)
	case f.Retracted != nil:
		return refuse(ErrConflict, "feedback %s was retracted by %s", f.ID, f.Retracted.Name)
	}
	return nil
}

// Feedback is all that has not been forgotten, by id.
func (d *Dispatcher) Feedback() []FeedbackEntry {
	out := make([]FeedbackEntry, 0, len(d.feedback))
	for _, id := range slices.Sorted(maps.Keys(d.feedback)) {
		out = append(out, *d.feedback[id])
	}
	return out
}

// forget drops silences and feedback that ended long before t.
func (d *Dispatcher) forget(t int64) {
	maps.DeleteFunc(d.silences, func(_ string, s *Silence) bool { return t-s.EndsAt > SilenceRetention.Milliseconds() })
	maps.DeleteFunc(d.feedback, func(_ string, f *FeedbackEntry) bool { return t-f.ExpiresAt > FeedbackRetention.Milliseconds() })
}
