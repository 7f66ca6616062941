package measure

import "strings"

// interval is the 95 % interval over the files of the normalised score at a threshold.
func (b *board) interval(p NABProfile, threshold float64) (Interval, bool) {
	raw := b.raw(p, threshold)
	windows := make([]int, len(b.files))
	for _, file := range b.window {
		windows[file]++
	}
	v, ok := bootstrap(len(b.files), []string{p.Name}, func(weights []int) []Number {
		sum, n := 0.0, 0
		for k, w := range weights {
			sum += float64(float64(w) * raw[k])
			n += w * windows[k]
		}
		return []Number{p.normalised(sum, n)}
	})[p.Name]
	return v, ok
}

// crossValidated is the mean, and the lowest and highest, of the splits' scores.
func (b *board) crossValidated(p NABProfile) (Number, Interval) {
	windows := b.windows(b.all())
	sum := 0.0
	var extremes Interval
	for k := range NABSplits {
		half := b.half(k)
		score := float64(p.normalised(b.crossed(p, half)+b.crossed(p, negated(half)), windows))
		sum += score
		if k == 0 {
			extremes = Interval{score, score}
		}
		extremes = Interval{min(extremes[0], score), max(extremes[1], score)}
	}
	return Number(sum / NABSplits), extremes
}

// crossed is the raw score of the files not in half at the threshold that is best on half.
func (b *board) crossed(p NABProfile, half []bool) float64 {
	threshold, _ := b.best(p, half)
	sum := 0.0
	for file, raw := range b.raw(p, threshold) {
		if !half[file] {
			sum += raw
		}
	}
	return sum
}

// half is one half of split k: the files of each folder are shuffled and dealt in turn, going on from folder to folder, so that the halves of a
// folder, and those of the corpus, differ by one file at most.
func (b *board) half(k int) []bool {
	random := counter{key: mix(seed ^ mix(uint64(k)))}
	half := make([]bool, len(b.files))
	dealt := 0
	for _, folder := range b.folders() {
		random.shuffle(folder)
		for _, file := range folder {
			half[file] = dealt%2 == 0
			dealt++
		}
	}
	return half
}

// folders are the files of each folder, in the order in which the folders first occur.
func (b *board) folders() [][]int {
	var all [][]int
	place := map[string]int{}
	for file, name := range b.files {
		folder := name[:max(0, strings.LastIndexByte(name, '/'))]
		k, ok := place[folder]
		if !ok {
			k = len(all)
			place[folder], all = k, append(all, nil)
		}
		all[k] = append(all[k], file)
	}
	return all
}

func negated(v []bool) []bool {
	out := make([]bool, len(v))
	for k, yes := range v {
		out[k] = !yes
	}
	return out
}
