package store

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidewatch/tidewatch/alerting"
)

func notice(key string, version int, reply bool) NoticeRow {
	return NoticeRow{
		Integration: "slack", Key: key, Version: version, HasReply: reply, At: int64(version), Payload: fmt.Appendf(nil, "%s v%d", key, version),
	}
}

// next is the payload of the next notice, empty if there is none.
func next(t testing.TB, s *Store) (QueuedNotice, string) {
	t.Helper()
	q, _, err := s.NextNotice(t.Context(), "slack", "other")
	if err != nil {
		t.Fatal(err)
	}
	return q, string(q.Payload)
}

// sent marks and records the successful sending of the next notice, which has to be of the given message.
func sent(t testing.TB, s *Store, key string) {
	t.Helper()
	q, _ := next(t, s)
	for q.Key != key { // put the others behind
		finish(t, s, q, Outcome{Delivery: q.Delivery, NextAt: q.NextAt + 1})
		q, _ = next(t, s)
	}
	finish(t, s, q, Outcome{Sent: true, Delivery: alerting.Delivery{Sent: q.Version}})
}

func finish(t testing.TB, s *Store, q QueuedNotice, o Outcome) {
	t.Helper()
	o.Now = testTime.UnixMilli()
	if err := s.MarkAttempt(t.Context(), q, 1, 2); err != nil {
		t.Fatal(err)
	}
	if err := s.RecordAttempt(t.Context(), q, o); err != nil {
		t.Fatal(err)
	}
}

// A message is decided anew by a decider that has forgotten its newest versions: what is later is new, and what it repeats from
// before is not.
func TestNoticeDecidedAnew(t *testing.T) {
	s := open(t, t.TempDir())
	queue := func(version int, at int64) {
		n := notice("a", version, true)
		n.At, n.Payload = at, fmt.Appendf(nil, "v%d at %d", version, at)
		if err := s.Commit(t.Context(), Batch{Notices: []NoticeRow{n}}); err != nil {
			t.Fatal(err)
		}
	}
	queue(1, 10)
	queue(2, 20)
	queue(3, 30)
	for range 2 {
		queue(1, 10) // from the journal
		queue(2, 40) // forgotten: 2 at 20 and 3 at 30
		queue(3, 50)
	}
	queue(3, 50)
	if at, err := s.NewestDecision(t.Context()); at != 50 || err != nil {
		t.Errorf("the newest decision is of %d, %v; want 50", at, err)
	}
	var got []string
	for q, text := next(t, s); text != ""; q, text = next(t, s) {
		got = append(got, fmt.Sprintf("%d: %s", q.Version, text))
		finish(t, s, q, Outcome{Sent: true})
	}
	if d := cmp.Diff([]string{"1: v1 at 10", "2: v2 at 20", "3: v3 at 30", "4: v2 at 40", "5: v3 at 50"}, got); d != "" {
		t.Errorf("queued (-want +got):\n%s", d)
	}
}

// TestNoticeQueue plays scripts: "+k3" queues version 3 of k, "+k3r" one with a reply, ">" sends what is next, "!" fails it
// permanently, "retry" gives the failed another chance. want is what was sent, in order.
func TestNoticeQueue(t *testing.T) {
	for _, tc := range []struct {
		name   string
		script []string
		want   string
	}{
		{"in order", []string{"+a1", "+b1", ">", ">", ">"}, "a1 b1"},
		{"a later version replaces an unsent one", []string{"+a1", "+a2", "+a3", ">", ">"}, "a3"},
		{"a reply is not replaced", []string{"+a1", "+a2r", "+a3", "+a4", "+a5r", ">", ">", ">", ">"}, "a2 a5"},
		{"replies and the newest", []string{"+a1r", "+a2r", "+a3", ">", ">", ">", ">"}, "a1 a2 a3"},
		{"a repetition is ignored", []string{"+a1", "+a2", "+a1", "+a2", ">", ">"}, "a2"},
		{"a repetition of what was sent is ignored", []string{"+a1", ">", "+a1", "+a2r", ">", "+a2r", "+a1", ">"}, "a1 a2"},
		{"a failed message waits", []string{"+a1", "+b1", "!", ">", ">"}, "b1"},
		{"until a retry", []string{"+a1r", "!", ">", "retry", ">"}, "a1"},
		{"or a new version", []string{"+a1r", "!", ">", "+a2", ">", ">"}, "a1 a2"},
		{"a failed one without reply is replaced", []string{"+a1", "!", "+a2", ">", ">"}, "a2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := open(t, t.TempDir())
			got := ""
			for _, step := range tc.script {
				switch step {
				case ">":
					if q, _ := next(t, s); q.Key != "" {
						got += fmt.Sprintf(" %s%d", q.Key, q.Version)
						finish(t, s, q, Outcome{Sent: true})
					}
				case "!":
					q, _ := next(t, s)
					finish(t, s, q, Outcome{Failed: "invalid_auth"})
				case "retry":
					if n, err := s.RetryNotices(t.Context(), "slack"); n != 1 || err != nil {
						t.Errorf("RetryNotices = %d, %v", n, err)
					}
				default:
					commit(t, s, Batch{Notices: []NoticeRow{notice(step[1:2], int(step[2]-'0'), len(step) > 3)}})
				}
			}
			if want := " " + tc.want; got != want {
				t.Errorf("sent%s, want%s", got, want)
			}
		})
	}
}

func TestNoticeMarkSurvivesACrash(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	commit(t, s, Batch{Notices: []NoticeRow{notice("a", 1, false)}})
	q, _ := next(t, s)
	if err := s.MarkAttempt(t.Context(), q, 1000, 41_000); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	q, _ = next(t, s)
	want := QueuedNotice{
		NoticeRow: notice("a", 1, false), Attempts: 1, NextAt: 41_000, UpdatedAt: 1000, Delivery: alerting.Delivery{Unknown: true, UnknownSince: 1000},
	}
	if diff := cmp.Diff(want, q); diff != "" {
		t.Error(diff)
	}
	// A second mark keeps the time of the first: the receiver has to be searched from there. A newer version does not help.
	if err := s.MarkAttempt(t.Context(), q, 50_000, 90_000); err != nil {
		t.Fatal(err)
	}
	commit(t, s, Batch{Notices: []NoticeRow{notice("a", 2, false)}})
	q, _ = next(t, s)
	if q.Version != 2 || q.Attempts != 2 || q.NextAt != 90_000 || q.Delivery.UnknownSince != 1000 {
		t.Errorf("after a second crash and a new version: %+v", q)
	}
}

func TestNoticeDeliveryIsKeptBetweenVersions(t *testing.T) {
	s := open(t, t.TempDir())
	commit(t, s, Batch{Notices: []NoticeRow{notice("a", 1, false)}})
	q, _ := next(t, s)
	d := alerting.Delivery{Sent: 1, State: json.RawMessage(`{"ts":"1.2"}`)}
	finish(t, s, q, Outcome{Sent: true, Delivery: d})
	if got, ok, err := s.Delivery(t.Context(), "slack", "a"); !ok || err != nil || cmp.Diff(d, got) != "" {
		t.Errorf("Delivery = %+v, %v, %v", got, ok, err)
	}
	if _, ok, err := s.Delivery(t.Context(), "slack", "b"); ok || err != nil {
		t.Errorf("Delivery of an unknown key: %v, %v", ok, err)
	}
	commit(t, s, Batch{Notices: []NoticeRow{notice("a", 2, true)}})
	if q, _ = next(t, s); cmp.Diff(d, q.Delivery) != "" || q.Attempts != 0 {
		t.Errorf("version 2: %+v", q)
	}
}

func TestNoticeArrivingDuringASendIsKept(t *testing.T) {
	s := open(t, t.TempDir())
	commit(t, s, Batch{Notices: []NoticeRow{notice("a", 1, false)}})
	q, _ := next(t, s)
	if err := s.MarkAttempt(t.Context(), q, 1, 2); err != nil {
		t.Fatal(err)
	}
	commit(t, s, Batch{Notices: []NoticeRow{notice("a", 2, false)}})
	if err := s.RecordAttempt(t.Context(), q, Outcome{Sent: true, Delivery: alerting.Delivery{Sent: 1}}); err != nil {
		t.Fatal(err)
	}
	if q, _ := next(t, s); q.Version != 2 || q.Delivery.Sent != 1 || q.Delivery.Unknown {
		t.Errorf("next is %+v", q)
	}
}

func TestNoticeCounts(t *testing.T) {
	s := open(t, t.TempDir())
	gone := notice("z", 1, false)
	gone.Integration = "gone"
	commit(t, s, Batch{Notices: []NoticeRow{notice("a", 1, true), notice("a", 2, true), notice("b", 1, false), gone}})
	q, _ := next(t, s)
	finish(t, s, q, Outcome{Failed: "channel_not_found"})
	got, err := s.NoticeCounts(t.Context())
	want := map[string]NoticeCount{"slack": {Pending: 3, Failed: 1}, "gone": {Pending: 1}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	select {
	case <-s.NoticesQueued():
	default:
		t.Error("the commit did not wake the outbox")
	}
}
