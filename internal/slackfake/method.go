package slackfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// apiError is an {"ok": false} answer.
type apiError struct {
	Code     string
	Messages []string // the detail of invalid_blocks
	Needed   string   // the detail of missing_scope
}

func (e *apiError) Error() string { return e.Code }

func fail(code string) *apiError { return &apiError{Code: code} }

// handler answers one method with the fields of the answer; it runs under the server's lock.
type handler func(*Server, args) (map[string]any, *apiError)

// methods are the Web API methods that are answered. Scope is checked before the handler runs; "" is none, and the methods
// on conversations check their own, which depends on the channel.
var methods = map[string]struct {
	scope string
	run   handler
}{
	"auth.test":                    {"", (*Server).authTest},
	"chat.postMessage":             {"chat:write", (*Server).postMessage},
	"chat.update":                  {"chat:write", (*Server).updateMessage},
	"chat.getPermalink":            {"", (*Server).permalink},
	"conversations.history":        {"", (*Server).history},
	"conversations.replies":        {"", (*Server).replies},
	"conversations.info":           {"", (*Server).info},
	"conversations.list":           {"", (*Server).list},
	"files.getUploadURLExternal":   {"files:write", (*Server).uploadURL},
	"files.completeUploadExternal": {"files:write", (*Server).completeUpload},
	"files.info":                   {"files:read", (*Server).fileInfo},
}

// serveMethod answers /api/{method}.
func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request) {
	method := r.PathValue("method")
	a, err := parseArgs(r)
	f := s.begin(method)
	if f.before(s, w, r) {
		return
	}
	var answer map[string]any
	switch {
	case err != nil:
		answer = failure(s, fail("invalid_json"))
	default:
		answer = s.call(method, a, a.token(r))
	}
	if f.after(s, w, r) {
		return
	}
	if answer["error"] == limited {
		tooMany(s, w, time.Second)
		return
	}
	w.Header().Set("X-OAuth-Scopes", strings.Join(s.opts.Scopes, ","))
	writeJSON(w, answer)
}

// call runs one method for a token.
func (s *Server) call(method string, a args, token string) map[string]any {
	m, ok := methods[method]
	switch {
	case !ok:
		return failure(s, fail("unknown_method"))
	case token == "":
		return failure(s, fail("not_authed"))
	case token != s.opts.Token:
		return failure(s, fail("invalid_auth"))
	case m.scope != "" && !s.has(m.scope):
		return failure(s, &apiError{Code: "missing_scope", Needed: m.scope})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, e := m.run(s, a)
	if e != nil {
		return failure(s, e)
	}
	answer["ok"] = true
	return answer
}

func (s *Server) has(scope string) bool { return slices.Contains(s.opts.Scopes, scope) }

// need is the error for a conversation whose kind of scope ("history", "read") the token lacks.
func (s *Server) need(c *channelLog, kind string) *apiError {
	scope := "channels:" + kind
	if c.Private {
		scope = "groups:" + kind
	}
	if s.has(scope) {
		return nil
	}
	return &apiError{Code: "missing_scope", Needed: scope}
}

// failure is the answer for e.
func failure(s *Server, e *apiError) map[string]any {
	answer := map[string]any{"ok": false, "error": e.Code}
	if len(e.Messages) > 0 {
		var detail []string
		for _, m := range e.Messages {
			detail = append(detail, "[ERROR] "+m)
		}
		answer["errors"] = e.Messages
		answer["response_metadata"] = map[string]any{"messages": detail}
	}
	if e.Needed != "" {
		answer["needed"] = e.Needed
		answer["provided"] = strings.Join(s.opts.Scopes, ",")
	}
	return answer
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // the answers are made of strings and numbers; a client that has gone cannot be told
}

// authTest says whose token it is.
func (s *Server) authTest(args) (map[string]any, *apiError) {
	return map[string]any{
		"url": s.URL() + "/", "team": "Fake workspace", "user": "tidewatch",
		"team_id": "T0000FAKE", "user_id": "U0000FAKE", "bot_id": "B0000FAKE",
	}, nil
}
