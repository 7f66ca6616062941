package app

import (
	"net"
	"net/http"
	"runtime"
	"testing"

	"go.uber.org/goleak"
)

// When a service has ended, nothing of it runs on.
func TestNothingRunsOn(t *testing.T) {
	p := newPrometheus(t, broken, end, replica{})
	h := newQuick(t, nil)
	before := goleak.IgnoreCurrent()
	h.remote(p.URL+"/api/v1/read", "")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.opts.Listeners = []net.Listener{l}
	h.opts.Clock = fastClock(begin, 20_000)
	x := h.live(t)
	h.waitFor(t, "the first evaluation", func() bool { return x.Ready() == nil })
	if code, _ := ask(t, http.MethodPost, "http://"+l.Addr().String()+"/-/reload"); code != 200 {
		t.Errorf("/-/reload: %d", code)
	}
	h.waitFor(t, "the message", func() bool { return len(h.slack.Messages("#oncall")) > 0 })
	x.end()
	p.CloseClientConnections()
	h.slack.Close()
	goleak.VerifyNone(t, before)
}

// The number of processors changes nothing.
func TestProcessorsChangeNothing(t *testing.T) {
	run := func(n int) ending {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		return uninterrupted(t)
	}
	run(1).same(t, run(4))
}
