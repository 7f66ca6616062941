package outbox

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

// receiver is a chat service like Slack: a post always makes a new message (there is no idempotency key), but messages carry
// their sender's key, and can be looked up by it. It fails in the four ways that matter: refuses before doing anything,
// asks to come back later, does it and says 500, does it and cuts the connection.
type receiver struct {
	mu       sync.Mutex
	rng      *rand.Rand
	trouble  float64 // chance of each failure
	posts    []*post
	requests int
	injected int
}

type post struct {
	Key     string
	Version int
	Text    string
	Replies []reply
}

type reply struct {
	Version int
	Text    string
}

// request is the body of every call.
type request struct {
	Op      string // find, post, update, reply
	ID      int    // of the post, from 1
	Key     string
	Version int
	Text    string
}

// response answers find and post; ID is 0 if nothing was found.
type response struct {
	ID      int
	Replies []int // versions
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var q request
	if err := json.NewDecoder(req.Body).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.requests++
	if r.strikes() {
		http.Error(w, "refused", http.StatusServiceUnavailable)
		return
	}
	if r.strikes() {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "slow down", http.StatusTooManyRequests)
		return
	}
	res, err := r.do(q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if r.strikes() {
		http.Error(w, "done, but you shall not know", http.StatusInternalServerError)
		return
	}
	if r.strikes() {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	_ = json.NewEncoder(w).Encode(res)
}

func (r *receiver) strikes() bool {
	hit := r.rng.Float64() < r.trouble
	if hit {
		r.injected++
	}
	return hit
}

func (r *receiver) do(q request) (response, error) {
	if q.Op == "post" {
		r.posts = append(r.posts, &post{Key: q.Key, Version: q.Version, Text: q.Text})
		return response{ID: len(r.posts)}, nil
	}
	if q.Op == "find" {
		return r.find(q.Key), nil
	}
	if q.ID < 1 || q.ID > len(r.posts) {
		return response{}, fmt.Errorf("message %d not found", q.ID)
	}
	p := r.posts[q.ID-1]
	switch q.Op {
	case "update":
		if q.Version < p.Version {
			return response{}, fmt.Errorf("version %d after %d", q.Version, p.Version)
		}
		p.Version, p.Text = q.Version, q.Text
	case "reply":
		p.Replies = append(p.Replies, reply{q.Version, q.Text})
	default:
		return response{}, fmt.Errorf("unknown operation %q", q.Op)
	}
	return response{ID: q.ID}, nil
}

func (r *receiver) find(key string) (res response) {
	for i, p := range r.posts {
		if p.Key == key {
			res.ID = i + 1
			for _, rep := range p.Replies {
				res.Replies = append(res.Replies, rep.Version)
			}
		}
	}
	return res
}

// state is every message with its thread, one line each, in the order of keys; a doubled message is there twice.
func (r *receiver) state() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, p := range r.posts {
		s := p.Key + " v" + strconv.Itoa(p.Version) + " " + p.Text
		for _, rep := range p.Replies {
			s += fmt.Sprintf(" | reply %d: %s", rep.Version, rep.Text)
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}
