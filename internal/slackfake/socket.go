package slackfake

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// AppToken is the app-level token that apps.connections.open accepts.
const AppToken = "xapp-fake-token"

// ackTime is how long the workspace waits for the acknowledgement of an envelope, as Slack does.
const ackTime = 3 * time.Second

// socket is one Socket Mode connection of the app.
type socket struct {
	conn *websocket.Conn
	mu   sync.Mutex // held while writing
}

func (c *socket) send(v any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.WriteJSON(v)
}

// openConnection answers apps.connections.open, which takes another token than the other methods.
func (s *Server) openConnection(w http.ResponseWriter, r *http.Request) {
	f := s.begin("apps.connections.open")
	if f.before(s, w, r) {
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+AppToken {
		writeJSON(w, failure(s, fail("invalid_auth")))
		return
	}
	ticket, _ := s.next()
	s.mu.Lock()
	s.tickets[ticket] = true
	s.mu.Unlock()
	writeJSON(w, object{"ok": true, "url": "ws" + strings.TrimPrefix(s.URL(), "http") + "/link/?ticket=" + ticket})
}

// serveSocket is one connection: it says hello and reads acknowledgements.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	ok := s.tickets[ticket]
	delete(s.tickets, ticket)
	s.mu.Unlock()
	if !ok {
		http.Error(w, "no such ticket", http.StatusForbidden)
		return
	}
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &socket{conn: conn}
	defer func() { _ = conn.Close() }()
	if c.send(object{"type": "hello", "num_connections": 1, "connection_info": object{"app_id": "A0000FAKE"}}) != nil {
		return
	}
	s.mu.Lock()
	s.sockets = append(s.sockets, c)
	s.mu.Unlock()
	for {
		var ack struct {
			ID      string          `json:"envelope_id"`
			Payload json.RawMessage `json:"payload"`
		}
		if conn.ReadJSON(&ack) != nil {
			break
		}
		s.mu.Lock()
		if got := s.acks[ack.ID]; got != nil {
			delete(s.acks, ack.ID)
			got <- string(ack.Payload)
		}
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets = without(s.sockets, c)
}

func without(cs []*socket, gone *socket) (out []*socket) {
	for _, c := range cs {
		if c != gone {
			out = append(out, c)
		}
	}
	return out
}

// Connections is how many Socket Mode connections the app has open.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// Disconnect ends all connections: with a reason as Slack does when it asks for a new one ("refresh_requested", "warning",
// "link_disabled"), or with "" by cutting them.
func (s *Server) Disconnect(reason string) {
	s.mu.Lock()
	all := s.sockets
	s.sockets = nil
	s.mu.Unlock()
	for _, c := range all {
		if reason != "" {
			_ = c.send(object{"type": "disconnect", "reason": reason})
			continue
		}
		_ = c.conn.Close()
	}
}

// Envelope delivers a payload of that kind (interactive, slash_commands), whatever it is, through the newest Socket Mode connection and
// waits for the acknowledgement.
func (s *Server) Envelope(kind string, payload []byte) (Answer, error) {
	s.mu.Lock()
	var c *socket
	if n := len(s.sockets); n > 0 {
		c = s.sockets[n-1]
	}
	s.nextID++
	id := "envelope-" + strconv.Itoa(s.nextID)
	got := make(chan string, 1)
	s.acks[id] = got
	s.mu.Unlock()
	if c == nil {
		return Answer{}, errors.New("the app has no Socket Mode connection")
	}
	began := time.Now()
	if err := c.send(object{
		"type": kind, "envelope_id": id, "payload": json.RawMessage(payload), "accepts_response_payload": kind == "slash_commands",
	}); err != nil {
		return Answer{}, err
	}
	select {
	case body := <-got:
		return Answer{http.StatusOK, body, time.Since(began)}, nil
	case <-time.After(ackTime):
		return Answer{}, errors.New("the envelope was not acknowledged in time")
	}
}
