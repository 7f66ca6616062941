package slackfake

import (
	"encoding/json"
	"fmt"
	"unicode/utf16"
)

// Slack's limits, in characters. Characters are counted as UTF-16 units, which is the strictest reading. maxBlockText is not
// documented; it is what users have reported for msg_blocks_too_long.
const (
	maxText      = 40000
	maxMetadata  = 8000 // bytes
	maxBlocks    = 50
	maxBlockText = 13200
	maxSection   = 3000
	maxField     = 2000
	maxFields    = 10
	maxHeader    = 150
	maxAlt       = 2000
	maxTitle     = 2000
	maxURL       = 3000
	maxID        = 255
	maxContext   = 10
	maxActions   = 25
	maxButton    = 75
	maxValue     = 2000
	maxOptions   = 100
	maxOption    = 150 // value of an option
	maxOptionTxt = 75
)

// length counts characters as Slack's limits do.
func length(s string) int { return len(utf16.Encode([]rune(s))) }

// CheckBlocks checks a JSON array of blocks as chat.postMessage does, except that files are not looked up. It returns what
// Slack would say, nil if the blocks are in order.
func CheckBlocks(blocks json.RawMessage) error {
	c := checker{}
	if e := c.check(blocks); e != nil {
		return fmt.Errorf("%s: %v", e.Code, e.Messages)
	}
	return nil
}

// checkBlocks checks blocks and the files that they show.
func (s *Server) checkBlocks(blocks json.RawMessage) *apiError {
	c := checker{usable: func(id string) bool {
		f := s.files[id]
		return f != nil && f.image() && s.usable(f)
	}}
	return c.check(blocks)
}

// checker walks over blocks and gathers what is wrong with them, each with its JSON pointer.
type checker struct {
	problems []string
	total    int
	ids      map[string]bool
	usable   func(fileID string) bool // nil: files are not looked up
}

func (c *checker) check(raw json.RawMessage) *apiError {
	var blocks []object
	if json.Unmarshal(raw, &blocks) != nil {
		return fail("invalid_blocks_format")
	}
	if len(blocks) > maxBlocks {
		c.bad("/blocks", "no more than %d items allowed", maxBlocks)
	}
	c.ids = map[string]bool{}
	for i, b := range blocks {
		c.block(fmt.Sprintf("/blocks/%d", i), b)
	}
	switch {
	case len(c.problems) > 0:
		return &apiError{Code: "invalid_blocks", Messages: c.problems}
	case c.total > maxBlockText:
		return fail("msg_blocks_too_long")
	}
	return nil
}

func (c *checker) bad(at, format string, v ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, v...)+" [json-pointer:"+at+"]")
}

func (c *checker) block(at string, b object) {
	c.id(at, "block_id", b)
	switch kind, _ := b["type"].(string); kind {
	case "section":
		c.section(at, b)
	case "header":
		c.text(at+"/text", b["text"], maxHeader, "plain_text")
	case "image":
		c.image(at, b)
	case "context":
		c.list(at, b, maxContext, c.element)
	case "actions":
		c.list(at, b, maxActions, c.action)
	case "divider":
	default:
		c.bad(at+"/type", "unsupported type: %v", b["type"])
	}
}

// id checks a block_id or action_id: at most 255 characters, and unique in the message.
func (c *checker) id(at, name string, b object) {
	id, ok := b[name].(string)
	switch {
	case !ok:
	case length(id) > maxID:
		c.bad(at+"/"+name, "must be less than %d characters", maxID+1)
	case c.ids[name+id]:
		c.bad(at, "`%s` already exists in this message", name)
	default:
		c.ids[name+id] = true
	}
}
