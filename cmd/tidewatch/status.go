package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/alecthomas/kingpin/v2"
	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/internal/api"
)

func statusCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := a.Command("status", "Ask a running service what its detectors are doing and how far their learning has come.")
	base := c.Flag("url", "URL of the service.").Default("http://localhost:9880").String()
	httpConfig := c.Flag("http-config", "YAML file with Prometheus's HTTP client settings (basic_auth, authorization, oauth2, tls_config, …); secrets in files of their own.").String()
	detector := c.Arg("detector", "List this detector's series instead.").String()
	return c.FullCommand(), func(ctx context.Context) error {
		s, err := newStatusClient(*base, *httpConfig)
		if err != nil {
			return err
		}
		if *detector != "" {
			return s.series(ctx, e.stdout, *detector)
		}
		return s.detectors(ctx, e.stdout)
	}
}

// statusClient reads a service's API.
type statusClient struct {
	base   *url.URL
	client *http.Client
}

func newStatusClient(base, httpConfig string) (*statusClient, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("--url is not the URL of a server; write for example http://localhost:9880")
	}
	cfg := commoncfg.DefaultHTTPClientConfig
	if httpConfig != "" {
		read, _, err := commoncfg.LoadHTTPConfigFile(httpConfig)
		if err != nil {
			return nil, fmt.Errorf("--http-config %s: %w", httpConfig, err)
		}
		cfg = *read
	}
	client, err := commoncfg.NewClientFromConfig(cfg, "status")
	if err != nil {
		return nil, fmt.Errorf("--http-config: %w", err)
	}
	client.Timeout = 30 * time.Second
	return &statusClient{u, client}, nil
}

// get reads the data of one answer.
func (s *statusClient) get(ctx context.Context, path string, query url.Values, data any) error {
	return s.send(ctx, http.MethodGet, path, query, nil, data)
}

// post sends JSON; data gets the answer, or is nil.
func (s *statusClient) post(ctx context.Context, path string, body, data any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("request: %w", err)
	}
	return s.send(ctx, http.MethodPost, path, nil, bytes.NewReader(b), data)
}

// send asks for anything; body is JSON, or nil.
func (s *statusClient) send(ctx context.Context, method, path string, query url.Values, body io.Reader, data any) error {
	u := s.base.JoinPath(path)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", api.CLIUserAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("asking %s: %w", s.base.Redacted(), errors.Unwrap(err))
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	answer := struct {
		Data  any    `json:"data"`
		Error string `json:"error"`
	}{Data: data}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return fmt.Errorf("asking %s: status %s, and no answer of Tidewatch's API: %w", s.base.Redacted(), res.Status, err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("asking %s: status %s: %s", s.base.Redacted(), res.Status, answer.Error)
	}
	return nil
}

func (s *statusClient) detectors(ctx context.Context, w io.Writer) error {
	var list api.DetectorList
	if err := s.get(ctx, "api/v1/detectors", nil, &list); err != nil {
		return err
	}
	return table(w, func(p *page) {
		p.printf("DETECTOR\tSTATE\tSERIES\tIN ALARM\tTRAINING\tPROGRESS\tJUDGED FROM\tTRAINED BY\tPENDING/PARTLY/TRAINED\tPROMISE\n")
		for i := range list.Detectors {
			d := &list.Detectors[i]
			n := d.TrainingSeries
			p.printf("%s\t%s\t%d\t%d\t%s\t%d/%d/%d\t%s\n",
				d.Name, d.State, d.Series, d.Alarms.Alarm, trainingColumns(d.Training), n.Pending, n.Insufficient, n.Trained, d.Promise)
		}
	})
}

func (s *statusClient) series(ctx context.Context, w io.Writer, detector string) error {
	return table(w, func(p *page) {
		p.printf("STATE\tTRAINING\tPROGRESS\tJUDGED FROM\tTRAINED BY\tSERIES\n")
		query := url.Values{"detector": {detector}, "limit": {fmt.Sprint(api.MaxLimit)}}
		for {
			var list api.AlarmList
			if err := s.get(ctx, "api/v1/alarms", query, &list); err != nil {
				p.fail(err)
				return
			}
			for i := range list.Alarms {
				a := &list.Alarms[i]
				p.printf("%s\t%s\t%s\n", a.State, trainingColumns(a.Training), a.Labels)
			}
			if list.NextCursor == "" {
				return
			}
			query.Set("cursor", list.NextCursor)
		}
	})
}

// trainingColumns are state, progress and the two times of a training.
func trainingColumns(t api.Training) string {
	when := func(t api.Time) string {
		if t == 0 {
			return "-"
		}
		return t.Std().In(time.Local).Format("2006-01-02 15:04 MST")
	}
	return fmt.Sprintf("%s\t%d %%\t%s\t%s", t.State, int(100*t.Progress), when(t.JudgedAt), when(t.TrainedAt))
}
