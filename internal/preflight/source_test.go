package preflight

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/configs"
)

func TestReadURL(t *testing.T) {
	for _, tc := range []struct{ in, want, bad string }{
		{in: "http://prometheus:9090", want: "http://prometheus:9090/api/v1/read"},
		{in: "prometheus:9090", want: "http://prometheus:9090/api/v1/read"},
		{in: "http://prometheus:9090/", want: "http://prometheus:9090/api/v1/read"},
		{in: "https://example.com/prom/graph?g0.expr=up#a", want: "https://example.com/prom/api/v1/read"},
		{in: "https://example.com/prom/api/v1", want: "https://example.com/prom/api/v1/read"},
		{in: "http://prometheus:9090/api/v1/read", want: "http://prometheus:9090/api/v1/read"},
		{in: "http://mimir/prometheus/api/v1/read?tenant=a", want: "http://mimir/prometheus/api/v1/read?tenant=a"},
		{in: "http://influx:8086/api/v1/prom/read?db=x", want: "http://influx:8086/api/v1/prom/read?db=x"},
		{in: "http://user:hunter2@prometheus:9090", bad: "holds a password; write http://prometheus:9090 "},
		{in: "ftp://prometheus", bad: "is not the URL of a server"},
		{in: "http://", bad: "is not the URL of a server"},
		{in: "http://a b", bad: "is not the URL of a server"},
	} {
		got, err := readURL(tc.in)
		switch {
		case tc.bad == "" && (err != nil || got != tc.want):
			t.Errorf("%s: %q, %v, want %q", tc.in, got, err, tc.want)
		case tc.bad != "" && (err == nil || !strings.Contains(err.Error(), tc.bad) || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("%s: error %v, want %q without the password", tc.in, err, tc.bad)
		}
	}
}

func TestExternalLabelsBecomeTheSources(t *testing.T) {
	var s configs.Source
	adoptLabels(&s, map[string]string{"cluster": "eu1", "replica": "a", "prometheus_replica": "b"})
	own := map[string]string{"cluster": "eu1"}
	for _, d := range []string{cmp.Diff(own, s.Labels), cmp.Diff(own, s.ExternalLabels), cmp.Diff([]string{"prometheus_replica", "replica"}, s.DropLabels)} {
		if d != "" {
			t.Error(d)
		}
	}
	s = configs.Source{}
	if adoptLabels(&s, nil); s.Labels != nil || s.ExternalLabels != nil {
		t.Errorf("labels %v, external %v of a server without", s.Labels, s.ExternalLabels)
	}
}
