package slackfake

import (
	"fmt"
	"regexp"
)

type object = map[string]any

func (c *checker) section(at string, b object) {
	fields, _ := b["fields"].([]any)
	if b["text"] == nil && len(fields) == 0 {
		c.bad(at, "missing required field: text")
	}
	if b["text"] != nil {
		c.text(at+"/text", b["text"], maxSection, "mrkdwn", "plain_text")
	}
	if len(fields) > maxFields {
		c.bad(at+"/fields", "no more than %d items allowed", maxFields)
	}
	for i, f := range fields {
		c.text(fmt.Sprintf("%s/fields/%d", at, i), f, maxField, "mrkdwn", "plain_text")
	}
	if a, ok := b["accessory"].(object); ok {
		c.element(at+"/accessory", a)
	}
}

// text checks a text object: one of the given types, 1 to limit characters.
func (c *checker) text(at string, v any, limit int, kinds ...string) {
	t, ok := v.(object)
	if !ok {
		c.bad(at, "missing required field: text")
		return
	}
	kind, _ := t["type"].(string)
	known := false
	for _, k := range kinds {
		known = known || k == kind
	}
	if !known {
		c.bad(at+"/type", "failed to match all allowed schemas")
	}
	if _, emoji := t["emoji"]; emoji && kind == "mrkdwn" {
		c.bad(at, "additional property: emoji")
	}
	text, _ := t["text"].(string)
	n := length(text)
	c.total += n
	switch {
	case n == 0:
		c.bad(at+"/text", "must be more than 0 characters")
	case n > limit:
		c.bad(at+"/text", "must be less than %d characters", limit+1)
	}
}

var fileID = regexp.MustCompile(`^F[A-Z0-9]{8,}$`)

// image checks an image block or element.
func (c *checker) image(at string, b object) {
	alt, _ := b["alt_text"].(string)
	switch n := length(alt); {
	case n == 0:
		c.bad(at, "missing required field: alt_text")
	case n > maxAlt:
		c.bad(at+"/alt_text", "must be less than %d characters", maxAlt+1)
	}
	if b["title"] != nil {
		c.text(at+"/title", b["title"], maxTitle, "plain_text")
	}
	link, hasURL := b["image_url"].(string)
	file, hasFile := b["slack_file"].(object)
	switch {
	case hasURL == hasFile:
		c.bad(at, "exactly one of image_url and slack_file is required")
	case hasURL && (link == "" || length(link) > maxURL):
		c.bad(at+"/image_url", "must be 1 to %d characters", maxURL)
	case hasFile:
		c.file(at+"/slack_file", file)
	}
}

func (c *checker) file(at string, f object) {
	id, _ := f["id"].(string)
	switch {
	case !fileID.MatchString(id):
		c.bad(at+"/id", "input must match regex pattern: %s", fileID)
	case c.usable != nil && !c.usable(id):
		c.bad(at, "invalid slack file")
	}
}

// list checks the elements of a context or actions block.
func (c *checker) list(at string, b object, most int, check func(string, object)) {
	elements, _ := b["elements"].([]any)
	if len(elements) == 0 || len(elements) > most {
		c.bad(at+"/elements", "1 to %d items allowed", most)
	}
	for i, v := range elements {
		e, ok := v.(object)
		if !ok {
			c.bad(fmt.Sprintf("%s/elements/%d", at, i), "must be an object")
			continue
		}
		check(fmt.Sprintf("%s/elements/%d", at, i), e)
	}
}

// element is a text or an image of a context block, or the accessory of a section.
func (c *checker) element(at string, e object) {
	switch e["type"] {
	case "image":
		c.image(at, e)
	case "button":
		c.button(at, e)
	default:
		c.text(at, e, maxSection, "mrkdwn", "plain_text")
	}
}

// action is an interactive element of an actions block.
func (c *checker) action(at string, e object) {
	if e["type"] != "static_select" {
		c.button(at, e)
		return
	}
	c.id(at, "action_id", e)
	c.text(at+"/placeholder", e["placeholder"], maxOption, "plain_text")
	options, _ := e["options"].([]any)
	if len(options) == 0 || len(options) > maxOptions {
		c.bad(at+"/options", "1 to %d items allowed", maxOptions)
	}
	for i, v := range options {
		at := fmt.Sprintf("%s/options/%d", at, i)
		o, _ := v.(object)
		c.text(at+"/text", o["text"], maxOptionTxt, "plain_text")
		if value, _ := o["value"].(string); value == "" || length(value) > maxOption {
			c.bad(at+"/value", "must be 1 to %d characters", maxOption)
		}
	}
}

func (c *checker) button(at string, e object) {
	if e["type"] != "button" {
		c.bad(at+"/type", "unsupported type: %v", e["type"])
		return
	}
	c.id(at, "action_id", e)
	c.text(at+"/text", e["text"], maxButton, "plain_text")
	for name, most := range map[string]int{"url": maxURL, "value": maxValue} {
		if v, ok := e[name].(string); ok && length(v) > most {
			c.bad(at+"/"+name, "must be less than %d characters", most+1)
		}
	}
}
