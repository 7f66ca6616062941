package events_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/internal/events"
)

const minute = 60_000

var nan = math.NaN()

func row(ls string, v ...float64) tidewatch.Row {
	l := labels.FromStrings(strings.Fields(strings.NewReplacer("=", " ", ",", " ").Replace(ls))...)
	return tidewatch.Row{Series: tidewatch.Series{ID: tidewatch.SeriesID("e", l), Labels: l}, V: v}
}

func block(rows ...tidewatch.Row) tidewatch.Block {
	return tidewatch.Block{Detector: "e", From: 100 * minute, Step: minute, N: len(rows[0].V), Rows: rows}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name string
		kind events.Kind
		rows []tidewatch.Row
		want []string // minute after the first column, text, labels
	}{
		{"a deploy, instance by instance", events.Deploy, []tidewatch.Row{
			row("__name__=build_info,job=api,instance=a,version=1.4", 1, 1, nan, nan, nan), row("__name__=build_info,job=api,instance=b,version=1.4", 1, 1, 1, nan, nan),
			row("__name__=build_info,job=api,instance=a,version=1.5", nan, nan, 1, 1, 1), row("__name__=build_info,job=api,instance=b,version=1.5", nan, nan, nan, 1, 1),
		}, []string{`2 build_info of api changed 1.4 → 1.5 {job="api"}`}},
		{"a deploy and its roll-back", events.Deploy, []tidewatch.Row{
			row("__name__=x_build_info,job=api,revision=aa", 1, nan, nan, nan, nan, nan, nan, nan, 1), row("__name__=x_build_info,job=api,revision=bb", nan, 1, 1, 1, 1, 1, 1, 1, nan),
		}, []string{`1 x_build_info of api changed aa → bb {job="api"}`, `8 x_build_info of api changed bb → aa {job="api"}`}},
		{"a scrape that is missing is no deploy", events.Deploy, []tidewatch.Row{row("__name__=build_info,job=api,version=1", 1, nan, nan, 1)}, nil},
		{"what comes after a long gap is not known to have changed", events.Deploy, []tidewatch.Row{
			row("__name__=build_info,job=api,version=1", 1, nan, nan, nan, nan, nan, nan, nan), row("__name__=build_info,job=api,version=2", nan, nan, nan, nan, nan, nan, nan, 1),
		}, nil},
		{"a restart", events.Restart, []tidewatch.Row{
			row("job=api,instance=a", 5000, 5000, 6100, 6100), row("job=api,instance=b", 5000, 5000, 5000, 5000),
		}, []string{`1.67 instance a of api restarted {job="api"}`}},
		{"all restart", events.Restart, []tidewatch.Row{
			row("job=api,instance=a", 5000, 6050), row("job=api,instance=b", 5000, 6055),
		}, []string{`0.917 2 of 2 instances of api restarted {job="api"}`}},
		{"a new instance, and one that is only scraped anew", events.Restart, []tidewatch.Row{
			row("job=api,instance=a", 5000, 5000), row("job=api,instance=b", nan, 6010), row("job=api,instance=c", nan, 4000),
		}, []string{`0.167 instance b of api started {job="api"}`}},
		{"a start time that trembles", events.Restart, []tidewatch.Row{row("job=api", 5000, 5000.4, 4999.8, 5000.3)}, nil},
		{"a rollout", events.Rollout, []tidewatch.Row{
			row("namespace=shop,deployment=api,instance=ksm,job=ksm", 4, 4, 5, 5), row("namespace=shop,deployment=web,instance=ksm,job=ksm", 7, 7, 7, 7),
		}, []string{`2 the specification of api changed, generation 4 → 5 {deployment="api", namespace="shop"}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := block(c.rows...)
			var got []string
			for _, e := range events.Find(c.kind, b, b.From-1, "eu1", nil) {
				got = append(got, fmt.Sprintf("%.3g %s %s", float64(e.At-b.From)/minute, e.Text, e.Labels))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("events %q, want %q", got, c.want)
			}
			var again []string // column by column, as the service looks
			for i := range b.N {
				from := max(0, i-events.Memory)
				part := b
				part.From, part.N, part.Rows = b.Time(from), i-from+1, nil
				for _, r := range b.Rows {
					part.Rows = append(part.Rows, tidewatch.Row{Series: r.Series, V: r.V[from : i+1]})
				}
				for _, e := range events.Find(c.kind, part, b.Time(i)-1, "eu1", nil) {
					again = append(again, fmt.Sprintf("%.3g %s %s", float64(e.At-b.From)/minute, e.Text, e.Labels))
				}
			}
			if !slices.Equal(again, c.want) {
				t.Errorf("column by column: %q, want %q", again, c.want)
			}
		})
	}
}
