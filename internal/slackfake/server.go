package slackfake

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// DefaultToken is the bot token that a server accepts when Options names none.
const DefaultToken = "xoxb-fake-token"

// DefaultScopes are the scopes of the token when Options names none: those of the app manifest.
var DefaultScopes = []string{
	"chat:write", "commands", "files:write", "channels:history", "groups:history", "channels:read", "groups:read",
}

// Options configures a Server. The zero value works: a random port on the loop-back interface, one channel #oncall that the
// bot is a member of, no rate limit.
type Options struct {
	Addr     string   // host:port to listen on; "" is 127.0.0.1:0
	Token    string   // the accepted bot token
	Scopes   []string // the token's scopes, also sent as X-OAuth-Scopes
	Channels []Channel
	// RateLimit answers 429 with Retry-After when a channel gets more than one message in a second, as Slack may.
	RateLimit bool
	// FileDelay is how long an uploaded file stays unusable in blocks after its upload was completed: Slack processes files
	// asynchronously and answers invalid_blocks until it is done.
	FileDelay time.Duration
	Clock     func() time.Time // nil is time.Now
}

// Channel is a conversation of the workspace.
type Channel struct {
	ID, Name  string
	Private   bool
	Archived  bool
	NotMember bool   // the bot has not been invited
	Hook      string // the secret in the address of the channel's incoming webhook; "" makes one from the ID
}

// Server is a running fake workspace. It is safe for concurrent use.
type Server struct {
	opts     Options
	mux      *http.ServeMux
	listener net.Listener
	http     *http.Server
	closed   chan struct{}
	once     sync.Once

	mu     sync.Mutex
	chans  map[string]*channelLog // by ID
	order  []string               // channel IDs in the order of Options
	files  map[string]*file
	lastTS int64
	nextID int
	faults []*injection
	calls  map[string]int

	endpoint, signing string // where interactions go, "" is Socket Mode, and what signs them
	shown             []Shown
	tickets           map[string]bool // connections that may be opened
	sockets           []*socket
	acks              map[string]chan string // by envelope
}

// New starts a server and panics if it cannot listen, as httptest.NewServer does; Listen returns the error instead.
func New(opts Options) *Server {
	s, err := Listen(opts)
	if err != nil {
		panic(err) // as httptest.NewServer does
	}
	return s
}

// Listen starts a server on opts.Addr.
func Listen(opts Options) (*Server, error) {
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("listening for the fake Slack: %w", err)
	}
	s := newServer(opts)
	s.listener = l
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.http.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.shut()
		}
	}()
	return s, nil
}

// newServer builds the workspace without listening.
func newServer(opts Options) *Server {
	if opts.Token == "" {
		opts.Token = DefaultToken
	}
	if opts.Scopes == nil {
		opts.Scopes = DefaultScopes
	}
	if len(opts.Channels) == 0 {
		opts.Channels = []Channel{{ID: "C0000ONCALL", Name: "oncall"}}
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	s := &Server{
		opts: opts, mux: http.NewServeMux(), closed: make(chan struct{}),
		chans: map[string]*channelLog{}, files: map[string]*file{}, calls: map[string]int{},
		tickets: map[string]bool{}, acks: map[string]chan string{},
	}
	for _, c := range opts.Channels {
		s.chans[c.ID] = &channelLog{Channel: c}
		s.order = append(s.order, c.ID)
	}
	s.mux.HandleFunc("/api/{method}", s.serveMethod)
	s.mux.HandleFunc("/api/apps.connections.open", s.openConnection)
	s.mux.HandleFunc("GET /link/", s.serveSocket)
	s.mux.HandleFunc("POST /actions/{team}/{id}/{secret}", s.serveResponse)
	s.mux.HandleFunc("POST /upload/v1/{id}", s.serveUpload)
	s.mux.HandleFunc("GET /files/{id}", s.serveFile)
	s.mux.HandleFunc("POST /services/{team}/{bot}/{secret}", s.serveWebhook)
	s.mux.HandleFunc("GET /{$}", s.servePage)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// URL is the address of the page, without a trailing slash.
func (s *Server) URL() string {
	if s.listener == nil {
		return "http://slack.invalid"
	}
	return "http://" + s.listener.Addr().String()
}

// APIURL is what Slack's clients take as the base of the Web API; it ends in a slash.
func (s *Server) APIURL() string { return s.URL() + "/api/" }

// WebhookURL is the incoming webhook of a channel, named by its ID or its name.
func (s *Server) WebhookURL(channel string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.find(channel); c != nil {
		return s.URL() + "/services/T0000FAKE/B0000FAKE/" + c.hook()
	}
	return s.URL() + "/services/T0000FAKE/B0000FAKE/unknown"
}

// Token is the accepted bot token.
func (s *Server) Token() string { return s.opts.Token }

// Calls is how many requests a method has had ("upload" and "webhook" count those), injected failures included.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Close stops the server and lets go of hanging requests.
func (s *Server) Close() {
	s.shut()
	s.Disconnect("")
	if s.http == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
	}
}

func (s *Server) shut() { s.once.Do(func() { close(s.closed) }) }
