package app

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/engine"
)

// transcript writes down decisions and messages as bytes, messages as their notifier would send them.
type transcript struct {
	t        *testing.T
	renderer alerting.Renderer
	out      bytes.Buffer
}

func (w *transcript) add(res engine.Result) error {
	for _, ch := range res.Changes {
		line, err := json.Marshal(NewTransitionLine(ch, res.Now))
		if err != nil {
			return err
		}
		w.out.Write(append(line, '\n'))
	}
	for i := range res.Notices {
		notice, err := alerting.CanonicalNotice(&res.Notices[i])
		if err != nil {
			return err
		}
		payload, err := w.renderer.Render(&res.Notices[i])
		if err != nil {
			return err
		}
		w.out.Write(append(append(append(notice, '\n'), payload...), '\n'))
	}
	return nil
}

// transcribe has what the harness's service decides written down, after edit if there is one, by the renderer of its receiver, and gives
// the configuration that it will run with.
func (h *harness) transcribe(t *testing.T, edit func(*engine.Result)) (*configs.Config, *transcript) {
	t.Helper()
	cfg, err := h.config()
	if err != nil {
		t.Fatal(err)
	}
	ints, err := integrations(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	served := &transcript{t: t, renderer: ints[0].notifier.(alerting.Renderer)}
	before := h.opts.OnResult
	h.opts.OnResult = func(res engine.Result) {
		if before != nil {
			before(res)
		}
		if edit != nil {
			edit(&res)
		}
		if err := served.add(res); err != nil {
			t.Error(err)
		}
	}
	return cfg, served
}

func TestServeAndReplayDecideTheSame(t *testing.T) {
	for name, join := range map[string]string{"each series": "", "all as one": "    join: {}\n"} {
		t.Run(name, func(t *testing.T) {
			serveAndReplay(t, strings.Replace(testConfig, "    labels:", join+"    labels:", 1))
		})
	}
}

func serveAndReplay(t *testing.T, yaml string) {
	src := &source{series: 4, value: faulty, told: deployed}
	h := newHarness(t, src, origin+3*day+30_000)
	h.yaml = yaml
	cfg, served := h.transcribe(t, nil)
	from, to := h.clock.Now().UnixMilli(), origin+5*day+3*hour
	h.run(t, to)

	replayed := &transcript{t: t, renderer: served.renderer}
	report, err := Replay(t.Context(), ReplayOptions{
		Config: cfg, Source: func(string) (ingest.Source, error) { return src, nil }, From: from, To: to, Each: replayed.add,
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(served.out.String(), replayed.out.String()); d != "" {
		t.Errorf("replay differs from serve (-serve +replay):\n%s", d)
	}
	if report.Alarms < 2 || report.Notices < 1 {
		t.Errorf("the injected fault is not found: %+v", report)
	}
	if !strings.Contains(replayed.out.String(), "Nearby: began 40 s after job0 restarted; 3 min after build_info of job0 changed 1.4 → 1.5.") {
		t.Errorf("no message names the deploy:\n%s", replayed.out.String())
	}
	posted := h.slack.Messages("#oncall")
	if len(posted) != report.Notices {
		t.Errorf("%d messages in Slack, %d in the replay", len(posted), report.Notices)
	}
}
