package corpus

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// columns says where in a row things stand.
type columns struct {
	time, label int // label is -1 without such a column
	values      []int
	names       []string // of the values
	width       int
}

// Other names under which the columns timestamp and label are known; they count where the proper one is not there.
var (
	timeNames  = []string{"timestamp", "time", "ts", "datetime", "date"}
	labelNames = []string{"label", "is_anomaly", "anomaly", "labels"}
)

// columnName is a header's field without what surrounds it.
func columnName(s string) string { return strings.TrimSpace(strings.TrimPrefix(s, "\ufeff")) }

// headerError says why there is no header.
func headerError(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty; its first line names the columns")
	}
	return fmt.Errorf("header: %w", err)
}

func parseHeader(header []string) (columns, error) {
	c := columns{time: -1, label: -1, width: len(header)}
	lower := make([]string, len(header))
	for i := range header {
		lower[i] = strings.ToLower(columnName(header[i]))
	}
	c.time, c.label = firstOf(lower, timeNames), firstOf(lower, labelNames)
	for i := range header {
		name := columnName(header[i])
		switch {
		case i == c.time || i == c.label:
		case lower[i] == "timestamp" || lower[i] == "label":
			return c, fmt.Errorf("the header has two columns called %s", lower[i])
		case name == "" || slices.Contains(c.names, name):
			return c, fmt.Errorf("column %d of the header is called %q; every value column needs a name of its own", i+1, name)
		default:
			c.values, c.names = append(c.values, i), append(c.names, name)
		}
	}
	if c.time < 0 || len(c.values) == 0 {
		return c, fmt.Errorf("the header is %q; it must have the column timestamp and at least one value column, for example timestamp,value,label", strings.Join(header, ","))
	}
	return c, nil
}

// firstOf is the place of the first of the names that is there, -1 for none.
func firstOf(header, names []string) int {
	for _, n := range names {
		if i := slices.Index(header, n); i >= 0 {
			return i
		}
	}
	return -1
}
