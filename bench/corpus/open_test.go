package corpus

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write makes a directory of files; the text of one that ends in .gz is compressed.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		data := []byte(text)
		if strings.HasSuffix(name, ".gz") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, err := z.Write(data)
			if err == nil {
				err = z.Close()
			}
			if err != nil {
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

// readOne reads a directory of one file.
func readOne(t *testing.T, name, text string, opts Options) (*Series, error) {
	t.Helper()
	cs, err := Open(write(t, map[string]string{name: text}), opts)
	if err != nil {
		t.Fatal(err)
	}
	return cs[0].Files[0].Read()
}

// minutes is n rows, a minute apart.
func minutes(n int) string {
	var b strings.Builder
	b.WriteString("timestamp,value\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,%d\n", 600+60*i, i)
	}
	return b.String()
}

func TestOpen(t *testing.T) {
	names := func(dir string) string {
		cs, err := Open(dir, Options{})
		if err != nil {
			return err.Error()
		}
		var out []string
		for _, c := range cs {
			out = append(out, fmt.Sprintf("%s(nab %v):", c.Name, c.NAB))
			for _, f := range c.Files {
				out = append(out, f.Name)
			}
		}
		return strings.Join(out, " ")
	}
	dir := write(t, map[string]string{
		"web/b.csv": minutes(1), "web/deep/a.csv.gz": minutes(1), "web/notes.txt": "", "web/MANIFEST.csv": "file\n", "db/x.csv": minutes(1), "empty/readme.md": "",
		"numenta/labels/combined_windows.json": `{"g/x.csv": []}`, "numenta/data/g/x.csv": minutes(1), "numenta/data/README.csv.md": "",
	})
	for at, want := range map[string]string{
		dir:                                "db(nab false): db/x.csv numenta(nab true): numenta/data/g/x.csv web(nab false): web/b.csv web/deep/a.csv.gz",
		filepath.Join(dir, "web"):          "web(nab false): b.csv deep/a.csv.gz",
		filepath.Join(dir, "numenta"):      "numenta(nab true): data/g/x.csv",
		filepath.Join(dir, "web", "b.csv"): "web(nab false): b.csv",
	} {
		if got := names(at); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", at, got, want)
		}
	}
	if got := names(filepath.Join(dir, "empty")); !strings.Contains(got, "no *.csv and no *.csv.gz file under") {
		t.Error(got)
	}
	if got := names(filepath.Join(dir, "nowhere")); !strings.Contains(got, "no such file") {
		t.Error(got)
	}
}

func TestTraining(t *testing.T) {
	for _, c := range []struct {
		rows     int
		manifest string
		want     int
	}{
		{100, "", 15},     // 15 % of the rows
		{10_000, "", 750}, // at most 750
		{100, "file,train_points\na.csv,40\n", 40},
		{100, "file,points,train_points\n./a.csv.gz,100,\n", 15}, // the name without endings decides; nothing is said
		{100, "train_points,file\n0,a.csv\n", 0},
		{100, "file,train_points\na.csv,100\n", 100},
	} {
		cs, err := Open(write(t, map[string]string{"a.csv": minutes(c.rows), manifestName: c.manifest}), Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := cs[0].Files[0].Read()
		if err != nil || s.From != c.want {
			t.Errorf("%q: from %d, want %d (%v)", c.manifest, s.From, c.want, err)
		}
	}
	cs, err := Open(write(t, map[string]string{
		"a.csv": minutes(3), manifestName: "file,train_points\na.csv,9\nb.csv,1\na.csv,many\n\"x\n",
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := cs[0].Files[0].Read()
	if err != nil || s.From != 3 || len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Error(), "train_points 9: nothing is measured") {
		t.Errorf("from %d, %v, %v", s.From, s.Problems, err)
	}
	var got []string
	for _, p := range cs[0].Problems {
		got = append(got, p.Error())
	}
	want := []string{
		`MANIFEST.csv:3: column file: "b.csv" is not there`, `MANIFEST.csv:4: column train_points: "many" is not a number of rows`,
		`MANIFEST.csv:5: extraneous or missing " in quoted-field`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestTrainingCountsRowsNotPoints(t *testing.T) {
	// Four training rows: two of one time, one out of order, then a gap.
	cs, err := Open(write(t, map[string]string{
		"a.csv":      "timestamp,value\n60,1\n60,2\n180,3\n120,2\n600,4\n660,5\n",
		manifestName: "file,train_points\na.csv,4\n",
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := cs[0].Files[0].Read()
	if err != nil || sketch(s) != "60/60 from 10; value 2 2 3 . . . . . . 4 5; 1 out of order; 1 duplicates" {
		t.Errorf("%s, %v", sketch(s), err)
	}
}

func TestNAB(t *testing.T) {
	dir := write(t, map[string]string{
		"labels/combined_windows.json": `{"g/a.csv": [["2014-04-10 00:05:00.000000", "2014-04-10 00:10:00.000000"]], "g/b.csv": []}`,
		"data/g/a.csv":                 "timestamp,value\n2014-04-10 00:00:00,1\n2014-04-10 00:05:00,2\n2014-04-10 00:10:00,3\n2014-04-10 00:15:00,4\n",
		"data/g/b.csv":                 "timestamp,value\n2014-04-10 00:00:00,1\n2014-04-10 00:05:00,2\n",
		"data/g/c.csv":                 "timestamp,value\n2014-04-10 00:00:00,1\n2014-04-10 00:05:00,2\n",
	})
	cs, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]bool{{false, true, true, false}, {false, false}, nil} // c is not in the labels
	for i, f := range cs[0].Files {
		s, err := f.Read()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want[i], s.Label); d != "" {
			t.Errorf("%s: %s", s.Name, d)
		}
		if i == 0 && (len(s.Windows) != 1 || s.Windows[0][0] != s.Rows[1].T || s.Windows[0][1] != s.Rows[2].T) {
			t.Errorf("windows %v, rows %v", s.Windows, s.Rows)
		}
	}
	for _, text := range []string{"[]", `{"g/a.csv": [["then", "now"]]}`} {
		if err := os.WriteFile(filepath.Join(dir, windowsFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), windowsFile) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
