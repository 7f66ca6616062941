package configs

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:while .*? at )?line (\d+)(?:, column (\d+))?: ?(.*)$`)

// parseYAML returns the root node of the only document of a file, nil where it is empty.
func parseYAML(data []byte) (*yaml.Node, *Error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, syntaxError(err)
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, syntaxError(err)
		}
		return nil, &Error{
			Line: more.Line, Column: max(1, more.Column), Problem: "a second YAML document begins here",
			Hint: "a configuration is one document; use detector_files for several files",
		}
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

func syntaxError(err error) *Error {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return &Error{Line: 1, Column: 1, Problem: "not YAML: " + msg}
	}
	line, _ := strconv.Atoi(m[1])
	col := 1
	if m[2] != "" {
		col, _ = strconv.Atoi(m[2])
	}
	e := &Error{Line: max(1, line), Column: max(1, col), Problem: "not YAML: " + m[3]}
	if strings.Contains(m[3], "expected ',' or") || strings.Contains(m[3], "mapping values are not allowed") {
		e.Hint = "text that holds [ ] { } , : or # must be quoted, PromQL in braces too"
	}
	return e
}
