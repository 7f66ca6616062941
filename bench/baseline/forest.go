package baseline

import (
	"math"

	"github.com/tidewatch/tidewatch/models"
)

const (
	shingle       = 8 // neighbouring values that are judged together
	forestTrees   = 100
	forestSample  = 256
	reservoirSize = 2048
)

var forestSpec = univariate("iforest", "Isolation forest of 100 trees of 256 shingles of 8 raw values, renewed over a week.",
	func(c models.Config, row int) (judge, int) {
		warm := max(forestSample+shingle, warmUp(c))
		return &forest{
			random: counter{key: mix(c.Seed) ^ mix(uint64(row)+0x666f72657374)},
			every:  max(1, points(c, week)/forestTrees),
			warm:   warm,
		}, warm
	})

// forest is an isolation forest (Liu, Ting & Zhou 2008) over a uniform reservoir of all shingles so far (Vitter 1985). It is
// grown when the warm-up is over; from then on its oldest tree is grown anew every so often.
type forest struct {
	random      counter
	every, warm int
	last        [shingle]float64 // the last values, oldest first; a gap is closed
	seen        int              // values
	reservoir   [][shingle]float64
	trees       [forestTrees]tree
	oldest      int
}

func (f *forest) score(_ int64, x float64) float64 {
	v := shifted(f.last, x)
	sum := 0.0
	for i := range f.trees {
		sum += f.trees[i].path(&v)
	}
	return math.Exp2(-sum / forestTrees / averagePath[forestSample])
}

func shifted(v [shingle]float64, x float64) [shingle]float64 {
	copy(v[:], v[1:])
	v[shingle-1] = x
	return v
}

func (f *forest) learn(_ int64, x float64) {
	if math.IsNaN(x) {
		return
	}
	f.last = shifted(f.last, x)
	f.seen++
	if f.seen < shingle {
		return
	}
	if len(f.reservoir) < reservoirSize {
		f.reservoir = append(f.reservoir, f.last)
	} else if i := f.random.below(f.seen - shingle + 1); i < reservoirSize {
		f.reservoir[i] = f.last
	}
	switch {
	case f.seen == f.warm:
		for i := range f.trees {
			f.regrow(i)
		}
	case f.seen > f.warm && f.seen%f.every == 0:
		f.regrow(f.oldest)
		f.oldest = (f.oldest + 1) % forestTrees
	}
}

// regrow draws a sample without replacement, by the first steps of a Fisher-Yates shuffle of the reservoir, whose order means
// nothing, and grows tree i of it.
func (f *forest) regrow(i int) {
	for k := range forestSample {
		o := k + f.random.below(len(f.reservoir)-k)
		f.reservoir[k], f.reservoir[o] = f.reservoir[o], f.reservoir[k]
	}
	f.trees[i].grow(f.reservoir[:forestSample], &f.random)
}
