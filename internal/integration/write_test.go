//go:build integration

package integration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
)

// series is what is written into a server.
type series struct {
	labels  labels.Labels
	samples []prompb.Sample // in order of time
}

func (s *series) add(t int64, v float64) {
	s.samples = append(s.samples, prompb.Sample{Timestamp: t, Value: v})
}

// write sends series to the server by remote-write, the oldest samples of all series first.
func (p *promServer) write(t *testing.T, all []series) {
	t.Helper()
	const perRequest = 20_000
	sent := make([]int, len(all))
	for {
		var req prompb.WriteRequest
		for i, s := range all {
			part := s.samples[sent[i]:]
			part = part[:min(len(part), max(1, perRequest/len(all)))]
			sent[i] += len(part)
			if len(part) > 0 {
				req.Timeseries = append(req.Timeseries, prompb.TimeSeries{Labels: prompb.FromLabels(s.labels, nil), Samples: part})
			}
		}
		if len(req.Timeseries) == 0 {
			return
		}
		if err := p.send(&req); err != nil {
			t.Fatalf("remote-write to Prometheus %s: %v", p.name, err)
		}
	}
}

func (p *promServer) send(req *prompb.WriteRequest) error {
	raw, err := req.Marshal()
	if err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodPost, p.url()+"/api/v1/write", bytes.NewReader(snappy.Encode(nil, raw)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set("Content-Encoding", "snappy")
	r.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	_, err = body(resp)
	return err
}

// body reads an answer; a status that is not 2xx is an error.
func body(resp *http.Response) (string, error) {
	b, err := io.ReadAll(resp.Body)
	err = errors.Join(err, resp.Body.Close())
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(b))
	}
	return string(b), err
}

// newSeries makes an empty series of a metric with label pairs.
func newSeries(metric string, pairs ...string) series {
	return series{labels: labels.FromStrings(slices.Concat([]string{model.MetricNameLabel, metric}, pairs)...)}
}
