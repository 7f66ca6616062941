package ingest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// plainHeaders hold nothing of the configuration.
var plainHeaders = []string{
	"Accept", "Accept-Encoding", "Content-Encoding", "Content-Length", "Content-Type", "Traceparent", "User-Agent", "X-Prometheus-Remote-Read-Version",
}

// withoutEcho is what a server said, without what it repeats of the request's own headers: credentials and tenants must not come back
// through an error. Whatever is longer than three characters of a header that the configuration may have set is left out.
func withoutEcho(said string, req *http.Request) string {
	if req == nil {
		return said
	}
	var secrets []string
	for name, values := range req.Header {
		if slices.Contains(plainHeaders, name) {
			continue
		}
		for _, v := range values {
			secrets = append(append(secrets, v), strings.Fields(v)...)
			if plain, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(v, "Basic ")); err == nil {
				user, password, _ := strings.Cut(string(plain), ":")
				secrets = append(secrets, string(plain), password, user)
			}
		}
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, s := range secrets {
		if len(s) > 3 && s != "Bearer" && s != "Basic" {
			said = strings.ReplaceAll(said, s, "<secret>")
		}
	}
	return said
}
