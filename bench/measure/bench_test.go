package measure

import "testing"

// The sizes are those of the measured parts of the corpora that the project is judged by.
func BenchmarkMeasure(b *testing.B) {
	for _, c := range []struct {
		name      string
		series, n int
	}{{"7x8784", 7, 9760}, {"15x7200", 15, 8000}, {"7x28000", 7, 31_100}, {"58x6300", 58, 7000}} {
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

func BenchmarkNAB(b *testing.B) {
	files := published(b, nabDir(b), "numenta")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NAB(files, NABProfiles()); err != nil {
			b.Fatal(err)
		}
	}
}
