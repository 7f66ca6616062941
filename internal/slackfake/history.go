package slackfake

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// maxPage is the most that one page of messages or channels holds.
const maxPage = 999

// readable is the channel whose messages the bot may read.
func (s *Server) readable(channel string) (*channelLog, *apiError) {
	c := s.chans[channel]
	if c == nil || (c.Private && c.NotMember) {
		return nil, fail("channel_not_found")
	}
	if e := s.need(c, "history"); e != nil {
		return nil, e
	}
	if c.NotMember {
		return nil, fail("not_in_channel")
	}
	return c, nil
}

// history is conversations.history: newest first, replies left out.
func (s *Server) history(a args) (map[string]any, *apiError) {
	c, e := s.readable(a["channel"])
	if e != nil {
		return nil, e
	}
	var found []*Message
	for i := len(c.messages) - 1; i >= 0; i-- {
		if m := c.messages[i]; a.within(m.TS) {
			found = append(found, m)
		}
	}
	return page(a, found)
}

// replies is conversations.replies: the parent, then its replies, oldest first.
func (s *Server) replies(a args) (map[string]any, *apiError) {
	c, e := s.readable(a["channel"])
	if e != nil {
		return nil, e
	}
	parent, above := c.at(a["ts"])
	if parent == nil {
		return nil, fail("thread_not_found")
	}
	if above != nil {
		parent = above
	}
	found := []*Message{parent}
	for i := range parent.Replies {
		if m := &parent.Replies[i]; a.within(m.TS) {
			found = append(found, m)
		}
	}
	return page(a, found)
}

// within applies oldest, latest and inclusive. Time stamps have the same number of digits, so they compare as text.
func (a args) within(ts string) bool {
	in := a.flag("inclusive")
	oldest, latest := a["oldest"], a["latest"]
	if oldest != "" && oldest != "0" && (padded(ts) < padded(oldest) || (padded(ts) == padded(oldest) && !in)) {
		return false
	}
	return latest == "" || padded(ts) < padded(latest) || (padded(ts) == padded(latest) && in)
}

// padded writes a time stamp, which clients may send without or with a shorter fraction, with six decimals.
func padded(ts string) string {
	whole, frac, _ := strings.Cut(ts, ".")
	if len(frac) > 6 {
		frac = frac[:6]
	}
	whole = strings.Repeat("0", max(0, 12-len(whole))) + whole
	return whole + "." + frac + strings.Repeat("0", 6-len(frac))
}

// page cuts one page out of found.
func page(a args, found []*Message) (map[string]any, *apiError) {
	from, to, next, e := a.cut(len(found), 100)
	if e != nil {
		return nil, e
	}
	out := []map[string]any{}
	for _, m := range found[from:to] {
		out = append(out, wire(m, a.flag("include_all_metadata")))
	}
	return map[string]any{
		"messages": out, "has_more": next != "", "response_metadata": map[string]any{"next_cursor": next},
	}, nil
}

// cut applies limit and cursor to a list of n: it returns the range and the next cursor.
func (a args) cut(n, usual int) (from, to int, next string, e *apiError) {
	limit := usual
	if v := a["limit"]; v != "" {
		l, err := strconv.Atoi(v)
		if err != nil || l < 1 || l > maxPage {
			return 0, 0, "", fail("invalid_limit")
		}
		limit = l
	}
	if cursor := a["cursor"]; cursor != "" {
		raw, err := base64.StdEncoding.DecodeString(cursor)
		if err == nil {
			from, err = strconv.Atoi(strings.TrimPrefix(string(raw), "next:"))
		}
		if err != nil || from < 0 || from > n {
			return 0, 0, "", fail("invalid_cursor")
		}
	}
	to = min(n, from+limit)
	if to < n {
		next = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(to)))
	}
	return from, to, next, nil
}

// info is conversations.info.
func (s *Server) info(a args) (map[string]any, *apiError) {
	c := s.chans[a["channel"]]
	if c == nil || (c.Private && c.NotMember) {
		return nil, fail("channel_not_found")
	}
	if e := s.need(c, "read"); e != nil {
		return nil, e
	}
	return map[string]any{"channel": c.wire()}, nil
}

// list is conversations.list.
func (s *Server) list(a args) (map[string]any, *apiError) {
	types := a["types"]
	if types == "" {
		types = "public_channel"
	}
	var found []*channelLog
	for kind := range strings.SplitSeq(types, ",") {
		private := kind == "private_channel"
		probe := &channelLog{Channel: Channel{Private: private}}
		if e := s.need(probe, "read"); e != nil {
			return nil, e
		}
		for _, id := range s.order {
			if c := s.chans[id]; c.Private == private && (!private || !c.NotMember) && (!c.Archived || !a.flag("exclude_archived")) {
				found = append(found, c)
			}
		}
	}
	from, to, next, e := a.cut(len(found), 100)
	if e != nil {
		return nil, e
	}
	out := []map[string]any{}
	for _, c := range found[from:to] {
		out = append(out, c.wire())
	}
	return map[string]any{"channels": out, "response_metadata": map[string]any{"next_cursor": next}}, nil
}

// wire is the channel as the API returns it.
func (c *channelLog) wire() map[string]any {
	return map[string]any{
		"id": c.ID, "name": c.Name, "is_channel": true, "is_private": c.Private, "is_archived": c.Archived, "is_member": !c.NotMember,
	}
}
