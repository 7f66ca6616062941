package slackapp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// MaxBody is how many bytes of a request are read. Slack sends the whole message along, escaped twice.
const MaxBody = 1 << 20

// ServeHTTP is the endpoint for interactivity and for the slash command.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		a.turnAway(w, r, http.StatusBadRequest, resultMalformed, errors.New("the body is cut off or too long"))
		return
	}
	c, err := a.signer(r.Header, body)
	switch {
	case errors.Is(err, errForged):
		a.turnAway(w, r, http.StatusUnauthorized, resultForged, err)
		return
	case errors.Is(err, errStale):
		a.turnAway(w, r, http.StatusUnauthorized, resultStale, err)
		return
	case err != nil:
		a.turnAway(w, r, http.StatusNotFound, resultUnavailable, err)
		return
	}
	req, err := parseForm(body)
	switch {
	case errors.Is(err, errIgnored):
		a.results.WithLabelValues(resultIgnored).Inc()
		return
	case err != nil:
		a.turnAway(w, r, http.StatusBadRequest, resultMalformed, err)
		return
	}
	rep, err := a.serve(context.WithoutCancel(r.Context()), req, c)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	if rep != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(rep) //nolint:errchkjson // a client that has gone cannot be told
	}
}

func (a *App) turnAway(w http.ResponseWriter, r *http.Request, status int, result string, err error) {
	a.results.WithLabelValues(result).Inc()
	a.log.Warn("a request to Slack's endpoint was refused", "from", r.RemoteAddr, "result", result, "err", err)
	http.Error(w, err.Error(), status)
}

// signer is the app whose secret has signed the request.
func (a *App) signer(h http.Header, body []byte) (c Credentials, err error) {
	err = errors.New("no Slack app with a signing secret is configured; set signing_secret_file in slack_configs")
	for _, c := range a.opts.Apps() {
		if c.SigningSecret == nil {
			continue
		}
		secret, rerr := c.SigningSecret()
		if rerr != nil {
			a.log.Error("the signing secret cannot be read", "app", c.Name, "err", rerr)
			secret = ""
		}
		verr := verify([]string{secret}, h, body, a.opts.Clock())
		if verr == nil {
			return c, nil
		}
		if !errors.Is(err, errStale) { // signed by one app and stale says more than not signed by another
			err = verr
		}
	}
	return Credentials{}, err
}
