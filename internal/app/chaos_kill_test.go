package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/outbox"
	"github.com/tidewatch/tidewatch/internal/slackfake"
)

// life is what a process that will be killed is told.
type life struct {
	Play  uint64
	State string
	Slack string // the base of its API
}

const lifeVariable = "TIDEWATCH_CHAOS_LIFE"

// TestChaosKills has a process play the scripts of TestChaos against a Slack beside it, and kills it (SIGKILL) again and again at
// any moment of its life. The channel ends as it does without. TIDEWATCH_CHAOS makes it 50 kills.
func TestChaosKills(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some dozen processes")
	}
	kills := 5
	if os.Getenv("TIDEWATCH_CHAOS") != "" {
		kills = 50
	}
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 3))
	for i := uint64(0); kills > 0; i++ {
		play := i % (chaosPlays / 2) // nobody acts on a process
		p := newPlay(t, play)
		slack := slackfake.New(slackfake.Options{Token: "xoxb-secret"})
		t.Cleanup(slack.Close)
		l := life{Play: play, State: t.TempDir(), Slack: slack.APIURL()}
		if err := os.CopyFS(l.State, os.DirFS(p.state)); err != nil {
			t.Fatal(err)
		}
		deaths := 0
		for l.live(t, kills > 0, rng) {
			kills--
			deaths++
		}
		t.Logf("script %d: %d kills", play, deaths)
		if d := cmp.Diff(told(p.want, true), told(channel(t, slack), true)); d != "" {
			t.Errorf("script %d, %d kills: the channel differs (-without +with them):\n%s", play, deaths, d)
		}
	}
}

// live starts the process and reports whether it was killed before its end.
func (l life) live(t *testing.T, kill bool, rng *rand.Rand) (killed bool) {
	t.Helper()
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChaosLife$", "-test.v")
	cmd.Env = append(os.Environ(), lifeVariable+"="+string(text))
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	lines := bufio.NewScanner(out)
	for step := rng.IntN(9); step > 0 && lines.Scan(); step-- {
		fmt.Fprintln(&said, lines.Text())
	}
	if kill {
		time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
		_ = cmd.Process.Kill() // it may have come to its end
	}
	for lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
	}
	if err = cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the process failed: %v\n%s", err, said.String())
	}
	return err != nil
}

// TestChaosLife is the process.
func TestChaosLife(t *testing.T) {
	text := os.Getenv(lifeVariable)
	if text == "" {
		t.Skip("is started by TestChaosKills")
	}
	var l life
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatal(err)
	}
	p := writePlay(l.Play)
	clock := NewVirtual(chaosBegin)
	src := p.source()
	s, err := New(t.Context(), Options{
		DataDir: l.State, Clock: clock, Workers: 1, NoSync: true,
		Load: func() (*configs.Config, error) {
			return configs.Parse("chaos.yml", []byte(strings.Replace(p.yaml, "xoxb-secret", "xoxb-secret, app_url: "+l.Slack, 1)))
		},
		OpenSource: func(configs.Source) (ingest.Source, error) { return src, nil },
		tuneOutbox: func(o *outbox.Options) {
			o.Interval, o.Timeout, o.Settle, o.Grace = time.Nanosecond, 500*time.Millisecond, 20*time.Millisecond, time.Millisecond
			o.MinBackoff, o.MaxBackoff = time.Millisecond, 4*time.Millisecond
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	clock.ms.Store(max(chaosBegin, s.core.Now()))
	err = s.RunWith(t.Context(), func(ctx context.Context) error {
		for at := clock.ms.Load(); at < chaosEnd; {
			at = min(at+5*minute, chaosEnd)
			if err := s.Walk(ctx, clock, at); err != nil {
				return err
			}
			fmt.Println("at", at)
			time.Sleep(2 * time.Millisecond)
		}
		return s.AwaitSent(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
}
