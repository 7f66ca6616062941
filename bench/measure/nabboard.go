package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

const (
	probationShare = 0.15
	probationRows  = 750 // 15 % of 5000 rows
)

// nabRow is a row after probation.
type nabRow struct {
	score  float64
	worth  float64 // σ of its position: over σ(-1) in a window, times TP or FP still to come
	file   int32
	window int32 // number of its window in the corpus, or -1
}

// board is a corpus ready to be scored: all rows, the highest score first.
type board struct {
	files  []string
	rows   []nabRow
	window []int32 // the file of each window that has a row
}

func newBoard(files []NABFile) (*board, error) {
	b := &board{files: make([]string, len(files))}
	for k := range files {
		b.files[k] = files[k].Name
		if err := b.enter(&files[k], int32(k)); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(b.rows, func(x, y nabRow) int { return cmp.Compare(y.score, x.score) })
	return b, nil
}

// enter adds the rows of file k.
func (b *board) enter(f *NABFile, k int32) error {
	if err := f.check(); err != nil {
		return err
	}
	windows, err := f.rows()
	if err != nil {
		return err
	}
	probation := min(int(math.Floor(probationShare*float64(len(f.Time)))), probationRows)
	w, entered := 0, -1
	for i, score := range f.Score {
		for w < len(windows) && windows[w].to < i {
			w++
		}
		if i < probation {
			continue
		}
		r := nabRow{score: score, file: k, window: -1}
		switch {
		case w < len(windows) && windows[w].from <= i:
			if entered != w {
				entered = w
				b.window = append(b.window, k)
			}
			r.window = int32(len(b.window) - 1)
			r.worth = windows[w].inside(i)
		case w > 0:
			r.worth = windows[w-1].after(i)
		default:
			r.worth = -1
		}
		b.rows = append(b.rows, r)
	}
	return nil
}

// inside is the worth of row i of the window, at most 1.
func (w span) inside(i int) float64 {
	return sigma(-float64(w.to-i+1)/float64(w.to-w.from+1)) / sigma(-1)
}

// after is the worth of row i after the window. One row long, it has no width to measure by, and the row counts as far from it.
func (w span) after(i int) float64 {
	if w.to == w.from {
		return -1
	}
	return sigma(float64(i-w.to) / float64(w.to-w.from))
}

// rows are the windows as rows of the file: from the first row at or after a window's first time to the first row of its last time or, if there
// is none of that time, the last before a later one. NAB has files whose clock was put back, so rows are looked at one by one.
func (f *NABFile) rows() ([]span, error) {
	windows := make([]span, 0, len(f.Windows))
	for k, w := range f.Windows {
		from := f.index(0, func(at int64) bool { return at >= w[0] })
		to := f.index(from, func(at int64) bool { return at == w[1] })
		if to == len(f.Time) {
			to = f.index(from, func(at int64) bool { return at > w[1] }) - 1
		}
		if from > to {
			return nil, fmt.Errorf("NAB file %q: no row within window %d (%d to %d)", f.Name, k, w[0], w[1])
		}
		if k > 0 && from <= windows[k-1].to {
			return nil, fmt.Errorf("NAB file %q: window %d (%d to %d) begins within the one before; they must ascend and lie apart", f.Name, k, w[0], w[1])
		}
		windows = append(windows, span{from, to})
	}
	return windows, nil
}

// index is the first row from the given one whose time is wanted, or the number of rows.
func (f *NABFile) index(from int, wanted func(int64) bool) int {
	if k := slices.IndexFunc(f.Time[from:], wanted); k >= 0 {
		return from + k
	}
	return len(f.Time)
}

// all says yes to every file.
func (b *board) all() []bool {
	yes := make([]bool, len(b.files))
	for k := range yes {
		yes[k] = true
	}
	return yes
}

// windows is the number of windows in the chosen files.
func (b *board) windows(chosen []bool) int {
	n := 0
	for _, file := range b.window {
		if chosen[file] {
			n++
		}
	}
	return n
}

// best is the threshold with the highest raw score over the chosen files, the highest threshold of equals, and that score. It is +Inf where no
// alarm at all is best. Every score above 0 that occurs is tried: 0 is what a detector says of a point that is nothing to it.
func (b *board) best(p NABProfile, chosen []bool) (threshold, raw float64) {
	worth := make([]float64, len(b.window))
	for w := range worth {
		worth[w] = -p.FN
	}
	sum := -p.FN * float64(b.windows(chosen))
	threshold, raw = math.Inf(1), sum
	for i, r := range b.rows {
		if chosen[r.file] {
			if r.window < 0 {
				sum += float64(p.FP * r.worth)
			} else if v := float64(p.TP * r.worth); v > worth[r.window] {
				sum += v - worth[r.window]
				worth[r.window] = v
			}
		}
		if sum > raw && r.score > 0 && (i+1 == len(b.rows) || b.rows[i+1].score != r.score) {
			threshold, raw = r.score, sum
		}
	}
	return threshold, raw
}

// raw is each file's raw score with every score at or above threshold an alarm.
func (b *board) raw(p NABProfile, threshold float64) []float64 {
	sums := make([]float64, len(b.files))
	worth := make([]float64, len(b.window))
	for w := range worth {
		worth[w] = -p.FN
	}
	for _, r := range b.rows {
		switch {
		case r.score < threshold:
		case r.window < 0:
			sums[r.file] += float64(p.FP * r.worth)
		default:
			worth[r.window] = max(worth[r.window], float64(p.TP*r.worth))
		}
	}
	for w, v := range worth {
		sums[b.window[w]] += v
	}
	return sums
}
