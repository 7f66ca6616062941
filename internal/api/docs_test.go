package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
)

const docsPath = "../../docs/api.md"

// example is a block of curl commands in docs/api.md, with the answer of the last one if the page shows it.
var example = regexp.MustCompile("(?s)```sh\n(.*?)```\n(?:\n```json\n(.*?)```\n)?")

// TestExamplesInTheDocs runs every curl command of docs/api.md and compares the answers shown. With -update it writes them.
func TestExamplesInTheDocs(t *testing.T) {
	page, err := os.ReadFile(docsPath)
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, nil)
	used := map[string]bool{}
	got := example.ReplaceAllStringFunc(string(page), func(block string) string {
		m := example.FindStringSubmatch(block)
		var res *httptest.ResponseRecorder
		for command := range strings.Lines(m[1]) {
			method, target, body, err := parseCurl(strings.TrimSpace(command))
			if err != nil {
				t.Errorf("%s: %v", command, err)
				return block
			}
			used[endpoint(target)] = true
			res = requestWith(h, method, target, body)
			if wrong := res.Code != http.StatusOK; wrong != strings.Contains(m[2], `"status": "error"`) && !*update {
				t.Errorf("%s: status %d: %s", command, res.Code, cut(res.Body.String()))
			}
		}
		if !strings.Contains(block, "```json") {
			return block
		}
		var b bytes.Buffer
		if err := json.Indent(&b, res.Body.Bytes(), "", "  "); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
		return fmt.Sprintf("```sh\n%s```\n\n```json\n%s\n```\n", m[1], &b)
	})
	if *update {
		if err := os.WriteFile(docsPath, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != string(page) {
		t.Error("an answer in docs/api.md differs from the server's; run go test ./internal/api -update and look at the difference")
	}
	for path := range loadDocument(t).Document["paths"].(map[string]any) {
		if !used[endpoint(path)] && path != "/api/v1/openapi.json" && path != "/api/v1/alarms/{id}" {
			t.Errorf("docs/api.md has no example of %s", path)
		}
	}
}

var detectorName = regexp.MustCompile(`detectors/[^/]+`)

// endpoint is a path with the ids replaced.
func endpoint(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return regexp.MustCompile(`(alarms|series|silence|incidents|feedback)/[^/]+`).ReplaceAllString(detectorName.ReplaceAllString(path, "detectors/{name}"), "$1/{id}")
}

// parseCurl reads the options that the page uses.
func parseCurl(command string) (method, target, body string, err error) {
	words, err := shellWords(command)
	if err != nil || len(words) == 0 || words[0] != "curl" {
		return "", "", "", fmt.Errorf("not a curl command (%w)", err)
	}
	method = http.MethodGet
	var data []string
	for i := 1; i < len(words); i++ {
		value := func() string { i++; return words[min(i, len(words)-1)] }
		switch word := words[i]; word {
		case "-s", "-sG", "-G":
		case "-o":
			value()
		case "-X":
			method = value()
		case "-d":
			data = append(data, value())
		case "--json": // curl's: POST, unless -X says otherwise
			method, body = http.MethodPost, value()
		case "--data-urlencode":
			name, v, _ := strings.Cut(value(), "=")
			data = append(data, name+"="+url.QueryEscape(v))
		default:
			target = strings.TrimPrefix(word, "http://")
		}
	}
	host, path, _ := strings.Cut(target, "/")
	if host != "localhost:9880" {
		return "", "", "", fmt.Errorf("the host is %q, want localhost:9880", host)
	}
	target = "/" + path
	if len(data) > 0 {
		target += "?" + strings.Join(data, "&")
	}
	return method, target, body, nil
}

// shellWords splits at spaces outside single quotes, and refuses what a shell would change outside them.
func shellWords(command string) (words []string, err error) {
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 { // inside quotes: joins what stands directly before
			words[len(words)-1] += part
			continue
		}
		if strings.ContainsAny(part, `"&?*[]{}$;|<>\`) {
			return nil, fmt.Errorf("unquoted special character in %q", part)
		}
		words = append(words, strings.Fields(part)...)
		if strings.HasSuffix(part, " ") {
			words = append(words, "")
		}
	}
	kept := words[:0]
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return kept, nil
}
