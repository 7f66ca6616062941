//go:build integration

package integration

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/ingest"
)

// promqlGrids are the ranges and steps at which the expressions are evaluated: minutes around gaps, staleness and new series;
// a day in several windows; steps shorter than the distance of the samples.
var promqlGrids = []struct {
	name           string
	from, to, step time.Duration
}{
	{"3h by 1m", 15 * time.Hour, 18 * time.Hour, time.Minute},
	{"24h by 15m", 5 * time.Hour, 29 * time.Hour, 15 * time.Minute},
	{"12m by 5s", 16*time.Hour + 38*time.Minute, 16*time.Hour + 50*time.Minute, 5 * time.Second},
}

// TestReadEqualsQueryRange compares what Tidewatch evaluates over remote-read with the server's own query_range, for every
// expression of testdata/promql: bit for bit with the release whose PromQL engine it uses, within 1e-12 with the older one and
// where that engine itself leaves the last bits to chance. A difference that an expression is listed with must be there.
func TestReadEqualsQueryRange(t *testing.T) {
	t.Parallel()
	corpus := promqlCorpus(t)
	everyRelease(t, func(t *testing.T, r release) {
		t.Parallel()
		external := map[string]string{"cluster": "eu1", "replica": "a"}
		// All in the head: were it made into blocks meanwhile, a series in a gap would be dropped from the head and come last when it
		// returns, so that sums would add up in an order that depends on when that happens.
		p := startProm(t, r, promOptions{external: external, features: "native-histograms", flags: []string{"--storage.tsdb.min-block-duration=20d"}})
		p.write(t, promqlData(r.name != "2.42"))
		remote, err := ingest.NewRemote(ingest.RemoteConfig{
			Name: "server", URL: p.readURL(), HTTPClient: commoncfg.DefaultHTTPClientConfig, Window: 7 * time.Hour,
			ExternalLabels: labels.FromMap(external),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer remote.Close()
		d := differ{p: p, remote: remote}
		for _, e := range corpus {
			d.check(t, e)
		}
		t.Logf("%d expressions, %d rows, %d points, of which %d differ, at most by %.1e; the server took %s, reading %s",
			len(corpus), d.rows, d.points, d.inexact, d.worst, d.server.Round(time.Millisecond), d.own.Round(time.Millisecond))
	})
}

// differ compares the two and counts.
type differ struct {
	p            *promServer
	remote       *ingest.Remote
	rows, points int
	inexact      int     // points that are not equal bit for bit
	worst        float64 // the largest relative difference among those that are allowed
	server, own  time.Duration
}

// check evaluates an expression on every grid.
func (d *differ) check(t *testing.T, e promqlCase) {
	t.Helper()
	listed := cmp.Or(e.differs[d.p.name], e.differs["every"])
	found := ""
	for _, g := range promqlGrids {
		q := ingest.Query{Detector: "d", Expr: e.expr, From: promqlBegin + g.from.Milliseconds(), To: promqlBegin + g.to.Milliseconds(), Step: g.step.Milliseconds()}
		if diff := d.one(t, q, d.p.name != "3.16" || e.loose != ""); diff != "" {
			found = g.name + ": " + diff
			break
		}
	}
	switch {
	case found != "" && listed == "":
		t.Errorf("%s: %s: %s", e.at, e.expr, found)
	case found == "" && listed != "":
		t.Errorf("%s: %s: listed as different (%s), but it is not", e.at, e.expr, listed)
	}
}

// one evaluates a query on both sides and says how the results differ; loose allows the last bits to.
func (d *differ) one(t *testing.T, q ingest.Query, loose bool) string {
	begin := time.Now()
	want, wantErr := d.p.queryRange(q)
	d.server += time.Since(begin)
	begin = time.Now()
	got, err := d.remote.Read(t.Context(), q)
	d.own += time.Since(begin)
	if err != nil || wantErr != nil {
		if (err == nil) != (wantErr == nil) {
			return fmt.Sprintf("%v, on the server %v", err, wantErr)
		}
		return ""
	}
	d.rows += len(got.Rows)
	tolerance := 0.0
	if loose {
		tolerance = 1e-12
	}
	return d.compare(got, want, tolerance)
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

// compare gives the first difference, "" if there is none. NaN equals NaN.
func (d *differ) compare(got tidewatch.Block, want map[string][]float64, tolerance float64) string {
	if len(got.Rows) != len(want) {
		return fmt.Sprintf("%d series, the server has %d", len(got.Rows), len(want))
	}
	for _, row := range got.Rows {
		w, ok := want[row.Series.Labels.String()]
		if !ok {
			return fmt.Sprintf("the server has no %s", row.Series.Labels)
		}
		for i, g := range row.V {
			d.points++
			if g == w[i] || math.IsNaN(g) && math.IsNaN(w[i]) {
				continue
			}
			d.inexact++
			off := math.Abs(g-w[i]) / math.Abs(w[i])
			if !(off <= tolerance) {
				return fmt.Sprintf("%s at %s: %v, the server has %v", row.Series.Labels, stamp(got.Time(i)), g, w[i])
			}
			d.worst = max(d.worst, off)
		}
	}
	return ""
}
