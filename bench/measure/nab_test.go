package measure

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// nabFile is n rows a minute apart with the given scores and windows of rows.
func nabFile(name string, n int, scores map[int]float64, windows ...span) NABFile {
	f := NABFile{Name: name, Time: make([]int64, n), Score: make([]float64, n)}
	for i := range f.Time {
		f.Time[i] = int64(i) * 60_000
		f.Score[i] = scores[i]
	}
	for _, w := range windows {
		f.Windows = append(f.Windows, [2]int64{f.Time[w.from], f.Time[w.to]})
	}
	return f
}

// A file of 40 rows, 6 of them probation, and a window of the 5 rows 20 to 24.
func TestNABByHand(t *testing.T) {
	sig := func(y float64) float64 { return 2/(1+math.Exp(5*y)) - 1 }
	top := sig(-1)
	w := span{20, 24}
	for _, c := range []struct {
		name   string
		scores map[int]float64
		raw    [3]float64 // at threshold 1, by profile: standard, low FP, low FN
	}{
		{"nothing", nil, [3]float64{-1, -1, -2}},
		{"first row", map[int]float64{20: 1}, [3]float64{1, 1, 1}},
		{"last row", map[int]float64{24: 1}, [3]float64{sig(-1.0/5) / top, sig(-1.0/5) / top, sig(-1.0/5) / top}},
		{"the best of a window counts", map[int]float64{22: 1, 23: 2, 24: 3}, [3]float64{sig(-3.0/5) / top, sig(-3.0/5) / top, sig(-3.0/5) / top}},
		{"below the threshold", map[int]float64{20: 0.99}, [3]float64{-1, -1, -2}},
		{"in probation", map[int]float64{5: 1}, [3]float64{-1, -1, -2}},
		{"before the window", map[int]float64{6: 1, 19: 1}, [3]float64{-1 - 0.22, -1 - 0.44, -2 - 0.22}},
		{"right after it", map[int]float64{20: 1, 25: 1}, [3]float64{1 + 0.11*sig(1.0/4), 1 + 0.22*sig(1.0/4), 1 + 0.11*sig(1.0/4)}},
		{"well after it", map[int]float64{20: 1, 36: 1, 39: 1}, [3]float64{1 - 0.22, 1 - 0.44, 1 - 0.22}},
		{"just before that", map[int]float64{20: 1, 35: 1}, [3]float64{1 + 0.11*sig(11.0/4), 1 + 0.22*sig(11.0/4), 1 + 0.11*sig(11.0/4)}},
	} {
		b, err := newBoard([]NABFile{nabFile("x/a.csv", 40, c.scores, w)})
		if err != nil {
			t.Fatal(err)
		}
		for k, p := range NABProfiles() {
			near(t, c.name+", "+p.Name, Number(total(b.raw(p, 1))), c.raw[k])
		}
	}
}

// Probation is 15 % of the rows, rounded down, and 750 at most.
func TestNABProbation(t *testing.T) {
	for n, first := range map[int]int{33: 4, 34: 5, 4999: 749, 5000: 750, 5001: 750, 20_000: 750} {
		for row, want := range map[int]float64{first - 1: 0, first: -0.11} {
			b, err := newBoard([]NABFile{nabFile("x/a.csv", n, map[int]float64{row: 1})})
			if err != nil {
				t.Fatal(err)
			}
			near(t, fmt.Sprintf("alarm at row %d of %d", row, n), Number(total(b.raw(NABProfiles()[0], 1))), want)
		}
	}
}

func TestNABRows(t *testing.T) {
	f := nabFile("x/a.csv", 10, nil)
	f.Time = []int64{0, 10, 20, 30, 40, 20, 30, 40, 50, 60} // the clock is put back
	for _, c := range []struct {
		windows [][2]int64
		want    []span
	}{
		{[][2]int64{{10, 30}}, []span{{1, 3}}},
		{[][2]int64{{5, 35}}, []span{{1, 3}}},
		{[][2]int64{{0, 10}, {40, 60}}, []span{{0, 1}, {4, 9}}},
		{[][2]int64{{0, 1000}}, []span{{0, 9}}},
	} {
		f.Windows = c.windows
		if got, err := f.rows(); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("windows %v are rows %v, %v, want %v", c.windows, got, err, c.want)
		}
	}
}

func TestNABErrors(t *testing.T) {
	for want, spoil := range map[string]func(*NABFile){
		`NAB file "x/b.csv": no row within window 1 (1 to 2)`:               func(f *NABFile) { f.Windows = [][2]int64{{0, 0}, {1, 2}} },
		`NAB file "x/b.csv": no row within window 0 (9000000 to 9000001)`:   func(f *NABFile) { f.Windows = [][2]int64{{9_000_000, 9_000_001}} },
		`window 1 (60000 to 240000) begins within the one before`:           func(f *NABFile) { f.Windows = [][2]int64{{0, 60_000}, {60_000, 240_000}} },
		`NAB file "x/b.csv": 40 times and 39 scores`:                        func(f *NABFile) { f.Score = f.Score[:39] },
		`NAB file "x/b.csv": score of row 3 is NaN; it must be finite`:      func(f *NABFile) { f.Score[3] = math.NaN() },
		`NAB file "x/b.csv": score of row 30 is +Inf; it must be finite`:    func(f *NABFile) { f.Score[30] = math.Inf(1) },
		`NAB file "x/b.csv": no row within window 0 (120000 to 60000)`:      func(f *NABFile) { f.Windows = [][2]int64{{120_000, 60_000}} },
		`NAB file "x/b.csv": no row within window 0 (-9000000 to -8000000)`: func(f *NABFile) { f.Windows = [][2]int64{{-9_000_000, -8_000_000}} },
	} {
		bad := nabFile("x/b.csv", 40, nil)
		spoil(&bad)
		_, err := NAB([]NABFile{nabFile("x/a.csv", 40, nil), bad}, NABProfiles())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// Two files with a window each. Scores: 5 finds one window at its first row, 3 is false, 2 finds the other at its first row.
func TestNABThreshold(t *testing.T) {
	files := []NABFile{
		nabFile("x/a.csv", 40, map[int]float64{20: 5}, span{20, 24}),
		nabFile("y/b.csv", 40, map[int]float64{10: 3, 30: 2}, span{30, 34}),
	}
	r, err := NAB(files, NABProfiles())
	if err != nil {
		t.Fatal(err)
	}
	if r.Files != 2 || r.Windows != 2 {
		t.Errorf("%d files, %d windows", r.Files, r.Windows)
	}
	// raw 2 - 0.11 of 2, null -2: 100·3.89/4; with FP 0.22: 100·3.78/4; with FN 2, null -4: 100·5.89/6.
	near(t, "standard", r.Score["standard"], 100*3.89/4)
	near(t, "low FP", r.Score["reward_low_FP_rate"], 100*3.78/4)
	near(t, "low FN", r.Score["reward_low_FN_rate"], 100*5.89/6)
	near(t, "threshold", r.Thresholds["standard"], 2)
	near(t, "every score above 0 an alarm", r.Fixed["standard"], 100*3.89/4)
	// The halves are one file each. a's best threshold is 5, which misses b's window: -1. b's is 2, at which a is perfect: 1. 100·(0 + 2)/4.
	near(t, "cross-validated", r.CV["standard"], 50)
	if r.CVRange["standard"] != (Interval{50, 50}) {
		t.Errorf("range of splits %v", r.CVRange["standard"])
	}
	// Of resamples a+a 100, a+b 97.25, b+b 94.5.
	if v := r.Intervals["standard"]; math.Abs(v[0]-94.5) > 1e-9 || math.Abs(v[1]-100) > 1e-9 {
		t.Errorf("interval %v", v)
	}
}

// Where every alarm costs more than it gains, none is best: score 0 and no threshold.
func TestNABSilent(t *testing.T) {
	scores := map[int]float64{}
	for i := range 40 {
		scores[i] = 1
	}
	r, err := NAB([]NABFile{nabFile("x/a.csv", 40, scores, span{38, 39})}, []NABProfile{{Name: "harsh", TP: 1, FN: 1, FP: 9}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "score", r.Score["harsh"], 0)
	if text := asJSON(t, r); !strings.Contains(text, `"nab_thresholds":{"harsh":null}`) || !strings.Contains(text, `"nab_cv":{}`) {
		t.Errorf("%s", text)
	}
	if r, err = NAB(nil, NABProfiles()); err != nil || r.Score["standard"].Exists() {
		t.Errorf("of no files: %+v, %v", r, err)
	}
}

// A split parts each folder, and the corpus, evenly; no two splits are alike; the same number gives the same split.
func TestNABHalves(t *testing.T) {
	var files []NABFile
	sizes := map[string]int{"a": 5, "b": 6, "c": 17, "d": 1, "e": 1}
	for _, folder := range []string{"a", "b", "c", "d", "e"} {
		for k := range sizes[folder] {
			files = append(files, nabFile(fmt.Sprintf("%s/%d.csv", folder, k), 10, nil))
		}
	}
	b, err := newBoard(files)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for k := range NABSplits {
		half := b.half(k)
		count, whole := map[string]int{}, 0
		for file, in := range half {
			if in {
				count[b.files[file][:1]]++
				whole++
			}
		}
		for folder, n := range sizes {
			if d := 2*count[folder] - n; d < -1 || d > 1 {
				t.Errorf("split %d: %d of the %d files of %s", k, count[folder], n, folder)
			}
		}
		if whole != len(files)/2 {
			t.Errorf("split %d: %d of %d files", k, whole, len(files))
		}
		if !slices.Equal(half, b.half(k)) {
			t.Errorf("split %d differs from itself", k)
		}
		seen[fmt.Sprint(half)] = true
	}
	if len(seen) != NABSplits {
		t.Errorf("%d splits differ", len(seen))
	}
}

// TestNABNothingIsNoAlarm: a detector that says 0 of every row has not alarmed, though alarming on all rows of so short a file would pay.
func TestNABNothingIsNoAlarm(t *testing.T) {
	r, err := NAB([]NABFile{nabFile("x/a.csv", 8, nil, span{4, 7})}, NABProfiles())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range NABProfiles() {
		if got := r.Score[p.Name]; got != 0 {
			t.Errorf("%s: score %v at threshold %v, want 0", p.Name, got, r.Thresholds[p.Name])
		}
	}
}
