package models

import (
	"testing"
	"unsafe"
)

// BenchmarkForestScore drops one vector through a forest of 100 trees.
func BenchmarkForestScore(b *testing.B) {
	c := newCounter(4)
	samples := make([]float64, 4096*features)
	for i := range samples {
		samples[i] = c.unit() + c.unit() + c.unit()
	}
	f := buildForest(1, samples).(*forest)
	vectors := make([][features]float32, 1024)
	for i := range vectors {
		for k := range features {
			vectors[i][k] = float32(c.unit() * 3)
		}
	}
	sum := 0.0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		sum += f.shortfall(&vectors[i%len(vectors)])
	}
	b.ReportMetric(float64(len(f.trees)*int(unsafe.Sizeof(f.trees[0]))), "B/forest")
	_ = sum
}
