package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// faultProxy stands between a source and a server, and spoils the answers.
type faultProxy struct {
	net.Listener
	server string // host:port
	done   chan struct{}
	open   sync.WaitGroup

	mu    sync.Mutex
	fault func(c *spoiled) // nil passes everything on
}

// spoiled is an answer on its way to the source.
type spoiled struct {
	net.Conn
	head http.Header
	body []byte
	done <-chan struct{} // closed when the test ends
}

func newFaultProxy(t *testing.T, server string) *faultProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &faultProxy{Listener: l, server: strings.TrimPrefix(server, "http://"), done: make(chan struct{})}
	p.open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.open.Go(func() { p.pass(c) })
		}
	})
	t.Cleanup(func() {
		close(p.done)
		_ = l.Close()
		p.open.Wait()
	})
	return p
}

func (p *faultProxy) set(fault func(*spoiled)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fault
}

// pass takes one request to the server and its answer back, one for each connection.
func (p *faultProxy) pass(c net.Conn) {
	defer func() { _ = c.Close() }()
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	req.RequestURI, req.URL.Scheme, req.URL.Host = "", "http", p.server
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	a := &spoiled{Conn: c, head: resp.Header, done: p.done}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		return
	}
	p.mu.Lock()
	fault := p.fault
	p.mu.Unlock()
	if fault == nil {
		fault = func(a *spoiled) { a.write(200, len(a.body), a.body) }
	}
	fault(a)
}

// write sends an answer that claims a length; a negative one is none.
func (a *spoiled) write(status, length int, body []byte) {
	a.head.Del("Content-Length")
	if length >= 0 {
		a.head.Set("Content-Length", fmt.Sprint(length))
	}
	a.head.Set("Connection", "close")
	_, _ = fmt.Fprintf(a, "HTTP/1.1 %d Fault\r\n", status)
	_ = a.head.Write(a)
	_, _ = io.WriteString(a, "\r\n")
	_, _ = a.Write(body)
}

// half ends in the middle of a chunked answer, between two frames where there are some.
func (a *spoiled) half() {
	a.head.Set("Transfer-Encoding", "chunked")
	n := len(a.body) / 2
	if size, w := binary.Uvarint(a.body); strings.HasPrefix(a.head.Get("Content-Type"), streamedType) {
		n = w + 4 + int(size)
	}
	a.write(200, -1, fmt.Appendf(nil, "%x\r\n%s\r\n", n, a.body[:n]))
}

// drip writes the answer byte by byte, and never ends.
func (a *spoiled) drip() {
	a.write(200, len(a.body)+1000, nil)
	for i := 0; ; i++ {
		select {
		case <-a.done:
			return
		case <-time.After(10 * time.Millisecond):
			if _, err := a.Write(a.body[i%len(a.body) : i%len(a.body)+1]); err != nil {
				return
			}
		}
	}
}

// endless repeats a piece until the client hangs up.
func (a *spoiled) endless(first, piece []byte) {
	a.write(200, -1, first)
	for {
		if _, err := a.Write(piece); err != nil {
			return
		}
	}
}

// gzipBomb is 4 MiB of blanks in an answer, packed once.
var gzipBomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, `{"status":"success","data":`)
	for range 4 {
		_, _ = z.Write(bytes.Repeat([]byte(" "), 1<<20))
	}
	_ = z.Close()
	return b.Bytes()
})

// wire is one of the forms in which samples come.
type wire int

const (
	streamedWire wire = iota
	sampledWire
	jsonWire
)

var wires = []string{"streamed", "sampled", "query_range"}

// faults are what a network and a server do to an answer. What each ends in is given for streamed, sampled and JSON answers;
// "" is where there is no such fault.
var faults = []struct {
	name  string
	spoil func(a *spoiled)
	slow  bool // ends by the time-out
	kinds [3]Kind
	want  [3]string
}{
	{"no answer", func(a *spoiled) { <-a.done }, true, all(KindTimeout), same("no complete answer within 500ms")},
	{"slow loris", (*spoiled).drip, true, all(KindTimeout), same("no complete answer within 500ms")},
	{"hung up", func(*spoiled) {}, false, all(KindUnreachable), same("EOF")},
	{"reset", func(a *spoiled) { _ = a.Conn.(*net.TCPConn).SetLinger(0) }, false, all(KindUnreachable), same("reset")},
	{"cut mid-frame", func(a *spoiled) { a.write(200, -1, a.body[:len(a.body)-7]) }, false, all(KindProtocol), [3]string{"ends in the middle of a frame", "corrupt snappy", "ends in the middle"}},
	{"half a response", (*spoiled).half, false, [3]Kind{KindUnreachable, KindProtocol, KindProtocol}, [3]string{"unexpected EOF", "the body is cut", "ends in the middle"}},
	{"Content-Length too long", func(a *spoiled) { a.write(200, len(a.body)+5, a.body) }, false, [3]Kind{KindUnreachable, KindProtocol, KindProtocol}, [3]string{"unexpected EOF", "the body is cut", "ends in the middle"}},
	{"Content-Length too short", func(a *spoiled) { a.write(200, len(a.body)-5, a.body) }, false, all(KindProtocol), [3]string{"ends in the middle of a frame", "corrupt snappy", "ends in the middle"}},
	{"500", func(a *spoiled) { a.write(500, 0, nil) }, false, all(KindServer), same("HTTP status 500")},
	{"503, Retry-After", func(a *spoiled) { a.head.Set("Retry-After", "20"); a.write(503, 4, []byte("busy")) }, false, all(KindServer), same("HTTP status 503 Service Unavailable: busy")},
	{"429", func(a *spoiled) { a.write(429, 0, nil) }, false, all(KindServer), same("HTTP status 429")},
	{"429, Retry-After", func(a *spoiled) { a.head.Set("Retry-After", "1"); a.write(429, 0, nil) }, false, all(KindServer), same("HTTP status 429")},
	{"huge frame", func(a *spoiled) { a.write(200, -1, append(binary.AppendUvarint(nil, 1<<40), a.body...)) }, false, [3]Kind{KindProtocol, "", ""}, [3]string{"over the limit"}},
	{"huge frame that is allowed", func(a *spoiled) { a.write(200, -1, append(binary.AppendUvarint(nil, faultyBytes), a.body...)) }, false, [3]Kind{KindProtocol, "", ""}, [3]string{"ends in the middle of a frame"}},
	{"huge frame that has no room", func(a *spoiled) { a.write(200, -1, append(binary.AppendUvarint(nil, MaxFrame), a.body...)) }, false, [3]Kind{KindLimit, "", ""}, [3]string{"a frame of 67108864 bytes, and one read may hold 2097152 (raise max_bytes_in_flight"}},
	{"bomb", func(a *spoiled) { a.write(200, -1, binary.AppendUvarint(nil, 1<<31)) }, false, [3]Kind{"", KindProtocol, ""}, [3]string{"", "claim to unpack to 2147483648"}},
	{"gzip bomb", func(a *spoiled) { a.head.Set("Content-Encoding", "gzip"); a.write(200, -1, gzipBomb()) }, false, [3]Kind{"", "", KindLimit}, [3]string{"", "", "max_bytes_in_flight"}},
	{"endless", func(a *spoiled) { a.endless(nil, bytes.Repeat([]byte(" "), 64<<10)) }, false, [3]Kind{KindProtocol, KindLimit, KindLimit}, [3]string{"corrupt frame", "more than", "max_bytes_in_flight"}},
	{"the same frames for ever", func(a *spoiled) { a.endless(a.body, a.body) }, false, [3]Kind{KindLimit, "", ""}, [3]string{"in one window"}},
}

func all(k Kind) [3]Kind      { return [3]Kind{k, k, k} }
func same(s string) [3]string { return [3]string{s, s, s} }

// faultyBytes are what a source behind a proxy may hold.
const faultyBytes = 2 << 20

// faulty is a source behind a proxy.
func faulty(t *testing.T, w wire, clock Clock, timeout time.Duration, world []memSeries) (*faultProxy, Source) {
	t.Helper()
	var server string
	if w == jsonWire {
		server = newRangeServer(t, world...).URL
	} else {
		f := newFakeServer(t, world...)
		f.sampled, f.perFrame, server = w == sampledWire, 1, f.URL
	}
	p := newFaultProxy(t, server)
	cfg := RemoteConfig{
		Name: "eu1", URL: "http://bob:hunter2@" + p.Addr().String() + "/api/v1/read", Timeout: timeout,
		Clock: clock, MaxBytesInFlight: faultyBytes, Concurrency: 1,
	}
	if w == jsonWire {
		return p, newTestRange(t, cfg)
	}
	return p, newTestRemote(t, cfg)
}

// Every fault ends by itself in an error that names the source and the reason, within bounds of memory, and the same read
// succeeds when the fault is over.
func TestFaultProxy(t *testing.T) {
	world := []memSeries{
		{labels.FromStrings("__name__", "up", "job", "a"), every(15, make([]float64, 400)...)},
		{labels.FromStrings("__name__", "up", "job", "b"), every(15, make([]float64, 400)...)},
	}
	q := Query{Detector: "Up", Expr: "max_over_time(up[1h])", From: t0 + 3_600_000, To: t0 + 3_600_000, Step: 60_000}
	gzipBomb()
	for w, name := range wires {
		for _, f := range faults {
			if f.kinds[w] == "" {
				continue
			}
			t.Run(name+"/"+f.name, func(t *testing.T) {
				clock, timeout := newHandClock(), 30*time.Second
				if f.slow {
					t.Parallel()
					timeout = 500 * time.Millisecond
				}
				p, src := faulty(t, wire(w), clock, timeout, world)
				want := read(t, src, q)
				p.set(f.spoil)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := src.Read(context.Background(), q)
				runtime.ReadMemStats(&after)
				checkError(t, err, f.kinds[w], f.want[w])
				checkError(t, err, f.kinds[w], `source "eu1"`)
				if grown := after.TotalAlloc - before.TotalAlloc; !f.slow && grown > 64<<20 {
					t.Errorf("%d MiB allocated, the source may hold 2", grown>>20)
				}
				p.set(nil)
				clock.Sleep(context.Background(), longestAsked)
				if diff := blockDiff(read(t, src, q), want); diff != "" {
					t.Errorf("after the fault: %s", diff)
				}
			})
		}
	}
}

// Bits that flip on the way: a streamed answer's checksums find every one; the other forms have none, so that a flip may pass
// as another value, but never ends in anything but an error or a whole block.
func TestBitFlips(t *testing.T) {
	world := []memSeries{{labels.FromStrings("__name__", "up", "job", "a"), every(15, make([]float64, 40)...)}}
	q := Query{Detector: "Up", Expr: "up", From: t0, To: t0 + 600_000, Step: 60_000}
	for w, name := range wires {
		clock := newHandClock()
		p, src := faulty(t, wire(w), clock, 30*time.Second, world)
		length := 0
		p.set(func(a *spoiled) { length = len(a.body); a.write(200, length, a.body) })
		want := read(t, src, q)
		for bit := 0; bit < 8*length; bit += 1 + 8*length/40 {
			p.set(func(a *spoiled) { a.body[bit/8] ^= 1 << (bit % 8); a.write(200, len(a.body), a.body) })
			clock.Sleep(context.Background(), longestAsked)
			b, err := src.Read(context.Background(), q)
			switch {
			case err == nil && (wire(w) == streamedWire || b.N != want.N || b.Step != want.Step):
				t.Errorf("%s: bit %d of %d flipped, and nobody notices: %s", name, bit, 8*length, show(b))
			case err != nil && ErrorKind(err) != KindProtocol && ErrorKind(err) != KindUnreachable && ErrorKind(err) != KindQuery:
				t.Errorf("%s: bit %d: %v", name, bit, err)
			}
		}
	}
}
