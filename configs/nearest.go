package configs

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest returns the known name that a misspelt one most probably meant, "" where none is near: at most a third of its
// letters differ, case and the sort of dash aside.
func nearest(name string, known []string) string {
	best, bestDist := "", 1<<30
	for _, k := range known {
		d := levenshtein.ComputeDistance(fold(name), fold(k))
		if d < bestDist || d == bestDist && k < best {
			best, bestDist = k, d
		}
	}
	if best == "" || bestDist >= len(best) || bestDist > max(1, (len(best)+2)/3) {
		return ""
	}
	return best
}

func fold(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "_")) }

// didYouMean is the hint beside an unknown name: the nearest one, else all of them.
func didYouMean(name string, known []string) string {
	if n := nearest(name, known); n != "" {
		return "did you mean " + quoted(n) + "?"
	}
	if len(known) == 0 {
		return ""
	}
	ks := slices.Sorted(slices.Values(known))
	return "known are " + strings.Join(ks, ", ")
}

func quoted(s string) string { return `"` + s + `"` }
