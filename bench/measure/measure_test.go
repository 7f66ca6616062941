package measure

import (
	"encoding/json"
	"strings"
	"testing"
)

// corpusOf is a corpus of seeded scores with events and alarms: n points, a mark every so often.
func corpusOf(series, n int) []Series {
	random := counter{key: 1}
	all := make([]Series, series)
	for k := range all {
		s := Series{
			Name: "s", Step: 60_000, From: n / 10, Missing: make([]bool, n), Label: make([]bool, n), Score: make([]float64, n),
			Alarm: make([]bool, n), Page: make([]float64, n), P: make([]float64, n),
		}
		for i := range n {
			s.Missing[i] = random.below(100) == 0
			s.P[i] = float64(random.below(1_000_000)+1) / 1_000_000
			s.Score[i] = float64(random.below(10_000)) / 1000
			if i%2000 >= 1900 {
				s.Label[i] = i%2000 < 1900+10*(1+random.below(9))
				s.Score[i] += float64(random.below(5))
			}
			s.Alarm[i] = s.Score[i] > 9.9
		}
		all[k] = s
	}
	return all
}

func BenchmarkMeasure(b *testing.B) {
	for _, c := range []struct {
		name      string
		series, n int
	}{{"kpi", 7, 17_568}, {"smd", 7, 47_400}, {"nab", 58, 6300}} {
		series := corpusOf(c.series, c.n)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Measure(series); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVUSPR(b *testing.B) {
	series := corpusOf(1, 28_000)
	b.ReportAllocs()
	for b.Loop() {
		VUSPR(&series[0], VUSWindow, VUSHold)
	}
}

func BenchmarkNAB(b *testing.B) {
	files := published(b, nabDir(b), "numenta")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NAB(files, NABProfiles()); err != nil {
			b.Fatal(err)
		}
	}
}

func TestResultJSON(t *testing.T) {
	r, err := Measure(corpusOf(3, 5000))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(string(text))
	for _, key := range []string{"ap", "precision", "recall", "f1", "f1_oracle", "delay_f1", "recall_at", "false_per_series_week", "calibration", "vus_pr"} {
		if !strings.Contains(string(text), `"`+key+`":`) {
			t.Errorf("no key %s in %s", key, text)
		}
	}
}
