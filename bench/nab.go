package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
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

// nabProfiles are NAB's three, with the weights that the corpus's config/profiles.json gives them, and whatever others are in there.
func nabProfiles(dir string) ([]measure.NABProfile, error) {
	out := measure.NABProfiles()
	path := filepath.Join(dir, "config", "profiles.json")
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	var given map[string]struct {
		CostMatrix struct {
			TP float64 `json:"tpWeight"`
			FN float64 `json:"fnWeight"`
			FP float64 `json:"fpWeight"`
		} `json:"CostMatrix"`
	}
	if err == nil {
		err = json.Unmarshal(raw, &given)
	}
	if err != nil {
		return nil, fmt.Errorf("reading NAB's profiles %s: %w", path, err)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		w := given[name].CostMatrix
		p := measure.NABProfile{Name: name, TP: w.TP, FN: w.FN, FP: w.FP}
		if !(w.TP > 0 && w.FN > 0 && w.FP > 0) {
			return nil, fmt.Errorf("reading NAB's profiles %s: the weights of %s must be above 0, they are %+v", path, name, w)
		}
		if i := slices.IndexFunc(out, func(q measure.NABProfile) bool { return q.Name == name }); i >= 0 {
			out[i] = p
		} else {
			out = append(out, p)
		}
	}
	return out, nil
}

// nab scores a detector's judgement of a corpus in NAB's layout as NAB does.
func nab(c corpus.Corpus, results []*result, d int) (*measure.NABResult, error) {
	profiles, err := nabProfiles(c.Dir)
	if err != nil {
		return nil, err
	}
	var files []measure.NABFile
	for _, r := range results {
		files = append(files, nabFile(r.series, r.judged[d].Page))
	}
	res, err := measure.NAB(files, profiles)
	if err != nil {
		return nil, fmt.Errorf("NAB's score: %w", err)
	}
	return &res, nil
}
