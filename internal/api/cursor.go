package api

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/url"

	"github.com/cespare/xxhash/v2"
)

// cursor is a place in a list, and the query that the list belongs to. It carries the time range of the first page, so that
// "the last 24 hours" does not move from page to page.
type cursor struct {
	query    uint64 // queryHash
	from, to int64
	start    Time // of the last row, where the order begins with it
	id       string
}

const (
	cursorVersion  = 1
	maxCursorBytes = 1024
)

var errCursor = errors.New("malformed")

// queryHash identifies the route and all parameters but those that may change from page to page.
func queryHash(routeID string, q url.Values) uint64 {
	rest := url.Values{}
	for name, values := range q {
		if name != "cursor" && name != "limit" {
			rest[name] = values
		}
	}
	return xxhash.Sum64String(routeID + "?" + rest.Encode())
}

func (c cursor) String() string {
	b := binary.BigEndian.AppendUint64([]byte{cursorVersion}, c.query)
	b = binary.AppendVarint(b, c.from)
	b = binary.AppendVarint(b, c.to)
	b = binary.AppendVarint(b, int64(c.start))
	return base64.RawURLEncoding.EncodeToString(append(b, c.id...))
}

func parseCursor(text string) (cursor, error) {
	if len(text) > maxCursorBytes {
		return cursor{}, errCursor
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 9 || b[0] != cursorVersion {
		return cursor{}, errCursor
	}
	c := cursor{query: binary.BigEndian.Uint64(b[1:])}
	b = b[9:]
	var start int64
	for _, field := range []*int64{&c.from, &c.to, &start} {
		v, n := binary.Varint(b)
		if n <= 0 || v < minTime || v > maxTime {
			return cursor{}, errCursor
		}
		*field, b = v, b[n:]
	}
	c.start, c.id = Time(start), string(b)
	return c, nil
}

// cursor reads the place to go on from, nil if it was not given.
func (a *args) cursor() *cursor {
	p, v, ok := a.value("cursor")
	if !ok {
		return nil
	}
	c, err := parseCursor(v)
	switch {
	case err != nil:
		a.reject(p, v, "is malformed; pass next_cursor of the page before as it stands")
	case c.query != queryHash(a.route.id, a.query):
		a.reject(p, v, "belongs to another query; only limit may change from page to page")
	}
	return &c
}

// next is the cursor after a page's last row.
func (a *args) next(from, to int64, start Time, id string) string {
	return cursor{query: queryHash(a.route.id, a.query), from: from, to: to, start: start, id: id}.String()
}
