//go:build integration

package integration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"sort"
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
	hists   []prompb.Histogram
}

func (s *series) add(t int64, v float64) {
	s.samples = append(s.samples, prompb.Sample{Timestamp: t, Value: v})
}

// write sends series to the server by remote-write.
func (p *promServer) write(t *testing.T, all []series) {
	t.Helper()
	remoteWrite(t, p.url()+"/api/v1/write", "", all)
}

// remoteWrite sends series to a server, for a tenant unless that is "": a stretch of time of all series after the other.
func remoteWrite(t *testing.T, url, tenant string, all []series) {
	t.Helper()
	const perRequest = 20_000
	first, last, total := int64(math.MaxInt64), int64(math.MinInt64), int64(0)
	for _, s := range all {
		total += int64(len(s.samples) + len(s.hists))
		for _, at := range s.ends() {
			first, last = min(first, at), max(last, at)
		}
	}
	stretch := max(1, (last-first)/max(1, total/perRequest))
	for from := first; from <= last; from += stretch {
		req := writeRequest(all, from, from+stretch)
		if len(req.Timeseries) == 0 {
			continue
		}
		if err := sendWrite(url, tenant, req); err != nil {
			t.Fatalf("remote-write to %s: %v", url, err)
		}
	}
}

// writeRequest holds what series have from ≤ time < to.
func writeRequest(all []series, from, to int64) *prompb.WriteRequest {
	var req prompb.WriteRequest
	for _, s := range all {
		one := prompb.TimeSeries{
			Samples:    between(s.samples, from, to, func(x prompb.Sample) int64 { return x.Timestamp }),
			Histograms: between(s.hists, from, to, func(x prompb.Histogram) int64 { return x.Timestamp }),
		}
		if len(one.Samples)+len(one.Histograms) > 0 {
			one.Labels = prompb.FromLabels(s.labels, nil)
			req.Timeseries = append(req.Timeseries, one)
		}
	}
	return &req
}

// ends are the times of the first and the last of its samples, and of its histograms.
func (s *series) ends() []int64 {
	var out []int64
	if n := len(s.samples); n > 0 {
		out = append(out, s.samples[0].Timestamp, s.samples[n-1].Timestamp)
	}
	if n := len(s.hists); n > 0 {
		out = append(out, s.hists[0].Timestamp, s.hists[n-1].Timestamp)
	}
	return out
}

// between is the part of a list, ordered by time, with from ≤ time < to.
func between[T any](list []T, from, to int64, at func(T) int64) []T {
	i := sort.Search(len(list), func(k int) bool { return at(list[k]) >= from })
	j := sort.Search(len(list), func(k int) bool { return at(list[k]) >= to })
	return list[i:j]
}

func sendWrite(url, tenant string, req *prompb.WriteRequest) error {
	raw, err := req.Marshal()
	if err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(snappy.Encode(nil, raw)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set("Content-Encoding", "snappy")
	r.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	if tenant != "" {
		r.Header.Set(tenantHeader, tenant)
	}
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
