package alerting

import (
	"os"
	"strings"
	"testing"
)

// The page about alarms lists every rule with its sentence, and shows the message of the golden file.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile("../docs/alarms.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for r := range ruleText {
		if line := "| `" + string(r) + "` | " + r.Explain() + " |\n"; !strings.Contains(page, line) {
			t.Errorf("docs/alarms.md lacks the line\n%s", line)
		}
	}
	example, err := os.ReadFile("testdata/example.golden")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(example)) {
		text := strings.TrimLeft(strings.TrimSpace(line), "|> ")
		if strings.HasPrefix(line, "    ") && !strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "broken:") && !strings.Contains(page, text+"\n") {
			t.Errorf("docs/alarms.md lacks the line of the example\n%s", text)
		}
	}
}
