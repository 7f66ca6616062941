package corpus

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Series is one file on its grid: a point at grid time t holds the last sample in (t-Step, t], as production reads CSV files. All
// slices that are not said to be of rows have one entry for each point.
type Series struct {
	Name     string
	Channels []string
	Start    int64       // Unix milliseconds of the first point, a multiple of Step
	Step     int64       // milliseconds, at least 1000
	Values   [][]float64 // by channel; NaN where there is no sample
	Missing  []bool      // no channel has a sample
	Label    []bool      // a row of the point is labelled; nil: the file has no labels
	From     int         // first point that is measured: those before are training
	Rows     []Row       // usable rows in the file's order
	Windows  [][2]int64  // NAB's: first and last time of each, ascending

	BadRows    int       // left out
	Problems   []Problem // the first of them
	OutOfOrder int       // rows that stood after a later one
	Duplicates int       // rows whose time a later row has: that one's values count
	Merged     int       // rows whose point has a later sample
	Index      bool      // the time stamps only counted 0, 1, 2, …
	Hash       [32]byte  // SHA-256 of the content, see hash.go
}

// Row is where a row of the file went.
type Row struct {
	Stamp string // as it is written in the file
	T     int64  // what it says, Unix milliseconds
	Point int
	Last  bool // of its point: the others were not judged
}

// Points is the length of the grid.
func (s *Series) Points() int { return len(s.Missing) }

// Read reads the file and lays it on its grid. An error means that nothing of the file can be used.
func (f *File) Read() (*Series, error) {
	t, err := f.readTable()
	if err != nil {
		return nil, err
	}
	t.dropFarOff()
	if len(t.records) == 0 {
		err := errors.New("it has no usable row")
		if len(t.problems) > 0 {
			err = fmt.Errorf("%w, the first: %w", err, t.problems[0])
		}
		return nil, Problem{File: f.Name, Err: err}
	}
	s := &Series{Name: f.Name, Channels: t.names, Windows: f.windows, BadRows: t.bad, Problems: t.problems}
	order := s.sort(t.records)
	times := s.times(f, t.records, order)
	if err := s.lay(t, order, times); err != nil {
		return nil, Problem{File: f.Name, Err: err}
	}
	s.label(f, t, order)
	s.train(f, t, order)
	s.Hash = s.hash()
	return s, nil
}

// sort gives the order of the records by time; of equal times the last in the file is last.
func (s *Series) sort(records []record) []int {
	order := make([]int, len(records))
	newest := int64(math.MinInt64)
	for i := range records {
		order[i] = i
		if records[i].t < newest {
			s.OutOfOrder++
		}
		newest = max(newest, records[i].t)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(records[a].t, records[b].t) })
	return order
}

// times decides the step and gives the time of each record, in their sorted order. Steps below a second are stretched to one,
// and an index is multiplied by the step that is taken for it: the engine's grid has whole seconds or more.
func (s *Series) times(f *File, records []record, order []int) []int64 {
	ts := make([]int64, len(order))
	for i, k := range order {
		ts[i] = records[k].t
	}
	step := stepOf(ts)
	switch first := ts[0]; {
	case step == 1000 && (first == 0 || first == 1000) && len(ts) > 1:
		s.Index, s.Step = true, f.indexStep.Milliseconds()
		if f.interval >= time.Second {
			s.Step = f.interval.Milliseconds()
		}
		for i := range ts {
			ts[i] = ts[i] / 1000 * s.Step
		}
	case step < 1000:
		s.Step = 1000
		for i := range ts {
			ts[i] = first + (ts[i]-first)*1000/step
		}
	default:
		s.Step = step
	}
	return ts
}

// lay puts the values on the grid.
func (s *Series) lay(t *table, order []int, times []int64) error {
	s.Start = ceilTo(times[0], s.Step)
	n := (ceilTo(times[len(times)-1], s.Step)-s.Start)/s.Step + 1
	if most := mostPoints(len(times), len(s.Channels)); n > most {
		return fmt.Errorf("%d rows at steps of %s span %d points, more than %d: are time stamps far off?", len(times), time.Duration(s.Step)*time.Millisecond, n, most)
	}
	s.Missing = make([]bool, n)
	for i := range s.Missing {
		s.Missing[i] = true
	}
	s.Values = make([][]float64, len(s.Channels))
	for c := range s.Values {
		s.Values[c] = make([]float64, n)
		for i := range s.Values[c] {
			s.Values[c][i] = math.NaN()
		}
	}
	s.Rows = make([]Row, len(t.records))
	for i, k := range order {
		p := int((ceilTo(times[i], s.Step) - s.Start) / s.Step)
		row := Row{Stamp: t.records[k].stamp, T: t.records[k].t, Point: p, Last: true}
		if i+1 < len(order) {
			row.Last = ceilTo(times[i+1], s.Step) != ceilTo(times[i], s.Step)
			if !row.Last && times[i] == times[i+1] {
				s.Duplicates++
			} else if !row.Last {
				s.Merged++
			}
		}
		s.Rows[k] = row
		for c, x := range t.records[k].x {
			if !math.IsNaN(x) {
				s.Values[c][p], s.Missing[p] = x, false
			}
		}
	}
	return nil
}

// ceilTo is the smallest multiple of step at or after t.
func ceilTo(t, step int64) int64 {
	if r := ((t % step) + step) % step; r != 0 {
		return t + step - r
	}
	return t
}
