package baseline

import "testing"

// BenchmarkPoint is the cost of one value: a point with one row, of the multivariate ones the 38th part of a point with 38.
// The inputs are two weeks of a metric.
func BenchmarkPoint(b *testing.B) {
	for _, s := range All() {
		b.Run(s.Name, func(b *testing.B) {
			rows := 1
			if s.Multivariate {
				rows = 38
			}
			inputs := make([][]float64, 14*aDay)
			for k := range inputs {
				inputs[k] = metric(int64(k), rows)
			}
			d := newDriver(b, s, rows)
			next := func() {
				x := inputs[d.k%int64(len(inputs))]
				d.look(x)
				d.learn(x)
			}
			for range 10 * aDay {
				next()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for k := 0; k < b.N; k += rows {
				next()
			}
		})
	}
}
