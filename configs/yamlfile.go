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

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

// parserErrors begin the messages of yaml's parser (not its scanner), which counts lines from 0.
var parserErrors = regexp.MustCompile(`^did not find expected (node content|key|'-' indicator|',' or|<document start>)`)

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
	e := &Error{Line: 1, Column: 1}
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		msg = m[2]
		e.Line, _ = strconv.Atoi(m[1]) // digits
		if parserErrors.MatchString(msg) {
			e.Line++
		}
	}
	e.Problem = "not YAML: " + msg
	if strings.Contains(msg, "expected ',' or") || strings.Contains(msg, "mapping values are not allowed") {
		e.Hint = "text that holds [ ] { } , : or # must be quoted, PromQL in braces too"
	}
	return e
}
