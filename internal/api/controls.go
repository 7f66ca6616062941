package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/tidewatch/tidewatch/alerting"
)

// Controls is what the API asks of the service where people act: silences, acknowledgements and feedback. Like Backend's, its
// methods are called from many goroutines at once. An error that wraps alerting.ErrNoSuchTarget is answered with 404, one that
// wraps alerting.ErrConflict with 409, one that wraps alerting.ErrInvalid with 400.
type Controls interface {
	// Control lets what a person asked for take effect and returns the id of what was created or changed. It sets At.
	Control(ctx context.Context, c alerting.Control) (id string, err error)
	// Silences are those that have not been forgotten, by id.
	Silences(ctx context.Context) ([]alerting.Silence, error)
	// Incidents are the open ones, by key.
	Incidents(ctx context.Context) ([]alerting.Incident, error)
	// EndedIncident is the one with this key whose message has ended and can still be judged.
	EndedIncident(ctx context.Context, key string) (in alerting.Incident, ok bool)
	// NoiseReport counts what people were told in [from, to), Unix milliseconds.
	NoiseReport(ctx context.Context, from, to int64) (alerting.NoiseReport, error)
	// Feedback is what has not been forgotten, by id.
	Feedback(ctx context.Context) ([]alerting.FeedbackEntry, error)
	// Judge is the alarms as a person sees them now. An unknown one is an error that wraps ErrNotFound.
	Judge(ctx context.Context, alarmIDs []string) ([]alerting.Judged, error)
}

var errNoControls = &httpError{http.StatusNotImplemented, typeUnavailable, errors.New("silences, acknowledgements and feedback are switched off")}

// asked is who asks for what, as the body of a request says it.
type asked struct {
	by, comment string
}

// acting makes a serveFunc of a handler that changes something. It refuses requests that a browser sends for another site.
func acting(h func(s *server, r *http.Request, a *args) (answer, error)) serveFunc {
	return func(s *server, w http.ResponseWriter, r *http.Request, a *args) error {
		if err := s.crossOrigin.Check(r); err != nil {
			return &httpError{http.StatusForbidden, typeBadData, fmt.Errorf("refused: %w", err)}
		}
		if s.opts.Controls == nil {
			return errNoControls
		}
		if err := a.err(); err != nil {
			return err
		}
		ans, err := h(s, r, a)
		if err != nil {
			return err
		}
		s.writeJSON(w, http.StatusOK, success{Status: "success", Data: ans.data, Infos: ans.infos})
		return nil
	}
}

// body reads a request's JSON strictly: an unknown or misspelt field is an error.
func body(r *http.Request, into any) error {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		if media, _, err := mime.ParseMediaType(ct); err != nil || media != mediaJSON && media != "application/x-www-form-urlencoded" {
			return badData(fmt.Errorf("the body's type is %s, want %s", shown(ct), mediaJSON))
		}
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			return badData(fmt.Errorf("the body is longer than %d bytes", large.Limit))
		case errors.Is(err, io.EOF):
			return badData(errors.New("the body is empty, want JSON"))
		}
		return badData(fmt.Errorf("the body is not the JSON that is wanted: %s", strings.TrimPrefix(oneLine(err), "json: ")))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badData(errors.New("something follows the JSON in the body"))
	}
	return nil
}

// control hands a control on, with who asks: the name in the body, and the one that the request was authenticated with.
func (s *server) control(r *http.Request, by asked, c alerting.Control) (id string, err error) {
	c.ID, c.At, c.Comment = s.opts.NewID(), s.now().UnixMilli(), by.comment
	c.Actor = alerting.Actor{Name: by.by, From: "api"}
	if r.UserAgent() == CLIUserAgent {
		c.Actor.From = "cli"
	}
	if user, _, ok := r.BasicAuth(); ok && user != "" && user != by.by {
		if c.Actor.Name = user; by.by != "" {
			c.Actor.Name = fmt.Sprintf("%s, signed in as %s", by.by, user)
		}
	}
	if c.Actor.Name == "" {
		return "", badData(errors.New("who asks is missing: createdBy, or by"))
	}
	id, err = s.opts.Controls.Control(r.Context(), c)
	switch {
	case err == nil:
		return id, nil
	case errors.Is(err, alerting.ErrNoSuchTarget):
		return "", &httpError{http.StatusNotFound, typeNotFound, err}
	case errors.Is(err, alerting.ErrConflict):
		return "", &httpError{http.StatusConflict, typeBadData, err}
	case errors.Is(err, alerting.ErrInvalid):
		return "", badData(err)
	}
	return "", err
}

// CLIUserAgent marks requests of `tidewatch silence`.
const CLIUserAgent = "tidewatch-cli"

// randomID is a new identity, in the form of a UUID as Alertmanager gives them.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
