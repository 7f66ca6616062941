package slackfake

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func repeat(block string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(block+",", n), ",") + "]"
}

func TestCheckBlocks(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	text := func(kind string, n int) string { return `{"type":"` + kind + `","text":"` + x(n) + `"}` }
	for _, tc := range []struct {
		name, blocks, want string // want "" is valid
	}{
		{"none", `[]`, ""},
		{"not an array", `{}`, "invalid_blocks_format"},
		{"50 dividers", repeat(`{"type":"divider"}`, 50), ""},
		{"51 dividers", repeat(`{"type":"divider"}`, 51), "no more than 50 items allowed [json-pointer:/blocks]"},
		{"section of 3,000", `[{"type":"section","text":` + text("mrkdwn", 3000) + `}]`, ""},
		{"section of 3,001", `[{"type":"section","text":` + text("mrkdwn", 3001) + `}]`, "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{"emoji count twice", `[{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("😀", 76) + `"}}]`, "must be less than 151"},
		{"empty section", `[{"type":"section"}]`, "missing required field: text"},
		{"empty text", `[{"type":"section","text":` + text("mrkdwn", 0) + `}]`, "must be more than 0"},
		{"header of 150", `[{"type":"header","text":` + text("plain_text", 150) + `}]`, ""},
		{"header in mrkdwn", `[{"type":"header","text":` + text("mrkdwn", 5) + `}]`, "failed to match all allowed schemas"},
		{"10 fields", `[{"type":"section","fields":` + repeat(text("mrkdwn", 1000), 10) + `}]`, ""},
		{"11 fields", `[{"type":"section","fields":` + repeat(text("mrkdwn", 1), 11) + `}]`, "no more than 10 items"},
		{"field of 2,001", `[{"type":"section","fields":[` + text("mrkdwn", 2001) + `]}]`, "/blocks/0/fields/0/text"},
		{"image", `[{"type":"image","image_url":"https://x","alt_text":"a"}]`, ""},
		{"image without alt", `[{"type":"image","image_url":"https://x"}]`, "missing required field: alt_text"},
		{"alt of 2,001", `[{"type":"image","image_url":"https://x","alt_text":"` + x(2001) + `"}]`, "alt_text"},
		{"image with both", `[{"type":"image","image_url":"https://x","slack_file":{"id":"F12345678"},"alt_text":"a"}]`, "exactly one of"},
		{"bad file id", `[{"type":"image","slack_file":{"id":"nope"},"alt_text":"a"}]`, "input must match regex pattern"},
		{"context", `[{"type":"context","elements":` + repeat(text("mrkdwn", 1), 10) + `}]`, ""},
		{"context of 11", `[{"type":"context","elements":` + repeat(text("mrkdwn", 1), 11) + `}]`, "1 to 10 items"},
		{"button", `[{"type":"actions","elements":[{"type":"button","text":` + text("plain_text", 75) + `}]}]`, ""},
		{"long button", `[{"type":"actions","elements":[{"type":"button","text":` + text("plain_text", 76) + `}]}]`, "must be less than 76"},
		{"same block_id twice", repeat(`{"type":"divider","block_id":"a"}`, 2), "already exists"},
		{"unknown type", `[{"type":"hologram"}]`, "unsupported type: hologram"},
		{"too much in all", repeat(`{"type":"section","text":`+text("mrkdwn", 2900)+`}`, 5), "msg_blocks_too_long"},
	} {
		err := CheckBlocks(json.RawMessage(tc.blocks))
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.name, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestMrkdwn(t *testing.T) {
	for in, want := range map[string]string{
		"a *b* _c_ ~d~ `e`":                         "a <b>b</b> <i>c</i> <s>d</s> <code>e</code>",
		"&lt;script&gt; &amp;amp;":                  "&lt;script&gt; &amp;amp;",
		"<script>alert(1)</script>":                 "&lt;script&gt;alert(1)&lt;/script&gt;",
		"<https://x.example/?a=1&amp;b=2|go> there": `<a href="https://x.example/?a=1&amp;b=2" rel="noreferrer">go</a> there`,
		"<javascript:alert(1)|x>":                   "&lt;javascript:alert(1)|x&gt;",
		"node_cpu_seconds_total":                    "node_cpu_seconds_total",
		"✅ done":                                    `<span class="tick" title="✅">✓</span> done`,
		"a\nb":                                      "a<br>b",
	} {
		if got := string(mrkdwn(in)); got != want {
			t.Errorf("mrkdwn(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPageShowsThreadsAndImages(t *testing.T) {
	s := newServer(Options{})
	post := func(body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/chat.postMessage", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+DefaultToken)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), `"ok":true`) {
			t.Fatal(w.Body.String())
		}
	}
	post(`{"channel":"#oncall","text":"parent","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"*parent* <b>"}},
		{"type":"image","image_url":"https://x.example/i.png","alt_text":"an image"}]}`)
	post(`{"channel":"#oncall","text":"the reply","thread_ts":"` + s.Messages("oncall")[0].TS + `"}`)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?channel=oncall", http.NoBody))
	page, err := io.ReadAll(w.Body)
	if err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err)
	}
	for _, want := range []string{"<b>parent</b> &lt;b&gt;", `src="https://x.example/i.png" alt="an image"`, "the reply", `class="thread"`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestPageSaysHowManyMessagesItLeavesOut(t *testing.T) {
	s := newServer(Options{})
	for range maxShown + 7 {
		s.call("chat.postMessage", args{"channel": "oncall", "text": "x"}, DefaultToken)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if n := strings.Count(w.Body.String(), `class="msg"`); n != maxShown || !strings.Contains(w.Body.String(), "7 older messages are not shown") {
		t.Errorf("%d messages shown", n)
	}
}

// FuzzRequest sends arbitrary bodies to every method: whatever comes, the answer is JSON and nothing panics.
func FuzzRequest(f *testing.F) {
	f.Add("chat.postMessage", "application/json", []byte(`{"channel":"oncall","text":"x","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"x"}}]}`))
	f.Add("chat.postMessage", "application/x-www-form-urlencoded", []byte(`channel=oncall&blocks=[[]]&metadata={}`))
	f.Add("conversations.history", "application/x-www-form-urlencoded", []byte(`channel=C0000ONCALL&cursor=bmV4dDo5&oldest=1.2345678901&limit=3`))
	f.Add("files.completeUploadExternal", "application/json", []byte(`{"files":[{"id":"F1"}]}`))
	f.Fuzz(func(t *testing.T, method, ctype string, body []byte) {
		s := newServer(Options{})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/x", strings.NewReader(string(body)))
		r.SetPathValue("method", method)
		r.Header.Set("Content-Type", ctype)
		r.Header.Set("Authorization", "Bearer "+DefaultToken)
		w := httptest.NewRecorder()
		s.serveMethod(w, r)
		var out struct {
			OK    *bool
			Error string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || out.OK == nil || *out.OK == (out.Error != "") {
			t.Fatalf("%s: answer %q: %v", method, w.Body, err)
		}
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	})
}
