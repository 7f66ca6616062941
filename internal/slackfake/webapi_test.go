package slackfake

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestWebAPIClient drives the fake through @slack/web-api, Slack's own Node client, which knows nothing of this repository.
// It needs node and the packages: cd internal/slackfake/webapi && npm ci.
func TestWebAPIClient(t *testing.T) {
	missing := t.Skip
	if os.Getenv("CI") != "" {
		missing = t.Fatal
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("node is not installed: ", err)
	}
	if _, err = os.Stat(filepath.Join("webapi", "node_modules", "@slack", "web-api")); err != nil {
		missing("the client is not installed; run npm ci in internal/slackfake/webapi: ", err)
	}
	s := New(Options{Scopes: append([]string{"files:read"}, DefaultScopes...)})
	defer s.Close()
	s.Inject("chat.delete", 1, RateLimited(7*time.Second))
	cmd := exec.CommandContext(t.Context(), node, "check.mjs", s.APIURL(), s.Token(), "C0000ONCALL")
	cmd.Dir = "webapi"
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := bytes.Count(out, []byte("ok ")); n != 12 {
		t.Errorf("%d of 12 steps:\n%s", n, out)
	}
}
