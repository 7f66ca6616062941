package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/prometheus/model/labels"
)

var rowOptions = cmp.Options{cmpopts.EquateNaNs(), cmp.Comparer(labels.Equal)}

func transition(id string, t int64, ls ...string) TransitionRow {
	return TransitionRow{
		ID: id, AlarmID: "alarm", Detector: "Errors", SeriesID: math.MaxUint64 - 1, Labels: labels.FromStrings(ls...),
		T: t, DecidedAt: t + 60_000, From: "OK", To: "ALARM", Rule: "m-of-n", Note: "note", Reason: "Threshold Crossed: ä",
		Score: 2.5, Data: json.RawMessage(`{"versions":[1,2]}`),
	}
}

func anomaly(id string, from, to int64, peak float64, ls ...string) AnomalyRow {
	return AnomalyRow{
		ID: id, Detector: "Errors", SeriesID: 1 << 63, Labels: labels.FromStrings(ls...), StartsAt: from, EndsAt: to,
		Peak: peak, PeakT: from, Value: 6.2, Mid: 0.4, Lower: math.NaN(), Upper: math.Inf(1), Channel: "band", State: "firing",
	}
}

func commit(t testing.TB, s *Store, b Batch) {
	t.Helper()
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func TestRowsSurviveAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	tr := transition("t1", 1000, "job", "a", "utf8.näme", "\"quoted\"\n")
	missing := transition("t2", 900)
	missing.Score, missing.Data, missing.SeriesID = math.NaN(), nil, 0
	an := anomaly("a1", 1000, 0, math.NaN(), "job", "a")
	commit(t, s, Batch{
		Transitions: []TransitionRow{tr, missing}, Anomalies: []AnomalyRow{an}, Meta: map[string]string{"position": "42"},
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	trs, next, err := s.Transitions(t.Context(), TransitionQuery{})
	if err != nil || next != "" {
		t.Fatal(next, err)
	}
	if diff := cmp.Diff([]TransitionRow{tr, missing}, trs, rowOptions); diff != "" {
		t.Error(diff)
	}
	for _, read := range []func() ([]AnomalyRow, error){
		func() ([]AnomalyRow, error) {
			rows, _, err := s.Anomalies(t.Context(), AnomalyQuery{})
			return rows, err
		},
		func() ([]AnomalyRow, error) { return s.OpenAnomalies(t.Context()) },
	} {
		rows, err := read()
		if diff := cmp.Diff([]AnomalyRow{an}, rows, rowOptions); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	if v, ok, err := s.Meta(t.Context(), "position"); v != "42" || !ok || err != nil {
		t.Error(v, ok, err)
	}
	if _, ok, err := s.Meta(t.Context(), "other"); ok || err != nil {
		t.Error(ok, err)
	}
}

func TestCommitIsRepeatableAndAtomic(t *testing.T) {
	s := open(t, t.TempDir())
	first := transition("t1", 1000)
	b := Batch{Transitions: []TransitionRow{first}, Anomalies: []AnomalyRow{anomaly("a1", 1000, 0, 2)}}
	commit(t, s, b)
	b.Transitions[0].Reason = "decided otherwise" // a decision stands
	b.Anomalies[0] = anomaly("a1", 1000, 2000, 3) // an episode evolves
	commit(t, s, b)
	trs, _, err := s.Transitions(t.Context(), TransitionQuery{})
	if diff := cmp.Diff([]TransitionRow{first}, trs, rowOptions); diff != "" || err != nil {
		t.Error(diff, err)
	}
	ans, _, err := s.Anomalies(t.Context(), AnomalyQuery{})
	if diff := cmp.Diff(b.Anomalies, ans, rowOptions); diff != "" || err != nil {
		t.Error(diff, err)
	}

	if _, err := s.db.write.ExecContext(t.Context(), `CREATE TRIGGER broken BEFORE INSERT ON meta BEGIN SELECT raise(ABORT, 'broken'); END`); err != nil {
		t.Fatal(err)
	}
	err = s.Commit(t.Context(), Batch{
		Transitions: []TransitionRow{transition("t2", 2000)}, Notices: []NoticeRow{notice("k", 1, false)}, Meta: map[string]string{"a": "b"},
	})
	if err == nil || !strings.Contains(err.Error(), "broken") {
		t.Fatalf("got %v", err)
	}
	if trs, _, err := s.Transitions(t.Context(), TransitionQuery{}); len(trs) != 1 || err != nil {
		t.Errorf("half a batch was kept: %v, %v", trs, err)
	}
	if _, ok, err := s.NextNotice(t.Context(), "slack"); ok || err != nil {
		t.Errorf("half a batch was queued: %v, %v", ok, err)
	}
	if n := testutil.ToFloat64(s.m.writeErrors.WithLabelValues(partDatabase)); n != 1 {
		t.Errorf("tidewatch_store_write_errors_total = %v, want 1", n)
	}
}

func matcher(t testing.TB, typ labels.MatchType, name, value string) *labels.Matcher {
	t.Helper()
	m, err := labels.NewMatcher(typ, name, value)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAnomalyQueries(t *testing.T) {
	s := open(t, t.TempDir())
	other := anomaly("e", 500, 600, 9, "job", "b")
	other.Detector, other.SeriesID, other.State = "Latency", 7, "resolved"
	commit(t, s, Batch{Anomalies: []AnomalyRow{
		anomaly("a", 100, 200, 1.5, "job", "a", "env", "prod"),
		anomaly("b", 300, 0, 2, "job", "b", "env", "prod"),
		anomaly("c", 300, 400, math.NaN(), "job", "a"),
		anomaly("d", 250, 350, 3, "job", "c"),
		other,
	}})
	eq := func(name, value string) *labels.Matcher { return matcher(t, labels.MatchEqual, name, value) }
	for _, tc := range []struct {
		name string
		q    AnomalyQuery
		want string
	}{
		{"everything, newest first", AnomalyQuery{}, "e b c d a"},
		{"from leaves out what had ended", AnomalyQuery{From: 351}, "e b c"},
		{"from is inclusive", AnomalyQuery{From: 350}, "e b c d"},
		{"to is inclusive", AnomalyQuery{To: 250}, "d a"},
		{"an open one lasts", AnomalyQuery{From: 10_000}, "b"},
		{"min score", AnomalyQuery{MinScore: 2}, "e b d"},
		{"state", AnomalyQuery{State: "resolved"}, "e"},
		{"detector", AnomalyQuery{Detector: "Latency"}, "e"},
		{"series", AnomalyQuery{SeriesID: 1 << 63}, "b c d a"},
		{"one matcher", AnomalyQuery{Selectors: []Selector{{eq("job", "a")}}}, "c a"},
		{"matchers of a selector are all met", AnomalyQuery{Selectors: []Selector{{eq("job", "a"), eq("env", "prod")}}}, "a"},
		{"any selector is enough", AnomalyQuery{Selectors: []Selector{{eq("job", "c")}, {eq("env", "prod")}}}, "b d a"},
		{"an empty value is an absent label", AnomalyQuery{Selectors: []Selector{{eq("env", "")}}}, "e c d"},
		{"regular expression", AnomalyQuery{Selectors: []Selector{{matcher(t, labels.MatchRegexp, "job", "a|c")}}}, "c d a"},
		{"nothing", AnomalyQuery{Detector: "None"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, limit := range []int{0, 1, 2, 5} { // paging changes nothing
				var got []string
				q := tc.q
				q.Limit = limit
				for range 10 {
					rows, next, err := s.Anomalies(t.Context(), q)
					if err != nil {
						t.Fatal(err)
					}
					if limit > 0 && len(rows) > limit {
						t.Errorf("%d rows with limit %d", len(rows), limit)
					}
					for _, r := range rows {
						got = append(got, r.ID)
					}
					if q.Cursor = next; next == "" {
						break
					}
				}
				if s := strings.Join(got, " "); s != tc.want {
					t.Errorf("limit %d: %q, want %q", limit, s, tc.want)
				}
			}
		})
	}
}

func TestCursorIsStableWhileRowsAreAdded(t *testing.T) {
	s := open(t, t.TempDir())
	commit(t, s, Batch{Transitions: []TransitionRow{transition("b", 100), transition("d", 100), transition("a", 50)}})
	rows, next, err := s.Transitions(t.Context(), TransitionQuery{Limit: 1})
	if err != nil || rows[0].ID != "b" {
		t.Fatal(rows, err)
	}
	commit(t, s, Batch{Transitions: []TransitionRow{transition("new", 200), transition("a0", 100), transition("c", 100)}})
	rows, next, err = s.Transitions(t.Context(), TransitionQuery{Cursor: next})
	if err != nil || next != "" {
		t.Fatal(next, err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, r.ID)
	}
	if fmt.Sprint(got) != "[c d a]" {
		t.Errorf("second page %v", got)
	}
	for _, bad := range []string{"x", "!!", "MTIz"} {
		if _, _, err := s.Transitions(t.Context(), TransitionQuery{Cursor: bad}); !errors.Is(err, ErrCursor) {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
}

func TestTransitionQueries(t *testing.T) {
	s := open(t, t.TempDir())
	other := transition("o", 300, "job", "b")
	other.AlarmID, other.Detector, other.SeriesID = "other", "Latency", 3
	commit(t, s, Batch{Transitions: []TransitionRow{transition("a", 100, "job", "a"), transition("b", 200, "job", "b"), other}})
	for _, tc := range []struct {
		q    TransitionQuery
		want int
	}{
		{TransitionQuery{}, 3},
		{TransitionQuery{From: 200}, 2},
		{TransitionQuery{To: 200}, 2},
		{TransitionQuery{AlarmID: "other"}, 1},
		{TransitionQuery{Detector: "Errors"}, 2},
		{TransitionQuery{SeriesID: 3}, 1},
		{TransitionQuery{Selectors: []Selector{{matcher(t, labels.MatchEqual, "job", "b")}}}, 2},
	} {
		rows, _, err := s.Transitions(t.Context(), tc.q)
		if err != nil || len(rows) != tc.want {
			t.Errorf("%+v: %d rows (%v), want %d", tc.q, len(rows), err, tc.want)
		}
	}
}

func TestPruneKeepsWhatIsStillNeeded(t *testing.T) {
	s := open(t, t.TempDir())
	commit(t, s, Batch{
		Transitions: []TransitionRow{transition("old", 1000), transition("new", 5000)},
		Anomalies:   []AnomalyRow{anomaly("ended", 1000, 2000, 1), anomaly("open", 1000, 0, 1), anomaly("late", 1000, 6000, 1)},
		Notices:     []NoticeRow{notice("waits", 1, false), notice("sent", 1, false)},
	})
	sent(t, s, "sent")
	p, err := s.Prune(t.Context(), Retention{History: time.UnixMilli(3000), Incidents: time.UnixMilli(3000)})
	if want := (Pruned{Transitions: 1, Anomalies: 1}); p != want || err != nil {
		t.Errorf("pruned %+v (%v), want %+v", p, err, want)
	}
	p, err = s.Prune(t.Context(), Retention{History: testTime.Add(time.Hour), Incidents: testTime.Add(time.Hour)})
	if want := (Pruned{Transitions: 1, Anomalies: 1, Messages: 1}); p != want || err != nil {
		t.Errorf("pruned %+v (%v), want %+v", p, err, want)
	}
	if _, ok, err := s.NextNotice(t.Context(), "slack"); !ok || err != nil {
		t.Error("the unsent notice was pruned", err)
	}
	p, err = s.Prune(t.Context(), Retention{Unsent: time.UnixMilli(2), Incidents: testTime.Add(time.Hour)})
	if want := (Pruned{Unsent: 1, Messages: 1}); p != want || err != nil {
		t.Errorf("pruned %+v (%v), want %+v", p, err, want)
	}
}

func TestDatabaseFullRecoversByItself(t *testing.T) {
	s := open(t, t.TempDir())
	limit := func(pages int) {
		t.Helper()
		if _, err := s.db.write.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // SQLite takes the present size
	big := transition("big", 1)
	big.Reason = strings.Repeat("long ", 100_000)
	err := s.Commit(t.Context(), Batch{Transitions: []TransitionRow{big}})
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "free some space") {
		t.Fatalf("got %v", err)
	}
	limit(1 << 20)
	commit(t, s, Batch{Transitions: []TransitionRow{big}})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := s.db.write.ExecContext(t.Context(), `INSERT INTO schema_version VALUES (99)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, Options{})
	if !errors.Is(err, ErrNewerSchema) || !strings.Contains(err.Error(), "schema version 99, this tidewatch knows up to") {
		t.Errorf("got %v", err)
	}
}

func TestDamagedDatabaseSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	overwrite(t, filepath.Join(dir, dbFile), strings.Repeat("rubbish ", 1000))
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "restore a backup") {
		t.Errorf("got %v", err)
	}
}

func TestCommitStopsWithItsContext(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Commit(ctx, Batch{Meta: map[string]string{"a": "b"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	commit(t, s, Batch{Meta: map[string]string{"a": "b"}})
}

// What concerns one silence or judgement is pruned together.
func TestPruneControlsBySubject(t *testing.T) {
	s := open(t, t.TempDir())
	row := func(kind, id string, until int64, data string) ControlRow {
		return ControlRow{ID: id, Kind: kind, Actor: "anna", At: 1, Until: until, Data: []byte(data)}
	}
	commit(t, s, Batch{Controls: []ControlRow{
		row("silence", "over", 10, `{"id":"over","silence":{"matchers":[]}}`),
		row("expire_silence", "ends-over", 5, `{"id":"ends-over","target":"over"}`),
		row("silence", "long", 10, `{"id":"long","silence":{"matchers":[]}}`),
		row("silence", "longer", 1000, `{"id":"longer","silence":{"id":"long","matchers":[]}}`),
		row("silence", "year", 1000, `{"id":"year","silence":{"matchers":[]}}`),
		row("expire_silence", "ended", 5, `{"id":"ended","target":"year"}`),
		row("disable_alarm_actions", "off", math.MaxInt64, `{"id":"off","target":"D"}`),
		row("enable_alarm_actions", "on", math.MaxInt64, `{"id":"on","target":"D"}`),
		row("enable_alarm_actions", "on2", math.MaxInt64, `{"id":"on2","target":"E"}`),
		row("disable_alarm_actions", "off2", math.MaxInt64, `{"id":"off2","target":"E"}`),
		row("acknowledge", "ack", 5, `{"id":"ack","target":"incident"}`),
		row("feedback", "f1", 90, `{"id":"f1","feedback":{}}`),
		row("feedback", "f2", 200, `{"id":"f2","feedback":{}}`),
		row("retract_feedback", "r2", 90, `{"id":"r2","target":"f2"}`),
	}})
	p, err := s.Prune(t.Context(), Retention{Silences: time.UnixMilli(100), Feedback: time.UnixMilli(100), Incidents: time.UnixMilli(4)})
	if want := (Pruned{Silences: 2, Feedback: 1, Acknowledgements: 2}); p != want || err != nil {
		t.Errorf("pruned %+v (%v), want %+v", p, err, want)
	}
	rows, err := ReadControls(t.Context(), s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, r := range rows {
		left = append(left, r.ID)
	}
	if fmt.Sprint(left) != "[long longer year ended on2 off2 ack f2 r2]" {
		t.Errorf("left: %v", left)
	}
	if _, err := ReadControls(t.Context(), t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty directory: %v, want %v", err, fs.ErrNotExist)
	}
}
