//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/ingest"
)

// expressions are evaluated by the server and by Tidewatch over what it reads from the server.
var expressions = []string{
	`aws_cloudwatch`,
	`aws_cloudwatch{file=~"ec2_cpu.*"} > 50`,
	`avg_over_time(aws_cloudwatch[1h])`,
	`quantile_over_time(0.9, aws_cloudwatch[3h])`,
	`stddev_over_time(aws_cloudwatch{file=~"rds.*"}[6h])`,
	`aws_cloudwatch - aws_cloudwatch offset 1d`,
	`aws_cloudwatch / on (file) group_left avg by (file) (avg_over_time(aws_cloudwatch[1d]))`,
	`deriv(aws_cloudwatch[30m])`,
	`holt(aws_cloudwatch)`,
	`count(aws_cloudwatch)`,
	`topk(3, aws_cloudwatch)`,
	`label_replace(aws_cloudwatch, "kind", "$1", "file", "([a-z0-9]+)_.*")`,
	`sum by (kind) (label_replace(aws_cloudwatch, "kind", "$1", "file", "([a-z0-9]+)_.*"))`,
	`absent(aws_cloudwatch{file="grok_asg_anomaly"})`,
	`changes(aws_cloudwatch[2h])`,
	`queue_depth`,
	`queue_depth{queue!="mail"}`,
	`max without (queue) (queue_depth)`,
	`min by (job) (min_over_time(queue_depth[5m]))`,
	`max_over_time(queue_depth[10m30s:1m])`, // before 3.0, a range included its left end, so none begins at a step
	`max_over_time(rate(requests_total[2m])[30m30s:1m])`,
	`predict_linear(queue_depth[10m], 3600)`,
	`histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))`,
	`sum by (job) (rate(requests_total[5m]))`,
	`sum by (job, code) (rate(requests_total[2m]))`,
	`increase(requests_total{code="500"}[1h])`,
	`irate(requests_total[1m])`,
	`sum(rate(requests_total{code="500"}[5m])) / sum(rate(requests_total[5m])) > 0`,
	`(sum by (job) (rate(requests_total{code="502"}[5m])) or 0 * sum by (job) (rate(requests_total[5m]))) / (sum by (job) (rate(requests_total[5m])) > 1)`,
	`resets(requests_total[1h])`,
	`time() - max by (job) (timestamp(requests_total))`,
	`requests_total and on (job) rate(requests_total[5m]) > 2`,
	`nothing_of_that_name`,
}

// TestReadEqualsQueryRange compares what Tidewatch evaluates over remote-read with the server's own query_range: bit for bit with
// the release whose PromQL engine it uses, within 1e-12 with the older one.
func TestReadEqualsQueryRange(t *testing.T) {
	t.Parallel()
	everyRelease(t, func(t *testing.T, r release) {
		t.Parallel()
		now := time.Now()
		c := loadNAB(t, now)
		external := map[string]string{"cluster": "eu1", "replica": "a"}
		p := startProm(t, r, promOptions{external: external})
		p.write(t, slices.Concat(c.series(), history(now, nil), requests(now)))
		remote, err := ingest.NewRemote(ingest.RemoteConfig{
			Name: "server", URL: p.readURL(), HTTPClient: commoncfg.DefaultHTTPClientConfig, Window: 7 * time.Hour,
			ExternalLabels: labels.FromMap(external),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer remote.Close()
		tolerance := 1e-12
		if r.name == "3.16" {
			tolerance = 0
		}
		rows, points := 0, 0
		var server, own time.Duration
		for _, expr := range expressions {
			q := ingest.Query{Detector: "d", Expr: expr, To: now.Truncate(time.Minute).UnixMilli(), Step: time.Minute.Milliseconds()}
			q.From = q.To - (12 * time.Hour).Milliseconds()
			begin := time.Now()
			want, wantErr := p.queryRange(q)
			server += time.Since(begin)
			begin = time.Now()
			got, err := remote.Read(t.Context(), q)
			own += time.Since(begin)
			if err != nil || wantErr != nil {
				if (err == nil) != (wantErr == nil) {
					t.Errorf("%s: %v, on the server %v", expr, err, wantErr)
				}
				continue
			}
			n, diff := compare(got, want, tolerance)
			if diff != "" {
				t.Errorf("%s: %s", expr, diff)
			}
			rows, points = rows+len(got.Rows), points+n
		}
		t.Logf("%d expressions, %d rows, %d points; the server took %s, reading %s", len(expressions), rows, points, server.Round(time.Millisecond), own.Round(time.Millisecond))
	})
}

// requests are counters and a classic histogram over two days: scraped every 15 s at no round time, with restarts, a gap and a
// series that ends.
func requests(end time.Time) []series {
	codes := []string{"200", "500"}
	bounds := []string{"0.1", "0.5", "2.5", "+Inf"}
	var out []series
	begin := end.Add(-48 * time.Hour).UnixMilli()
	for i, job := range []string{"api", "web"} {
		for k, code := range codes {
			s, total := newSeries("requests_total", "job", job, "code", code), 0.0
			for at := begin + int64(1234*(i+1)+111*k); at < end.UnixMilli(); at += 15_000 {
				since := at - begin
				switch {
				case since%(11*3600_000) < 15_000:
					total = 0 // a restart
				case job == "web" && since > 40*3600_000 && since < 40*3600_000+1800_000:
					continue // a gap
				case job == "web" && code == "500" && since > 46*3600_000:
					continue // it ends
				}
				total += math.Floor(20*math.Abs(depth(job+code, at)-100)) / float64(1+30*k)
				s.add(at, total)
			}
			out = append(out, s)
		}
	}
	for i, le := range bounds {
		s, total := newSeries("latency_bucket", "job", "api", "le", le), 0.0
		for at := begin + 4321; at < end.UnixMilli(); at += 15_000 {
			total += float64(i+1) + math.Floor(math.Abs(depth("le", at)-100))
			s.add(at, total)
		}
		out = append(out, s)
	}
	return out
}

// queryRange asks the server to evaluate a query.
func (p *promServer) queryRange(q ingest.Query) (map[string][]float64, error) {
	resp, err := http.PostForm(p.url()+"/api/v1/query_range", url.Values{
		"query": {q.Expr}, "start": {seconds(q.From)}, "end": {seconds(q.To)}, "step": {seconds(q.Step)},
	})
	if err != nil {
		return nil, err
	}
	text, err := body(resp)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric labels.Labels
				Values [][2]json.RawMessage
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, err
	}
	out := map[string][]float64{}
	for _, s := range answer.Data.Result {
		row := make([]float64, (q.To-q.From)/q.Step+1)
		for i := range row {
			row[i] = math.NaN()
		}
		found := false
		for _, v := range s.Values {
			at, err := strconv.ParseFloat(string(v[0]), 64)
			if err != nil {
				return nil, err
			}
			x, err := strconv.ParseFloat(string(bytes.Trim(v[1], `"`)), 64)
			if err != nil {
				return nil, err
			}
			row[(int64(math.Round(at*1000))-q.From)/q.Step] = x
			found = found || !math.IsNaN(x)
		}
		if found {
			out[s.Metric.String()] = row
		}
	}
	return out, nil
}

func seconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) }

// compare returns how many points were compared and the first difference, "" if there is none. NaN equals NaN.
func compare(got tidewatch.Block, want map[string][]float64, tolerance float64) (points int, diff string) {
	if len(got.Rows) != len(want) {
		return 0, fmt.Sprintf("%d series, the server has %d", len(got.Rows), len(want))
	}
	for _, row := range got.Rows {
		w, ok := want[row.Series.Labels.String()]
		if !ok {
			return points, fmt.Sprintf("the server has no %s", row.Series.Labels)
		}
		for i, g := range row.V {
			same := g == w[i] || math.IsNaN(g) && math.IsNaN(w[i]) || math.Abs(g-w[i]) <= tolerance*math.Abs(w[i])
			if !same {
				return points, fmt.Sprintf("%s at %s: %v, the server has %v", row.Series.Labels, stamp(got.Time(i)), g, w[i])
			}
			points++
		}
	}
	return points, ""
}
