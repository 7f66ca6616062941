package bench

import (
	"fmt"
	"strings"

	"github.com/tidewatch/tidewatch/bench/corpus"
	"github.com/tidewatch/tidewatch/bench/measure"
)

// nabFile is what NAB's scorer takes: the page scores row by row. Of rows that share a grid point the last has its score, the others
// were not judged and have none.
func nabFile(s *corpus.Series, page []float64) measure.NABFile {
	f := measure.NABFile{Name: nabName(s.Name), Windows: s.Windows}
	for _, row := range s.Rows {
		score := 0.0
		if row.Last {
			score = page[row.Point]
		}
		f.Time, f.Score = append(f.Time, row.T), append(f.Score, score)
	}
	return f
}

// nabName is group/file.csv of a path that may have more in front.
func nabName(path string) string {
	parts := strings.Split(path, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

// nab scores a detector's judgement of a corpus in NAB's layout as NAB does.
func nab(results []*result, d int) (*measure.NABResult, error) {
	var files []measure.NABFile
	for _, r := range results {
		files = append(files, nabFile(r.series, r.judged[d].Page))
	}
	res, err := measure.NAB(files, measure.NABProfiles())
	if err != nil {
		return nil, fmt.Errorf("NAB's score: %w", err)
	}
	return &res, nil
}
