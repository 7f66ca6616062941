package measure

import (
	"cmp"
	"slices"
)

// scored is one measured point of a corpus.
type scored struct {
	score      float64
	series, at int32
}

// ranking is every measured point, the highest score first.
func ranking(series []*Series) []scored {
	n := 0
	for _, s := range series {
		n += s.points()
	}
	all := make([]scored, 0, n)
	for k, s := range series {
		for i := s.From; i < len(s.Score); i++ {
			if s.measured(i) {
				all = append(all, scored{s.Score[i], int32(k), int32(i)})
			}
		}
	}
	slices.SortFunc(all, func(a, b scored) int {
		if c := cmp.Compare(b.score, a.score); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.series, b.series), cmp.Compare(a.at, b.at))
	})
	return all
}

// sweep lowers one threshold for all series over every value that Score takes, exactly: an alarm is Score >= threshold. After each it calls
// visit with the tally of the corpus and the number of points alarmed; judges[k].tally is that of series k.
func sweep(series []*Series, visit func(threshold float64, total tally, judges []*judge)) {
	judges := make([]*judge, len(series))
	for k, s := range series {
		judges[k] = newJudge(s)
	}
	var total tally
	points := ranking(series)
	for i, p := range points {
		total.add(judges[p.series].alarm(int(p.at)), 1)
		if i+1 == len(points) || points[i+1].score != p.score {
			visit(p.score, total, judges)
		}
	}
}
