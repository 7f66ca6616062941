package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tidewatch/tidewatch/internal/store"
)

var errDead = errors.New("the process is dead")

// point is where the run may die.
func (c *chaos) point(where string) { c.pointAt(where, 1) }

// pointAt is a point that takes a share of the ordinary chance.
func (c *chaos) pointAt(where string, share float64) {
	if c.dead || c.s == nil && c.calm {
		return
	}
	c.points++
	if c.calm || c.points != c.dieAt && c.rng.Float64() >= c.deadly*share {
		return
	}
	c.dead = true
	c.deaths++
	c.forgot = c.forgot || c.s != nil && (c.s.faulty("journal") || c.s.faulty("store"))
	how := ""
	if err := c.leaveCorpse(&how); err != nil {
		panic(err) // the test's own disk
	}
	c.note("dies %s%s", where, how)
}

// leaveCorpse copies the state. In every other case the machine dies with the process: what was written and not synced is there in
// part.
func (c *chaos) leaveCorpse(how *string) error {
	c.dirs++
	c.corpse = filepath.Join(c.root, strconv.Itoa(c.dirs))
	if err := os.CopyFS(c.corpse, os.DirFS(c.dir)); err != nil {
		return err
	}
	if c.rng.IntN(2) == 0 {
		return nil
	}
	*how = ", with the machine"
	for name, synced := range c.synced {
		rel, err := filepath.Rel(c.dir, name)
		if err != nil || strings.HasPrefix(rel, "..") {
			continue
		}
		if err := c.tear(filepath.Join(c.corpse, rel), synced); err != nil {
			return err
		}
	}
	if c.torn[1] > c.torn[0] {
		*how += ", the commit's last pages torn"
		return c.tear(filepath.Join(c.corpse, "state.db-wal"), c.torn[0])
	}
	return nil
}

// tear keeps the first bytes of a file and of the others some; the last that are kept may be nonsense.
func (c *chaos) tear(path string, keep int64) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || int64(len(b)) <= keep {
		return err
	}
	b = b[:keep+c.rng.Int64N(int64(len(b))-keep)]
	for i := max(keep, int64(len(b))-c.rng.Int64N(16)); i < int64(len(b)); i++ {
		b[i] = byte(c.rng.Uint32())
	}
	return os.WriteFile(path, b, 0o600)
}

// strikes says whether something goes wrong now.
func (c *chaos) strikes() bool { return !c.dead && !c.calm && c.rng.Float64() < c.trouble }

// noRoom says whether the disk is full now. It stays so for up to twenty minutes.
func (c *chaos) noRoom(where string) bool {
	if c.dead || c.calm || c.roomy {
		return false
	}
	if c.now >= c.full && c.rng.Float64() < c.trouble/20 {
		c.full = c.now + c.rng.Int64N(20*minute)
		c.note("disk full %s, until %s", where, time.UnixMilli(c.full).UTC().Format(time.TimeOnly))
	}
	return c.now < c.full
}

// commit is around each commit of the database.
func (c *chaos) commit(commit func() error) error {
	c.point("before a commit")
	if c.noRoom("at a commit") {
		return syscall.ENOSPC
	}
	wal := filepath.Join(c.dir, "state.db-wal")
	before := fileSize(wal)
	err := commit()
	c.torn = [2]int64{before, fileSize(wal)}
	c.point("after a commit")
	c.torn = [2]int64{}
	return err
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// chaosFS is the disk that the journal and the snapshots are written to.
type chaosFS struct{ c *chaos }

type chaosFile struct {
	c *chaos
	*os.File
}

// point is one of the file's. A snapshot has so many that the run would die in little else.
func (f chaosFile) point(where string) {
	kind, share := "the journal", 1.0
	if strings.Contains(f.Name(), "snapshots/") {
		kind, share = "a snapshot", 0.02
	}
	f.c.pointAt(where+" "+kind, share)
}

// OpenFile implements store.FS.
func (f chaosFS) OpenFile(name string, flag int, perm os.FileMode) (store.File, error) {
	if flag&os.O_CREATE != 0 && f.c.noRoom("at a new file") {
		return nil, &os.PathError{Op: "open", Path: name, Err: syscall.ENOSPC}
	}
	file, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	f.c.synced[name] = fileSize(name)
	return chaosFile{f.c, file}, nil
}

// Rename implements store.FS.
func (f chaosFS) Rename(from, to string) error {
	return f.c.between("a rename", func() error { return os.Rename(from, to) })
}

// RemoveAll implements store.FS.
func (f chaosFS) RemoveAll(path string) error {
	return f.c.between("a removal", func() error { return os.RemoveAll(path) })
}

// between is a change with a point before it and one after it.
func (c *chaos) between(what string, change func() error) error {
	c.point("before " + what)
	err := change()
	c.point("after " + what)
	return err
}

// Write implements io.Writer: in two parts, between which the process may die or the disk fill up.
func (f chaosFile) Write(b []byte) (int, error) {
	f.point("before a write to")
	half := 0
	if len(b) > 0 {
		half = f.c.rng.IntN(len(b))
	}
	n, err := f.File.Write(b[:half])
	if err != nil {
		return n, err
	}
	f.point("within a write to")
	if f.c.noRoom("within a write") {
		return n, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	m, err := f.File.Write(b[half:])
	f.point("after a write to")
	return n + m, err
}

// Sync implements store.File.
func (f chaosFile) Sync() error {
	f.point("before a sync of")
	if f.c.noRoom("at a sync") {
		return &os.PathError{Op: "sync", Path: f.Name(), Err: syscall.ENOSPC}
	}
	f.c.synced[f.Name()] = fileSize(f.Name())
	f.point("after a sync of")
	return nil
}

// Truncate implements store.File.
func (f chaosFile) Truncate(size int64) error {
	f.point("before a cut of")
	err := f.File.Truncate(size)
	f.c.synced[f.Name()] = min(f.c.synced[f.Name()], size)
	f.point("after a cut of")
	return err
}

// moved gives the outbox the time by which the evaluation's clock has moved.
func (c *chaos) moved(ctx context.Context, at int64) error {
	if c.dead {
		return errDead
	}
	c.limit += max(0, at-c.seen)
	c.seen = at
	if err := c.send(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if c.dead {
		return errDead
	}
	return nil
}

// send runs the outbox until limit.
func (c *chaos) send(ctx context.Context) error {
	ctx, c.pause = context.WithCancel(ctx)
	defer c.pause()
	err := c.s.outbox.Drain(ctx)
	if err == nil && c.limit < 1<<62 {
		c.pass(c.limit)
	}
	return err
}

// sleep is how the outbox waits: not beyond its limit.
func (c *chaos) sleep(_ context.Context, d time.Duration) {
	until := c.now + max(1, d.Milliseconds())
	if c.dead || until > c.limit {
		until = min(until, c.limit)
		c.pause()
	}
	c.pass(until)
}

// pass lets time pass; what was under way arrives.
func (c *chaos) pass(until int64) {
	for len(c.late) > 0 && c.late[0].at <= until {
		r := c.late[0]
		c.late = c.late[1:]
		c.now = max(c.now, r.at)
		c.note("%s arrives", r.req.URL.Path)
		c.slack.ServeHTTP(httptest.NewRecorder(), r.req)
	}
	c.now = max(c.now, until)
}

// moveClock sets the outbox's clock wrong, or right again, by up to an hour, and now and then the evaluation's back.
func (c *chaos) moveClock() {
	if c.strikes() {
		c.skew = c.rng.Int64N(2*hour) - hour
		c.note("clock wrong by %v", time.Duration(c.skew)*time.Millisecond)
	}
	if c.strikes() {
		back := c.rng.Int64N(hour / 2)
		c.seen -= back
		c.clock.ms.Store(c.seen)
		c.note("clock moved back by %v", time.Duration(back)*time.Millisecond)
	}
}

// lateRequest is one that the client has given up before it arrives.
type lateRequest struct {
	at  int64
	req *http.Request
}

// RoundTrip implements http.RoundTripper: the way to Slack.
func (c *chaos) RoundTrip(req *http.Request) (*http.Response, error) {
	path := req.URL.Path
	c.point("before " + path)
	if c.dead {
		return nil, errDead
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	in := httptest.NewRequest(req.Method, req.URL.RequestURI(), bytes.NewReader(body))
	in.Header = req.Header.Clone()
	if c.strikes() {
		return c.mistreat(in)
	}
	res := c.serve(in)
	c.point("after " + path)
	if c.dead {
		return nil, errDead
	}
	return res, nil
}

func (c *chaos) serve(in *http.Request) *http.Response {
	out := httptest.NewRecorder()
	c.slack.ServeHTTP(out, in)
	return out.Result()
}

const requestTimeout = 10_000 // the notifier's own, ms

// mistreat is what becomes of a request that meets a fault.
func (c *chaos) mistreat(in *http.Request) (*http.Response, error) {
	path := in.URL.Path
	kind := c.rng.IntN(8)
	c.note("%s meets fault %s", path, [...]string{
		"429", "500", "time-out", "connection cut", "500 after it was done", "time-out after it was done", "answer lost", "delay",
	}[kind])
	if kind >= 4 && kind < 7 {
		c.serve(in)
	}
	switch kind {
	case 0:
		return fault(http.StatusTooManyRequests, strconv.Itoa(1+c.rng.IntN(30))), nil
	case 1, 4:
		return fault(http.StatusInternalServerError, ""), nil
	case 3, 6:
		return nil, io.ErrUnexpectedEOF
	case 7:
		c.late = append(c.late, lateRequest{c.now + requestTimeout + c.rng.Int64N(8000), in})
	}
	c.pass(c.now + requestTimeout)
	return nil, os.ErrDeadlineExceeded
}

// fault is an answer that is not Slack's.
func fault(status int, retryAfter string) *http.Response {
	out := httptest.NewRecorder()
	if retryAfter != "" {
		out.Header().Set("Retry-After", retryAfter)
	}
	http.Error(out, "<html>no</html>", status)
	return out.Result()
}
