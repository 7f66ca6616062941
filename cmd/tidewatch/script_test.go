package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
	"github.com/tidewatch/tidewatch/internal/readserver"
	"github.com/tidewatch/tidewatch/internal/simfleet"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// nowVariable is the time that the commands of a script look back from.
const nowVariable = "TIDEWATCH_TEST_NOW"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tidewatch": func() { os.Exit(process(testNow)) },
	})
}

func testNow() time.Time {
	t, err := time.Parse(time.RFC3339, os.Getenv(nowVariable))
	if err != nil {
		panic(err)
	}
	return t
}

// TestScripts runs the commands as a user does, against a simulated Prometheus and a fake Slack. Those that begin with [short] are left out
// where testing.Short() holds.
func TestScripts(t *testing.T) {
	w := newScriptWorld(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			// With the race detector a process would wait for a second before it exits.
			e.Vars = append(e.Vars, "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
			e.Vars = append(e.Vars, w.vars...)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fill":    fill,
			"waitfor": waitFor,
			"wavecsv": waveCSV,
		},
	})
}

// scriptWorld is what the scripts find around them.
type scriptWorld struct{ vars []string }

// newScriptWorld simulates five days of the fleet, the last two with incidents, behind several servers.
func newScriptWorld(t *testing.T) *scriptWorld {
	start := simfleet.DefaultStart
	fleet, err := simfleet.New(simfleet.Options{Seed: 1, Start: start, FaultStart: start.Add(3 * 24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	now := start.Add(5 * 24 * time.Hour)
	world, err := simfleet.Open(t.Context(), t.TempDir(), fleet, start.UnixMilli(), now.UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	slack := slackfake.New(slackfake.Options{Token: "xoxb-right"})
	t.Cleanup(slack.Close)
	deaf := slackfake.New(slackfake.Options{Token: "xoxb-right", Scopes: []string{"channels:read"}})
	t.Cleanup(deaf.Close)
	readOnly := http.NewServeMux()
	readOnly.Handle("/api/v1/read", world.Handler())
	labelled := readserver.Handler(world.DB(), readserver.Options{
		ExternalLabels: labels.FromStrings("cluster", "eu1", "replica", "a"), Metadata: simfleet.Metadata(), Now: func() time.Time { return now },
		Config: "global: {scrape_interval: 1m, external_labels: {cluster: eu1, replica: a}}",
	})
	small := http.NewServeMux()
	small.Handle("/", world.Handler())
	small.HandleFunc("/api/v1/label/__name__/values", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"status":"success","data":["up"]}`)
	})
	w := &scriptWorld{}
	w.set(nowVariable, now.Add(35*time.Second).Format(time.RFC3339))
	w.set("TZ", "Europe/Berlin")
	w.serve(t, "PROM", world.Handler())
	w.serve(t, "READONLY", readOnly)
	w.serve(t, "LABELLED", labelled)
	w.serve(t, "SMALL", small)
	w.serve(t, "LOCKED", password(world.Handler()))
	backend, ids := apitest.Fleet(), new(atomic.Int64)
	w.serve(t, "API", api.New(api.Options{
		Backend: backend, Controls: apitest.NewControls(backend), Now: func() time.Time { return apitest.Now },
		NewID: func() string { return fmt.Sprintf("new-silence-%d", ids.Add(1)) },
	}))
	w.serve(t, "ALARMS", api.New(api.Options{Backend: backend, Controls: apitest.NewControls(backend), Now: func() time.Time { return apitest.Now }}))
	w.set("DOWN", "http://"+closedPort(t))
	w.set("SLACK", slack.APIURL())
	w.set("SLACKHOOK", slack.WebhookURL("oncall"))
	w.set("DEAFSLACK", deaf.APIURL())
	return w
}

func (w *scriptWorld) set(name, value string) { w.vars = append(w.vars, name+"="+value) }

func (w *scriptWorld) serve(t *testing.T, name string, h http.Handler) {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	w.set(name, s.URL)
}

// password lets in who knows it.
func password(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, pass, _ := r.BasicAuth(); user != "tidewatch" || pass != "hunter2" {
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// fill replaces $NAME in a file by the variable's value.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fill file")
	}
	text := os.Expand(ts.ReadFile(args[0]), func(name string) string {
		if v := ts.Getenv(name); v != "" {
			return v
		}
		return "$" + name
	})
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// waitFor waits until a glob matches something.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor glob")
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if names, _ := filepath.Glob(ts.MkAbs(args[0])); len(names) > 0 {
			return
		}
	}
	ts.Fatalf("nothing matches %s after a minute; the directory holds %s", args[0], strings.Join(list(ts.MkAbs(".")), " "))
}

func list(dir string) []string {
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	return names
}

// waveCSV writes five days of a daily wave with noise, every five minutes up to the scripts' time; the value falls to a tenth
// for two hours, six hours before its end.
func waveCSV(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: wavecsv file")
	}
	end, err := time.Parse(time.RFC3339, ts.Getenv(nowVariable))
	ts.Check(err)
	end = end.Truncate(5 * time.Minute)
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's noise
	var b strings.Builder
	b.WriteString("timestamp,orders\n")
	for at := end.Add(-5 * 24 * time.Hour); !at.After(end); at = at.Add(5 * time.Minute) {
		v := 100 + 40*math.Sin(float64(at.Unix()%86400)/86400*2*math.Pi) + 3*rng.NormFloat64()
		if left := end.Sub(at); left > 4*time.Hour && left <= 6*time.Hour {
			v /= 10
		}
		fmt.Fprintf(&b, "%s,%.3f\n", at.UTC().Format(time.RFC3339), v)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}
