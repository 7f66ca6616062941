package configs

import (
	"strings"
	"testing"
	"time"

	commoncfg "github.com/prometheus/common/config"
)

func plan() Plan {
	p := Plan{
		Source: Source{
			Name: "main", URL: "http://prometheus:9090/api/v1/read?tenant=a#b", Labels: map[string]string{"cluster": "eu: 1"}, DropLabels: []string{"replica"},
			HTTP: commoncfg.DefaultHTTPClientConfig,
		},
		Timezone: "Europe/Berlin", Span: 7 * 24 * time.Hour,
	}
	p.Source.HTTP.BasicAuth = &commoncfg.BasicAuth{Username: "tidewatch", PasswordFile: "/run/secrets/prometheus"}
	for i, preset := range Presets() {
		pp := PlanPreset{Name: preset.Name}
		if preset.Name == "http-red" {
			pp.Missing = preset.Requires
		}
		for j, d := range preset.Detectors {
			pp.Detectors = append(pp.Detectors, PlanDetector{Name: d.Name, Series: (i + 1) * j, Messages: j % 3})
		}
		p.Presets = append(p.Presets, pp)
	}
	p.Presets[1].Detectors[2].Messages, p.Presets[1].Detectors[2].Note = -1, "not tried:\n1,200 series are over max_series"
	return p
}

func TestGenerate(t *testing.T) {
	got, err := Generate(plan())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/generated.golden.yml", got)
	c := mustParse(t, string(got))
	if c.Sources[0].HTTP.BasicAuth.PasswordFile != "/run/secrets/prometheus" || c.Sources[0].Labels["cluster"] != "eu: 1" || c.Sources[0].URL != plan().Source.URL {
		t.Errorf("source %+v", c.Sources[0])
	}
	if _, ok := c.Detector("HTTPRequestRate"); ok || len(c.Presets) != len(Presets())-1 {
		t.Errorf("presets %v", c.Presets)
	}
	// What it suggests in comments must load as well.
	text := strings.NewReplacer("detectors: []\n#", "detectors:\n", "\n#  ", "\n  ").Replace(string(got))
	if _, err := Parse("uncommented", []byte(text)); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestGenerateRefuses(t *testing.T) {
	p := plan()
	p.Source.HTTP.BasicAuth = &commoncfg.BasicAuth{Username: "x", Password: "hunter2"}
	if _, err := Generate(p); err == nil || !strings.Contains(err.Error(), "password_file") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("an inline secret gives %v", err)
	}
	p = plan()
	p.Source.URL = "prometheus:9090"
	if _, err := Generate(p); err == nil || !strings.Contains(err.Error(), "http://") {
		t.Errorf("a URL without scheme gives %v", err)
	}
	p = plan()
	p.Presets = nil
	if _, err := Generate(p); err == nil || !strings.Contains(err.Error(), "no detectors") {
		t.Errorf("nothing found gives %v", err)
	}
}
