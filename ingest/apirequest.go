package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
)

var errNoAPI = errors.New("the source's url does not end in /api/v1/read, so its HTTP API is unknown")

// get asks for a path and unpacks the data of Prometheus's envelope into data.
func (a *API) get(ctx context.Context, path string, params url.Values, data any) error {
	op := "ask " + path
	if a.base == "" {
		return a.fail(op, 0, KindProtocol, errNoAPI)
	}
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path+"?"+params.Encode(), http.NoBody)
	if err != nil {
		return a.fail(op, 0, KindProtocol, redactURLError(err))
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := a.client.Do(req)
	if err != nil {
		return a.fail(op, 0, transportKind(ctx, err), redactURLError(err))
	}
	defer drain(resp.Body)
	if resp.StatusCode/100 != 2 {
		status := readAPIStatus(resp)
		return a.fail(op, status.code, status.kind(), status)
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media != "application/json" {
		return a.fail(op, resp.StatusCode, KindProtocol, fmt.Errorf("Content-Type is %q, not application/json", resp.Header.Get("Content-Type")))
	}
	envelope := struct {
		Status string `json:"status"`
		Data   any    `json:"data"`
	}{Data: data}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAPIBody)).Decode(&envelope); err != nil {
		kind := KindProtocol
		if ctx.Err() != nil {
			kind = transportKind(ctx, err)
		}
		return a.fail(op, resp.StatusCode, kind, fmt.Errorf("decoding the answer: %w", err))
	}
	if envelope.Status != "success" {
		return a.fail(op, resp.StatusCode, KindProtocol, fmt.Errorf("status is %q, not success", envelope.Status))
	}
	return nil
}

// readAPIStatus reads the error out of the HTTP API's answer that is not 2xx.
func readAPIStatus(resp *http.Response) *statusError {
	status := readStatus(resp, "is this the address of a Prometheus-compatible server?")
	var envelope struct {
		ErrorType string `json:"errorType"`
		Error     string `json:"error"`
	}
	if json.Unmarshal([]byte(status.body), &envelope) != nil || envelope.Error == "" {
		return status
	}
	status.body = envelope.ErrorType + ": " + envelope.Error
	switch {
	case status.code != http.StatusBadRequest && status.code != http.StatusUnprocessableEntity:
	case isSampleLimit(status):
		status.is = KindLimit
	default:
		status.is = KindQuery
	}
	return status
}

func (a *API) fail(op string, code int, kind Kind, err error) error {
	return &Error{Kind: kind, Source: a.source, Op: op, URL: a.shown, Code: code, Err: err}
}
