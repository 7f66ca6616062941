package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		data := []byte(text)
		if strings.HasSuffix(name, ".gz") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := z.Write(data); err != nil {
				t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			data = b.Bytes()
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCSV(t *testing.T) {
	// 2024-02-14 00:00:00 UTC is t0.
	dir := writeFiles(t, map[string]string{
		"nab/cpu.csv":   "timestamp,value\n2024-02-14 00:02:00,1\n2024-02-14 00:07:00,2\n2024-02-14 00:09:59,3\n2024-02-14 00:22:00,0\n",
		"multi.csv.gz":  "b,label,timestamp,a\n10,0,1707868800,1\n,1,2024-02-14T01:05:00+01:00,2\n30,,1707869400.000,NaN\n",
		"shuffled.csv":  "timestamp,value\n1707869400,3\n1707868800,1\n1707869100,2\n1707869100,2.5\n",
		"ignored.txt":   "not,a,csv\n",
		"allbad.csv":    "timestamp,value\nyesterday,1\n",
		"someother.csv": "when,what\n1,2\n",
	})
	c, err := OpenCSV(dir, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Step() != 5*time.Minute {
		t.Errorf("step %s", c.Step())
	}
	first, last := c.Bounds()
	if first.UnixMilli() != t0 || last.UnixMilli() != t0+22*60000 {
		t.Errorf("bounds %s to %s", first, last)
	}
	q := Query{From: t0, To: t0 + 1500000, Step: 300000}
	want := `{__name__="a", file="multi"} [1 2 NaN NaN NaN NaN]
{__name__="b", file="multi"} [10 NaN 30 NaN NaN NaN]
{__name__="cpu", file="nab/cpu"} [NaN 1 3 NaN NaN 0]
{__name__="shuffled", file="shuffled"} [1 2.5 3 NaN NaN NaN]`
	if got := show(read(t, c, q)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for expr, want := range map[string]string{
		`cpu`:                               `{__name__="cpu", file="nab/cpu"} [NaN 1 3 NaN NaN 0]`,
		`{file=~"mul.*"} > 5`:               `{__name__="b", file="multi"} [10 NaN 30 NaN NaN NaN]`,
		`sum({__name__=~"a|shuffled"})`:     `{} [2 4.5 3 NaN NaN NaN]`,
		`max_over_time(cpu[10m]) offset 5m`: ``,
	} {
		q := q
		q.Expr = expr
		q.Detector = "d"
		b, err := c.Read(context.Background(), q)
		if want == "" {
			if ErrorKind(err) != KindQuery {
				t.Errorf("%s: %v", expr, err)
			}
			continue
		}
		if got := show(b); err != nil || got != want {
			t.Errorf("%s: got\n%s\nwant\n%s (%v)", expr, got, want, err)
		}
	}
	n, rows := c.BadRows()
	if n != 2 || rows[0].Error() != `allbad:2: timestamp "yesterday"; write 2014-02-14 14:30:00 (UTC), RFC 3339 or Unix seconds` ||
		!strings.Contains(rows[1].Error(), `someother:1: the header is "when,what"; it must have the column timestamp`) {
		t.Errorf("%d bad rows: %v", n, rows)
	}
	marks := c.Labels()
	if len(marks) != 1 || marks[0].File != "multi" || !slices.Equal(marks[0].Label, []string{"0", "1", ""}) || marks[0].T[1] != t0+300000 {
		t.Errorf("labels %+v", marks)
	}
	moved := c.Shift(time.Hour)
	q.From, q.To = q.From+3600000, q.To+3600000
	if got := show(read(t, moved, q)); got != want {
		t.Errorf("moved:\n%s", got)
	}
	if first, _ := moved.Bounds(); first.UnixMilli() != t0+3600000 || moved.Labels()[0].T[0] != t0+3600000 {
		t.Errorf("moved bounds begin at %s", first)
	}
	q.Expr = "sum(cpu)"
	if b := read(t, moved, q); len(b.Rows) != 1 || b.Rows[0].V[1] != 1 {
		t.Errorf("moved PromQL: %s", show(b))
	}
}

func TestCSVBadRows(t *testing.T) {
	text := `timestamp,value
1707868800,1
1707868860000,2
1707868860,two
1707868920
1707868980,4,5
"1707869040,6
`
	c, err := OpenCSV(filepath.Join(writeFiles(t, map[string]string{"x.csv": text}), "x.csv"), CSVOptions{Step: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	n, rows := c.BadRows()
	var got []string
	for _, r := range rows {
		got = append(got, r.Error())
	}
	want := []string{
		`x:3: timestamp "1707868860000" is beyond the year 5138; write Unix seconds, not milliseconds`,
		`x:4: column value is "two", not a number (leave it empty for a missing sample)`,
		`x:5: 1 fields, the header has 2`,
		`x:6: 3 fields, the header has 2`,
		`x:7: parse error on line 7, column 15: extraneous or missing " in quoted-field`,
	}
	if n != 5 || !slices.Equal(got, want) {
		t.Errorf("%d bad rows:\n%s", n, strings.Join(got, "\n"))
	}
	if b := read(t, c, Query{From: t0, To: t0 + 60000, Step: 60000}); b.Rows[0].V[0] != 1 || !math.IsNaN(b.Rows[0].V[1]) {
		t.Errorf("good row: %s", show(b))
	}
}

func TestCSVErrors(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"bad.csv": "timestamp,value\nx,1\ny,2\n", "empty.csv": "", "head.csv": "timestamp\n", "twice.csv": "timestamp,a,a\n1,2,3\n", "plain.csv.gz.d/x.txt": "",
	})
	for name, want := range map[string]string{
		"bad.csv": "(and 1 more bad rows)", "empty.csv": "the files are empty", "head.csv": "at least one value column", "twice.csv": "needs a name of its own",
		"missing.csv": "no such file", "plain.csv.gz.d": "no *.csv and no *.csv.gz file",
	} {
		if _, err := OpenCSV(filepath.Join(dir, name), CSVOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	notGzip := filepath.Join(dir, "x.csv.gz")
	if err := os.WriteFile(notGzip, []byte("timestamp,value\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCSV(notGzip, CSVOptions{}); err == nil || !strings.Contains(err.Error(), "not a gzip file") {
		t.Errorf("not gzip: %v", err)
	}
}
