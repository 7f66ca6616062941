package alerting

import (
	"time"

	"github.com/tidewatch/tidewatch"
)

// NoticeKind tells the sorts of message apart.
type NoticeKind string

// The kinds of notice.
const (
	KindIncident NoticeKind = "incident" // alarms of one group: posted once, edited as it evolves, resolved in its thread
	KindSummary  NoticeKind = "summary"  // alarms found at first start or while catching up: one message, never a page
	KindService  NoticeKind = "service"  // Tidewatch itself: source unreachable, detector off, data partial; edited when it ends
	KindTest     NoticeKind = "test"     // `tidewatch check --slack`
	KindReport   NoticeKind = "report"   // the weekly noise report
	KindDigest   NoticeKind = "digest"   // in the place of the messages of many incidents that a queue could not send in time
)

// Notice is one message in one state: everything that a notifier needs to render it, and nothing that it has to look up.
// The same Key with a higher Version replaces the message before; a notice is data, so replay and serve can be compared
// byte for byte.
type Notice struct {
	Key      string     `json:"key"`     // stable id of the message: hash of receiver, group and opening transition
	Version  int        `json:"version"` // 1, 2, … of this Key
	Kind     NoticeKind `json:"kind"`
	Receiver string     `json:"receiver"`
	Status   string     `json:"status"` // "firing" or "resolved"
	At       int64      `json:"at"`     // decided at (scheduled evaluation time, Unix ms), not when it is sent
	StartsAt int64      `json:"starts_at"`
	EndsAt   int64      `json:"ends_at,omitempty"` // resolved only
	Timezone string     `json:"timezone"`          // IANA name in which times are written

	GroupLabels  map[string]string `json:"group_labels"`
	CommonLabels map[string]string `json:"common_labels"`

	// Headline is line 1 and the text fallback, without state emoji: "checkout · 5xx ratio 6.2 %, expected 0.1–0.9 % ·
	// eu1 · since 02:54 CET". Body holds the lines below it (for service and summary notices, all of the text).
	Headline string   `json:"headline"`
	Body     []string `json:"body,omitempty"`
	Notes    int      `json:"notes,omitempty"` // how many lines at the beginning of Body say what people did
	// Reply is the text of the one thread reply that this version adds, empty if none (for example on resolve).
	Reply string `json:"reply,omitempty"`

	Alarms  []AlarmView `json:"alarms,omitempty"`  // the most severe first, at most MaxAlarmViews
	Omitted int         `json:"omitted,omitempty"` // how many more alarms there are than in Alarms
	Links   []Link      `json:"links,omitempty"`   // Runbook, Graph, Why?

	Acknowledged *Acknowledgement `json:"acknowledged,omitempty"` // who looks after the incident
	Verdicts     []Verdict        `json:"verdicts,omitempty"`     // what people made of its alarms, oldest first
	Hidden       int              `json:"hidden,omitempty"`       // alarms that belong to it but were hidden before they were told
	// Amends marks a version that says nothing new of the alarms: their end was told, and people have judged it since. It keeps the chart
	// of the version before, and is for receivers that can edit.
	Amends bool `json:"amends,omitempty"`
}

// MaxAlarmViews is how many alarms of an incident a notice carries in full; Omitted counts the others.
const MaxAlarmViews = 20

// Link is a labelled URL.
type Link struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// AlarmView is one alarm (one detector on one series) as a message shows it.
type AlarmView struct {
	ID       string            `json:"id"` // AlarmID
	Detector string            `json:"detector"`
	SeriesID uint64            `json:"series_id,string"`
	Labels   map[string]string `json:"labels"`
	// HiddenLabels is how many more the series has that must not leave: see Visible. Two alarms may then have the same labels.
	HiddenLabels int               `json:"hidden_labels,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"` // templates already expanded
	State        string            `json:"state"`
	StartsAt     int64             `json:"starts_at"`
	EndsAt       int64             `json:"ends_at,omitempty"`

	Title     string         `json:"title"` // "checkout · 5xx ratio"
	Unit      string         `json:"unit,omitempty"`
	Value     float64        `json:"-"`               // newest observed value; NaN if missing
	Peak      float64        `json:"-"`               // the value farthest from its expectation since StartsAt
	Below     bool           `json:"below,omitempty"` // it breaches below its expectation
	Band      tidewatch.Band `json:"-"`               // at the newest point
	Score     float64        `json:"score"`           // anomaly_score, alarms at 1
	Surprise  float64        `json:"surprise"`
	Channel   string         `json:"channel"`
	Reason    string         `json:"reason"`           // CloudWatch's wording with the values
	Why       string         `json:"why"`              // "Expected 0.4 % = level 0.5 % − Tuesday 03:00 0.1 %. History 15 d."
	Nearby    string         `json:"nearby,omitempty"` // "Nearby: began 40 s after build_info of api changed 1.4 → 1.5."
	Promise   string         `json:"promise"`          // "≤ 1 false alarm/30 d"
	Record    string         `json:"record,omitempty"` // how the detector has kept it: "marked false 1 of 4"
	Expr      string         `json:"expr"`             // a composite alarm's rule
	Rule      string         `json:"rule"`
	Stopped   bool           `json:"stopped,omitempty"`   // its data stopped: it stays open although nothing says that it goes on
	Composite bool           `json:"composite,omitempty"` // it has no value, band and score of its own
	Note      string         `json:"note,omitempty"`      // why the alarm ended otherwise than by OK points

	Flapping   int     `json:"flapping,omitempty"`    // changes of its state in the last hour if it is held open for that; else 0
	Hiding     *Hiding `json:"hiding,omitempty"`      // what silences it, nil if nothing
	HidingText string  `json:"hiding_text,omitempty"` // in words: "silenced by anna until 07:00: planned work"

	Chart *Chart `json:"-"`
}

// Chart is what the picture in a message shows. All slices have one length; NaN where there is nothing to draw.
type Chart struct {
	Title, Subtitle string
	Unit            string // "percent", "bytes", "seconds", "" …: how the axis is labelled
	Timezone        string
	T               []int64 // Unix ms, ascending
	Y, Mid          []float64
	Lower, Upper    []float64
	Anomalous       []bool
	// Statistic and Limit, when set, are drawn as a panel of their own: the deciding channel's figure where that is not the band.
	Statistic     []float64
	StatisticName string
	Limit         float64
	Marks         []Mark
	Stretches     []Stretch // excluded, silenced, muted: drawn hatched behind the curve
}

// Mark is a vertical line with a word, for example a deploy.
type Mark struct {
	T    int64
	Text string
}

// Receiver defaults shared by the routing tree, with Alertmanager's values.
const (
	DefaultGroupWait      = 30 * time.Second
	DefaultGroupInterval  = 5 * time.Minute
	DefaultRepeatInterval = 4 * time.Hour
)
