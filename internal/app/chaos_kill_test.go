package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidewatch/tidewatch/alerting"
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

	At    int64             // where the clock stands
	Begun int               // how many of the script's deeds somebody has begun
	Ask   *alerting.Control // what the last of them asks for, until there is an answer
}

const lifeVariable = "TIDEWATCH_CHAOS_LIFE"

// TestChaosKills has a process play the scripts of TestChaos against a Slack beside it, and kills it (SIGKILL) again and again at
// any moment of its life. Who asked for something asks again when the process was killed before it answered. The channel ends as it
// does without. TIDEWATCH_CHAOS makes it 50 kills.
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
		play := (i*5 + 4) % chaosPlays // in turns with and without people
		p := newPlay(t, play)
		slack := slackfake.New(slackfake.Options{Token: "xoxb-secret"})
		t.Cleanup(slack.Close)
		l := &life{Play: play, State: t.TempDir(), Slack: slack.APIURL(), At: chaosBegin}
		if err := os.CopyFS(l.State, os.DirFS(p.state)); err != nil {
			t.Fatal(err)
		}
		deaths := 0
		for l.live(t, kills > 0, rng) {
			kills--
			deaths++
		}
		t.Logf("script %d: %d kills, %d of %d deeds", play, deaths, l.Begun, len(p.deeds))
		if l.Begun != len(p.deeds) || l.Ask != nil {
			t.Errorf("script %d: %d of %d deeds were begun, without an answer is %v", play, l.Begun, len(p.deeds), l.Ask)
		}
		if d := cmp.Diff(told(p.want, true), told(channel(t, slack), true)); d != "" {
			t.Errorf("script %d, %d kills: the channel differs (-without +with them):\n%s", play, deaths, d)
		}
	}
}

// live starts the process and reports whether it was killed before its end.
func (l *life) live(t *testing.T, kill bool, rng *rand.Rand) (killed bool) {
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
		l.hear(t, &said, lines.Text())
	}
	if kill {
		time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
		_ = cmd.Process.Kill() // it may have come to its end
	}
	for lines.Scan() {
		l.hear(t, &said, lines.Text())
	}
	if err = cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the process failed: %v\n%s", err, said.String())
	}
	return err != nil
}

// hear takes a line that the process has written.
func (l *life) hear(t *testing.T, said *strings.Builder, line string) {
	t.Helper()
	fmt.Fprintln(said, line)
	var news life
	text, ok := strings.CutPrefix(line, lifeVariable+" ")
	if !ok {
		return
	}
	if err := json.Unmarshal([]byte(text), &news); err != nil {
		t.Fatalf("%v: %q", err, line)
	}
	l.At, l.Begun, l.Ask = news.At, news.Begun, news.Ask
}

// tell writes down how far life has come, for the next one.
func (l *life) tell() error {
	text, err := json.Marshal(l)
	if err == nil {
		_, err = fmt.Printf("%s %s\n", lifeVariable, text)
	}
	return err
}

// TestChaosLife is the process.
func TestChaosLife(t *testing.T) {
	text := os.Getenv(lifeVariable)
	if text == "" {
		t.Skip("is started by TestChaosKills")
	}
	l := &life{}
	if err := json.Unmarshal([]byte(text), l); err != nil {
		t.Fatal(err)
	}
	p := writePlay(l.Play)
	clock := NewVirtual(chaosBegin)
	src := p.source()
	s, err := New(t.Context(), Options{
		DataDir: l.State, Clock: clock, Workers: 1, NoSync: true,
		Load: func() (*configs.Config, error) {
			yaml := strings.Replace(p.yaml, "xoxb-secret", "xoxb-secret, app_url: "+l.Slack, 1)
			for _, d := range p.deeds[:l.Begun] {
				if d.reloads() {
					yaml = otherYAML(yaml)
				}
			}
			return configs.Parse("chaos.yml", []byte(yaml))
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
	clock.ms.Store(max(l.At, s.core.Now()))
	if err := s.RunWith(t.Context(), func(ctx context.Context) error { return l.play(ctx, s, clock, p) }); err != nil {
		t.Fatal(err)
	}
}

// play performs the rest of the script.
func (l *life) play(ctx context.Context, s *Service, clock *Virtual, p *play) error {
	if err := l.ask(ctx, s); err != nil {
		return err
	}
	l.At = clock.ms.Load() // where the one before was killed, which may not have come to what is done there
	if err := l.act(ctx, s, p); err != nil {
		return err
	}
	for l.At < chaosEnd {
		l.At = min(l.At-(l.At-chaosBegin)%(5*minute)+5*minute, chaosEnd)
		if err := s.Walk(ctx, clock, l.At); err != nil {
			return err
		}
		if err := l.act(ctx, s, p); err != nil {
			return err
		}
		if err := l.tell(); err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return s.AwaitSent(ctx)
}

// act does what the script has somebody do by now.
func (l *life) act(ctx context.Context, s *Service, p *play) error {
	n := int((l.At - chaosBegin) / (15 * minute))
	if l.Begun >= min(n, len(p.deeds)) {
		return nil
	}
	d := p.deeds[l.Begun]
	l.Begun++
	if d.reloads() {
		return errors.Join(l.tell(), s.Reload(ctx))
	}
	ctl, ok, err := d.control(s, l.Begun, l.At)
	if err != nil || !ok {
		return errors.Join(err, l.tell())
	}
	l.Ask = &ctl
	if err := l.tell(); err != nil {
		return err
	}
	return l.ask(ctx, s)
}

// ask asks for what there is no answer to yet.
func (l *life) ask(ctx context.Context, s *Service) error {
	if l.Ask == nil {
		return nil
	}
	if _, err := s.Control(ctx, *l.Ask); !answers(err) {
		return err
	}
	l.Ask = nil
	return l.tell()
}
