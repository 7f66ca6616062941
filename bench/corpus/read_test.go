package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sketch is a series in one line: start/step in seconds, first measured point, values by channel (. is missing), labels.
func sketch(s *Series) string {
	out := fmt.Sprintf("%g/%g from %d", float64(s.Start)/1000, float64(s.Step)/1000, s.From)
	for c, v := range s.Values {
		out += fmt.Sprintf("; %s", s.Channels[c])
		for _, x := range v {
			if x != x {
				out += " ."
			} else {
				out += fmt.Sprintf(" %g", x)
			}
		}
	}
	if s.Label != nil {
		out += "; label "
		for _, l := range s.Label {
			out += map[bool]string{true: "1", false: "0"}[l]
		}
	}
	for _, n := range []struct {
		what  string
		count int
	}{{"bad", s.BadRows}, {"out of order", s.OutOfOrder}, {"duplicates", s.Duplicates}, {"merged", s.Merged}} {
		if n.count > 0 {
			out += fmt.Sprintf("; %d %s", n.count, n.what)
		}
	}
	if s.Index {
		out += "; index"
	}
	return out
}

func TestRead(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"seconds", "a.csv", "timestamp,value,label\n600,1,0\n660,2,1\n720,3,0\n", "600/60 from 0; value 1 2 3; label 010"},
		{"milliseconds", "a.csv", "timestamp,value\n1700000040000,1\n1700000100000,2\n", "1.70000004e+09/60 from 0; value 1 2"},
		{"RFC 3339", "a.csv", "timestamp,value\n2024-02-14T01:00:00+01:00,1\n2024-02-14T00:05:00Z,2\n", "1.7078688e+09/300 from 0; value 1 2"},
		{"NAB's stamps", "a.csv", "timestamp,value\n2024-02-14 00:00:00,1\n2024-02-14 00:05:00.000000,2\n", "1.7078688e+09/300 from 0; value 1 2"},
		{"no label column", "a.csv", "timestamp,value\n60,1\n120,2\n", "60/60 from 0; value 1 2"},
		{"empty labels are none", "a.csv", "timestamp,value,label\n60,1,\n120,2,\n", "60/60 from 0; value 1 2"},
		{"labels in words", "a.csv", "timestamp,value,label\n60,1,False\n120,2,TRUE\n180,3,1.0\n240,4,0.0\n", "60/60 from 0; value 1 2 3 4; label 0110"},
		{"header in another order", "a.csv", "\ufeffLabel, b ,Timestamp,a\n1,10,60,1\n0,20,120,2\n", "60/60 from 0; b 10 20; a 1 2; label 10"},
		{"gzip", "a.csv.gz", "timestamp,value\n60,1\n120,2\n", "60/60 from 0; value 1 2"},
		{"gap", "a.csv", "timestamp,value\n60,1\n120,2\n180,3\n360,6\n", "60/60 from 0; value 1 2 3 . . 6"},
		{"missing values", "a.csv", "timestamp,a,b\n60,1,\n120,,NaN\n180,+Inf,3\n", "60/60 from 0; a 1 . .; b . . 3"},
		{"a missing point has no label", "a.csv", "timestamp,value,label\n60,1,0\n120,,1\n180,3,1\n", "60/60 from 0; value 1 . 3; label 001"},
		{"between grid times", "a.csv", "timestamp,value\n61,1\n121,2\n181,3\n", "120/60 from 0; value 1 2 3"},
		{"several rows of a point: the last counts, any label", "a.csv", "timestamp,value,label\n60,1,0\n120,2,0\n130,3,1\n170,4,0\n240,5,0\n300,6,0\n", "60/60 from 0; value 1 2 4 5 6; label 00100; 1 merged"},
		{"no two distances alike: the median, rounded to a usual step", "a.csv", "timestamp,value\n120,1\n178,2\n239,3\n302,4\n359,5\n421,6\n480,7\n", "120/60 from 1; value 1 2 3 . 5 . 7; 2 merged"},
		{"out of order", "a.csv", "timestamp,value\n180,3\n60,1\n120,2\n", "60/60 from 0; value 1 2 3; 2 out of order"},
		{"duplicates: the last in the file counts", "a.csv", "timestamp,value,label\n60,1,1\n120,2,0\n60,7,0\n180,3,0\n", "60/60 from 0; value 7 2 3; label 100; 1 out of order; 1 duplicates"},
		{"index from 0", "a.csv", "timestamp,value\n0,1\n1,2\n3,4\n", "0/60 from 0; value 1 2 . 4; index"},
		{"index from 1", "a.csv", "timestamp,value\n1,1\n2,2\n", "60/60 from 0; value 1 2; index"},
		{"seconds that are no index", "a.csv", "timestamp,value\n5,1\n6,2\n", "5/1 from 0; value 1 2"},
		{"below a second", "a.csv", "timestamp,value\n10.0,1\n10.1,2\n10.2,3\n10.4,5\n", "10/1 from 0; value 1 2 3 . 5"},
		{"one row", "a.csv", "timestamp,value\n90,1\n", "120/60 from 0; value 1"},
		{"other names for the columns", "a.csv", "time,value,is_anomaly\n60,1,0\n120,2,1\n", "60/60 from 0; value 1 2; label 01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := readOne(t, c.file, c.text, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := sketch(s); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if len(s.Problems) > 0 {
				t.Errorf("problems: %v", s.Problems)
			}
		})
	}
}

func TestIndexStep(t *testing.T) {
	const text = "timestamp,value\n0,1\n1,2\n2,3\n"
	s, err := readOne(t, "a.csv", text, Options{IndexStep: 5 * time.Minute})
	if err != nil || s.Step != 300_000 {
		t.Errorf("step %d ms, want the one given: %v", s.Step, err)
	}
	cs, err := Open(write(t, map[string]string{"a.csv": text, manifestName: "file,interval_s\na.csv,30\n"}), Options{IndexStep: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if s, err = cs[0].Files[0].Read(); err != nil || s.Step != 30_000 {
		t.Errorf("step %d ms, want the manifest's: %v", s.Step, err)
	}
}

func TestBadRowsAreNamedAndStopNothing(t *testing.T) {
	s, err := readOne(t, "x/a.csv", `timestamp,cpu,mem,label
60,1,10,0
120,two,20,0
180,3,30,maybe
240,4
yesterday,5,50,0
360,6,60,2
"420",7,7"0,0
480,8,80,1
540,9,90,0
`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Three rows are left: their distances are 420 and 60, the smaller one is the step.
	if got, want := sketch(s), "60/60 from 0; cpu 1 . . . . . . 8 9; mem 10 . . . . . . 80 90; label 000000010; 6 bad"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var got []string
	for _, p := range s.Problems {
		got = append(got, p.Error())
	}
	want := []string{
		`x/a.csv:3: column cpu: "two" is not a number (leave it empty for a missing value)`,
		`x/a.csv:4: column label: "maybe" is no label; write 0 or 1, false or true`,
		`x/a.csv:5: 2 fields, the header has 4`,
		`x/a.csv:6: column timestamp: "yesterday" is no time; write Unix seconds or milliseconds, RFC 3339, or 2014-02-14 14:30:00 (UTC)`,
		`x/a.csv:7: column label: "2" is no label; write 0 or 1, false or true`,
		`x/a.csv:8: bare " in non-quoted-field`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestFarOffRowsAreDropped(t *testing.T) {
	s, err := readOne(t, "a.csv", strings.Replace(minutes(200), "\n", "\n0.001,7\n1700000000,8\n", 1), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `a.csv:3: column timestamp: "1700000000" is far from the other rows, which are from 1970-01-01T00:00:00Z to 1970-01-01T03:29:00Z`
	if s.Points() != 209 || s.BadRows != 1 || s.Problems[0].Error() != want {
		t.Errorf("%d points, %d bad rows, %v", s.Points(), s.BadRows, s.Problems)
	}
	s, err = readOne(t, "a.csv", strings.ReplaceAll(minutes(300), "\n6", "\n17000006"), Options{}) // 600, 660, 6000 and so on are far off
	if err == nil {
		t.Errorf("rows of which a tenth is far off: %s", sketch(s)[:80])
	}
}

func TestProblemsAreCountedBeyondThoseKept(t *testing.T) {
	text := "timestamp,value\n60,1\n" + strings.Repeat("x,1\n", keptProblems+5)
	s, err := readOne(t, "a.csv", text, Options{})
	if err != nil || s.BadRows != keptProblems+5 || len(s.Problems) != keptProblems {
		t.Errorf("%d bad rows, %d kept, %v", s.BadRows, len(s.Problems), err)
	}
}

func TestUnusableFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"no row":       {"a.csv", "timestamp,value\n", "a.csv: it has no usable row"},
		"no good row":  {"a.csv", "timestamp,value\nx,1\n", `a.csv: it has no usable row, the first: a.csv:2: column timestamp: "x" is no time`},
		"no time":      {"a.csv", "when,value\n1,2\n", `a.csv:1: the header is "when,value"; it must have the column timestamp`},
		"no value":     {"a.csv", "timestamp,label\n1,0\n", "at least one value column"},
		"twice":        {"a.csv", "timestamp,a,a\n1,0,0\n", `column 3 of the header is called "a"`},
		"two labels":   {"a.csv", "timestamp,a,label,label\n1,0,0,0\n", "two columns called label"},
		"empty":        {"a.csv", "", "a.csv:1: the file is empty"},
		"far-off rows": {"a.csv", "timestamp,value\n60,1\n120,2\n180,3\n1700000000,4\n1700000060,4\n", "5 rows at steps of 1m0s span 28333335 points"},
	} {
		if _, err := readOne(t, c.file, c.text, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	cs, err := Open(write(t, map[string]string{"b.csv": "timestamp,value\n1,2\n"}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(cs[0].Files[0].path, cs[0].Files[0].path+".gz"); err != nil {
		t.Fatal(err)
	}
	cs[0].Files[0].path += ".gz"
	if _, err := cs[0].Files[0].Read(); err == nil || !strings.Contains(err.Error(), "not a gzip file") {
		t.Errorf("not gzip: %v", err)
	}
}

func TestDamagedGzipKeepsWhatCameBefore(t *testing.T) {
	var text strings.Builder
	text.WriteString("timestamp,value\n")
	for i := range 20_000 {
		fmt.Fprintf(&text, "%d,%d\n", 60*i, i*i%977)
	}
	dir := write(t, map[string]string{"a.csv.gz": text.String()})
	path := filepath.Join(dir, "a.csv.gz")
	raw, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, raw[:len(raw)/2], 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	cs, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := cs[0].Files[0].Read()
	if err != nil {
		t.Fatal(err)
	}
	if s.Points() < 5000 || s.BadRows != 1 || !strings.Contains(s.Problems[0].Error(), "the file ends early") {
		t.Errorf("%d points, %d bad rows, %v", s.Points(), s.BadRows, s.Problems)
	}
}

func TestRowsKnowTheirPoints(t *testing.T) {
	s, err := readOne(t, "a.csv", "timestamp,value\n120, 2\n60,1\n130,3\n180,4\n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Row{{"120", 120_000, 11, true}, {"60", 60_000, 5, true}, {"130", 130_000, 12, true}, {"180", 180_000, 17, true}}
	if s.Step != 10_000 {
		t.Fatalf("step %d", s.Step)
	}
	for i := range want {
		want[i].Point -= 5
	}
	if d := cmp.Diff(want, s.Rows, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestHash(t *testing.T) {
	hash := func(name, text string) [32]byte {
		s, err := readOne(t, name, text, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s.Hash
	}
	const text = "timestamp,value,label\n60,1,0\n120,2,1\n"
	same := hash("a.csv", text)
	for name, other := range map[string]string{
		"z.csv.gz": text, "a.csv": "label,timestamp,value\n1,120,2.0\n0,60,1\n", "b.csv": "timestamp,value,label\n1970-01-01 00:01:00,1,\n120,2,true\n60x,,\n",
	} {
		if hash(name, other) != same {
			t.Errorf("%q has another hash", other)
		}
	}
	for _, other := range []string{
		"timestamp,value\n60,1\n120,2\n", "timestamp,value,label\n60,1,0\n120,2,0\n", "timestamp,value,label\n60,1,0\n120,2.5,1\n",
		"timestamp,value,label\n120,1,0\n180,2,1\n", "timestamp,other,label\n60,1,0\n120,2,1\n", "timestamp,value,label\n60,1,0\n121,2,1\n",
	} {
		if hash("a.csv", other) == same {
			t.Errorf("%q has the same hash", other)
		}
	}
}
