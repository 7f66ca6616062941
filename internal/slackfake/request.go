package slackfake

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxBody bounds a request; Slack's own limit for a message is far lower.
const maxBody = 16 << 20

// args are the arguments of a method. Arguments that are objects or arrays are JSON text, however they were sent.
type args map[string]string

// parseArgs reads the arguments of a Web API call from the query, a form or a JSON body.
func parseArgs(r *http.Request) (args, error) {
	a := args{}
	for k, v := range r.URL.Query() {
		a[k] = v[0]
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	ctype, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch ctype {
	case "application/json":
		return a, a.addJSON(r.Body)
	case "multipart/form-data":
		if err := r.ParseMultipartForm(maxBody); err != nil {
			return a, err
		}
	default:
		if err := r.ParseForm(); err != nil {
			return a, err
		}
	}
	for k, v := range r.PostForm {
		a[k] = v[0]
	}
	return a, nil
}

func (a args) addJSON(body io.Reader) error {
	var m map[string]json.RawMessage
	if err := json.NewDecoder(body).Decode(&m); err != nil {
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	for k, raw := range m {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			a[k] = text
		} else {
			a[k] = string(raw)
		}
	}
	return nil
}

// flag reads a boolean argument.
func (a args) flag(name string) bool { return a[name] == "1" || a[name] == "true" }

// token is the bearer token of the header, else the argument.
func (a args) token(r *http.Request) string {
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return t
	}
	return a["token"]
}
