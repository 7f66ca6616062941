package notify

import (
	"testing"

	"github.com/tidewatch/tidewatch/alerting"
)

// composed is measured by the benchmark; it is a function of its own so that the compiler optimises it.
func composed(n *alerting.Notice) int {
	return len(compose(n, chartRef{FileID: placeholderFile, Alt: "chart"}, style{}).Blocks)
}

func BenchmarkCompose(b *testing.B) {
	for _, name := range []string{"incident", "storm", "storm-body"} {
		n := notices()[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				composed(n)
			}
		})
	}
}
