package notify

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// TestManifest holds the app manifest, the fake's default token and the documentation to the same scopes.
func TestManifest(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "configs", "slack-manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		OAuth struct {
			Scopes struct{ Bot []string }
		} `json:"oauth_config"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.OAuth.Scopes.Bot, slackfake.DefaultScopes) {
		t.Errorf("the manifest asks for %v, the fake has %v", m.OAuth.Scopes.Bot, slackfake.DefaultScopes)
	}
	page := readDoc(t, "slack.md")
	for _, scope := range m.OAuth.Scopes.Bot {
		if !strings.Contains(page, "`"+scope+"`") {
			t.Errorf("docs/notifiers/slack.md does not explain %s", scope)
		}
	}
}

// TestEveryKindHasAPage wants docs/notifiers/<kind>.md for each kind of receiver.
func TestEveryKindHasAPage(t *testing.T) {
	for _, spec := range Kinds() {
		name, _, _ := strings.Cut(spec.Kind, " ")
		if page := readDoc(t, strings.TrimSuffix(name, "_configs")+".md"); len(page) < 200 {
			t.Errorf("the page of %s is empty", spec.Kind)
		}
		if spec.Summary == "" {
			t.Errorf("%s has no summary", spec.Kind)
		}
	}
}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "notifiers", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
